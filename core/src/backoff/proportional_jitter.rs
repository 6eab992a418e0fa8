//! Jitter by a share of the delay.
//!
//! The randomization factor of Google's HTTP client and its descendants
//! (cenkalti/backoff, resilience4j, failsafe); ±25 % in Polly.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Ratio, Retry};
use crate::Entropy;

/// Uniform over `delay * (1 - ratio)..=delay * (1 + ratio)`, or only above the
/// delay; made by [`BackoffStrategy::proportional_jitter`] and
/// [`BackoffStrategy::upward_jitter`].
///
/// The share is rounded down. At the cap the range is moved below it, so that
/// callers stay spread out.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Constant, Ratio};
/// use forbear_core::{Retry, SplitMix64};
///
/// let backoff = Constant::new(Duration::from_millis(100)).proportional_jitter(Ratio::HALF);
/// let delay = backoff.delay(&Retry::nth(1), &mut SplitMix64::new(9));
/// assert!((50..=150).contains(&delay.as_millis()));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProportionalJitter<B> {
    inner: B,
    ratio: Ratio,
    downward: bool,
}

impl<B> ProportionalJitter<B> {
    pub(super) const fn new(inner: B, ratio: Ratio) -> Self {
        Self { inner, ratio, downward: true }
    }

    pub(super) const fn upward(inner: B, ratio: Ratio) -> Self {
        Self { inner, ratio, downward: false }
    }
}

impl<B: BackoffStrategy> BackoffStrategy for ProportionalJitter<B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        let delay = self.inner.delay(retry, entropy);
        let share = self.ratio.of(delay);
        let below = if self.downward { share } else { Duration::ZERO };
        self.limits(retry).draw(entropy, delay, below, share)
    }

    fn is_jittered(&self) -> bool {
        true
    }

    fn limits(&self, retry: &Retry) -> Limits {
        self.inner.limits(retry)
    }
}
