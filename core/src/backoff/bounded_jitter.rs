//! Jitter down to a bound.
//!
//! `Jitter::Bounded` of retry-policies, which draws between half its minimum and
//! the delay; here the lower end is named.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::Entropy;

/// Uniform over `min..=delay`; made by [`BackoffStrategy::bounded_jitter`].
///
/// A delay shorter than `min` is `min`.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Constant};
/// use forbear_core::{Retry, SplitMix64};
///
/// let backoff = Constant::new(Duration::from_secs(10)).bounded_jitter(Duration::from_secs(2));
/// let delay = backoff.delay(&Retry::nth(1), &mut SplitMix64::new(4));
/// assert!((2..=10).contains(&delay.as_secs()));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BoundedJitter<B> {
    inner: B,
    min: Duration,
}

impl<B> BoundedJitter<B> {
    pub(super) const fn new(inner: B, min: Duration) -> Self {
        Self { inner, min }
    }
}

impl<B: BackoffStrategy> BackoffStrategy for BoundedJitter<B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        let limits = self.limits(retry);
        let delay = limits.fit(self.inner.delay(retry, entropy));
        limits.draw(entropy, delay, delay, Duration::ZERO)
    }

    fn is_jittered(&self) -> bool {
        true
    }

    fn limits(&self, retry: &Retry) -> Limits {
        let Limits { min, max } = self.inner.limits(retry);
        Limits { min: min.max(self.min), max: max.max(self.min) }
    }
}
