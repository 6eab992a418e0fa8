//! Delays drawn from one range.
//!
//! `wait_random` of tenacity. It spreads callers but does not back off: under
//! load that lasts, prefer a schedule that grows.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::entropy::uniform;
use crate::text::format_duration;
use crate::{Entropy, InvalidConfig};

/// Uniform over `min..=max`, whatever the retry.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Uniform};
/// use forbear_core::{Retry, SplitMix64};
///
/// let backoff = Uniform::new(Duration::from_secs(1), Duration::from_secs(20)).unwrap();
/// let delay = backoff.delay(&Retry::nth(1), &mut SplitMix64::new(5));
/// assert!((1..=20).contains(&delay.as_secs()));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Uniform(Limits);

impl Uniform {
    /// From `min` to `max`, both included.
    ///
    /// # Errors
    ///
    /// If `min` is not below `max`.
    pub fn new(min: Duration, max: Duration) -> Result<Self, InvalidConfig> {
        if min >= max {
            return Err(InvalidConfig::new("min", format_duration(min), "shorter than max"));
        }
        Ok(Self(Limits { min, max }))
    }
}

impl BackoffStrategy for Uniform {
    fn delay(&self, _: &Retry, entropy: &mut dyn Entropy) -> Duration {
        uniform(entropy, self.0.min, self.0.max)
    }

    fn is_jittered(&self) -> bool {
        true
    }

    fn limits(&self, _: &Retry) -> Limits {
        self.0
    }
}
