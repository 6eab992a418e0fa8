//! Delays that shrink.
//!
//! `decay` of litl/backoff: patient at first, for a server that is known to be
//! slow to start, then ever more eager.

use core::time::Duration;

use super::exp::decayed;
use super::{BackoffStrategy, Retry};
use crate::text::Decimal;
use crate::time::nanos;
use crate::{Entropy, InvalidConfig};

/// `base * e^(-rate * (number - 1))`: `base` before the first retry.
///
/// Rounded to the nearest nanosecond; it ends at 0, so give it a floor with
/// [`at_least`](BackoffStrategy::at_least).
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, ExponentialDecay};
/// use forbear_core::{Retry, SplitMix64};
///
/// let backoff = ExponentialDecay::new(Duration::from_secs(100), 1.0).unwrap();
/// let second = backoff.delay(&Retry::nth(2), &mut SplitMix64::new(0));
/// assert_eq!(second, Duration::from_nanos(36_787_944_117));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ExponentialDecay {
    base_ns: u64,
    rate: Decimal,
}

impl ExponentialDecay {
    /// Starts at `base` and shrinks by `e^rate` a step.
    ///
    /// `rate` is read as a decimal of up to nine places.
    ///
    /// # Errors
    ///
    /// If `rate` is negative, not a number, or 9e9 or more.
    pub fn new(base: Duration, rate: f64) -> Result<Self, InvalidConfig> {
        let invalid = || InvalidConfig::new("rate", rate, "a number from 0 to below 9e9");
        let rate = Decimal::from_f64(rate).ok_or_else(invalid)?;
        Ok(Self { base_ns: nanos(base), rate })
    }
}

impl BackoffStrategy for ExponentialDecay {
    fn delay(&self, retry: &Retry, _: &mut dyn Entropy) -> Duration {
        let steps = u128::from(retry.number.get() - 1);
        let numerator = steps * u128::from(self.rate.digits);
        Duration::from_nanos(decayed(self.base_ns, numerator, self.rate.denominator()))
    }
}
