//! Jitter by a fixed time.
//!
//! `wait_exponential_jitter` of tenacity adds up to a second; `withJitter(Duration)`
//! of failsafe adds or takes away.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::Entropy;

/// Uniform over `delay - spread..=delay + spread`, or only above the delay; made
/// by [`BackoffStrategy::absolute_jitter`] and
/// [`BackoffStrategy::additive_jitter`].
///
/// A delay shorter than the spread begins at 0. At the cap the range is moved
/// below it, so that callers stay spread out.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Constant};
/// use forbear_core::{Retry, SplitMix64};
///
/// let (second, spread) = (Duration::from_secs(1), Duration::from_millis(250));
/// let backoff = Constant::new(second).additive_jitter(spread);
/// let delay = backoff.delay(&Retry::nth(1), &mut SplitMix64::new(2));
/// assert!((1000..=1250).contains(&delay.as_millis()));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AbsoluteJitter<B> {
    inner: B,
    below: Duration,
    above: Duration,
}

impl<B> AbsoluteJitter<B> {
    pub(super) const fn new(inner: B, spread: Duration) -> Self {
        Self { inner, below: spread, above: spread }
    }

    pub(super) const fn additive(inner: B, max: Duration) -> Self {
        Self { inner, below: Duration::ZERO, above: max }
    }
}

impl<B: BackoffStrategy> BackoffStrategy for AbsoluteJitter<B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        let delay = self.inner.delay(retry, entropy);
        self.limits(retry).draw(entropy, delay, self.below, self.above)
    }

    fn is_jittered(&self) -> bool {
        true
    }

    fn limits(&self, retry: &Retry) -> Limits {
        self.inner.limits(retry)
    }
}
