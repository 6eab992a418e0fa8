//! Delays that grow as a power of the retry number.
//!
//! Sidekiq waits `n^4` seconds and some
//! (<https://github.com/sidekiq/sidekiq/wiki/Error-Handling>): slow at first, and
//! never as steep as an exponential.

use core::time::Duration;

use super::{BackoffStrategy, Retry};
use crate::Entropy;
use crate::time::nanos;

/// `base * number^exponent`: `base` before the first retry.
///
/// Saturates at 584 years. An exponent of 0 is [`Constant`](super::Constant), of
/// 1 [`Linear`](super::Linear).
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Polynomial};
/// use forbear_core::{Retry, SplitMix64};
///
/// let squares = Polynomial::new(Duration::from_millis(100), 2);
/// let third = squares.delay(&Retry::nth(3), &mut SplitMix64::new(0));
/// assert_eq!(third, Duration::from_millis(900));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Polynomial {
    base_ns: u64,
    exponent: u32,
}

impl Polynomial {
    /// `base` times the retry number to the power of `exponent`.
    #[must_use]
    pub const fn new(base: Duration, exponent: u32) -> Self {
        Self { base_ns: nanos(base), exponent }
    }
}

impl BackoffStrategy for Polynomial {
    fn delay(&self, retry: &Retry, _: &mut dyn Entropy) -> Duration {
        let power = u64::from(retry.number.get()).saturating_pow(self.exponent);
        Duration::from_nanos(self.base_ns.saturating_mul(power))
    }
}
