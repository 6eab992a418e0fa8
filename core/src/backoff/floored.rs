//! A shortest delay.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::Entropy;

/// Never shorter than a minimum; made by [`BackoffStrategy::at_least`].
///
/// Inside a jitter, the jitter keeps to it too. Outside, a draw below it is
/// raised to it.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Exponential};
/// use forbear_core::{Retry, SplitMix64};
///
/// let second = Duration::from_secs(1);
/// let backoff = Exponential::new(second).at_least(3 * second);
/// let mut entropy = SplitMix64::new(0);
/// let delays = [1, 2, 3].map(|number| backoff.delay(&Retry::nth(number), &mut entropy));
/// assert_eq!(delays, [3 * second, 3 * second, 4 * second]);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Floored<B> {
    inner: B,
    min: Duration,
}

impl<B> Floored<B> {
    pub(super) const fn new(inner: B, min: Duration) -> Self {
        Self { inner, min }
    }
}

impl<B: BackoffStrategy> BackoffStrategy for Floored<B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        self.inner.delay(retry, entropy).max(self.min)
    }

    fn is_jittered(&self) -> bool {
        self.inner.is_jittered()
    }

    fn limits(&self, retry: &Retry) -> Limits {
        let Limits { min, max } = self.inner.limits(retry);
        Limits { min: min.max(self.min), max: max.max(self.min) }
    }
}
