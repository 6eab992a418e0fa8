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
/// The share is rounded down. Under a cap the range stops growing when its upper
/// end is at the cap: 60 s and a quarter either way end at 36 to 60 s, and callers
/// stay spread out.
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
        let limits = self.limits(retry);
        let mut delay = self.inner.delay(retry, entropy);
        if limits.max < Duration::MAX {
            delay = delay.min(self.ratio.below(limits.max));
        }
        let share = self.ratio.of(delay);
        let below = if self.downward { share } else { Duration::ZERO };
        limits.draw(entropy, delay, below, share)
    }

    fn is_jittered(&self) -> bool {
        true
    }

    fn limits(&self, retry: &Retry) -> Limits {
        self.inner.limits(retry)
    }
}
