//! Decorrelated jitter.
//!
//! Named in Brooker, "Exponential Backoff And Jitter", AWS 2015,
//! <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.
//! The article draws first and cuts at the cap then, which puts up to two thirds
//! of the draws on the cap itself. Here the range is cut instead, so that
//! callers stay spread out however long the outage. The article's form is
//! [`capped_at`](BackoffStrategy::capped_at) around one without a maximum of its own.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::entropy::uniform;
use crate::{Entropy, InvalidConfig};

/// Uniform over `base..=3 * previous`, the range cut at `max`.
///
/// The first delay counts `base` as the previous one.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, DecorrelatedJitter};
/// use forbear_core::{Retry, SplitMix64};
///
/// let (base, max) = (Duration::from_millis(100), Duration::from_secs(10));
/// let backoff = DecorrelatedJitter::new(base, max).unwrap();
/// let first = backoff.delay(&Retry::nth(1), &mut SplitMix64::new(1));
/// assert!(base <= first && first <= 3 * base);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DecorrelatedJitter {
    base: Duration,
    max: Duration,
}

impl DecorrelatedJitter {
    /// Never below `base`, never above `max`.
    ///
    /// # Errors
    ///
    /// If `base` is 0 or above `max`.
    pub fn new(base: Duration, max: Duration) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_no_time("base", base)?;
        if base > max {
            let text = crate::text::format_duration(base);
            return Err(InvalidConfig::new("base", text, "no longer than max"));
        }
        Ok(Self { base, max })
    }
}

impl BackoffStrategy for DecorrelatedJitter {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        let previous = retry.previous_delay.unwrap_or(self.base);
        uniform(entropy, self.base, previous.saturating_mul(3).min(self.max))
    }

    fn is_jittered(&self) -> bool {
        true
    }

    fn limits(&self, _: &Retry) -> Limits {
        Limits { min: self.base, max: self.max }
    }
}
