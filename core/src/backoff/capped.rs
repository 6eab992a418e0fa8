//! A longest delay.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::Entropy;

/// Never longer than a maximum; made by [`BackoffStrategy::capped_at`].
///
/// Cap first and jitter then: the jitter draws below the cap. The other way
/// round, every delay that was drawn above the cap is the cap, and callers meet
/// again.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Exponential};
/// use forbear_core::{Retry, SplitMix64};
///
/// let second = Duration::from_secs(1);
/// let backoff = Exponential::new(second).capped_at(5 * second);
/// let mut entropy = SplitMix64::new(0);
/// let delays = [1, 2, 3, 4].map(|number| backoff.delay(&Retry::nth(number), &mut entropy));
/// assert_eq!(delays, [second, 2 * second, 4 * second, 5 * second]);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Capped<B> {
    inner: B,
    max: Duration,
}

impl<B> Capped<B> {
    pub(super) const fn new(inner: B, max: Duration) -> Self {
        Self { inner, max }
    }
}

impl<B: BackoffStrategy> BackoffStrategy for Capped<B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        self.inner.delay(retry, entropy).min(self.max)
    }

    fn is_jittered(&self) -> bool {
        self.inner.is_jittered()
    }

    fn limits(&self, retry: &Retry) -> Limits {
        let Limits { min, max } = self.inner.limits(retry);
        Limits { min: min.min(self.max), max: max.min(self.max) }
    }
}
