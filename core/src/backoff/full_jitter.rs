//! Full jitter.
//!
//! Named in Brooker, "Exponential Backoff And Jitter", AWS 2015,
//! <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::Entropy;

/// Uniform over `0..=delay`; made by [`BackoffStrategy::full_jitter`].
///
/// From the minimum instead of 0 where the delay has one.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Exponential};
/// use forbear_core::{Retry, SplitMix64};
///
/// let second = Duration::from_secs(1);
/// let backoff = Exponential::new(2 * second).full_jitter();
/// let draw = |seed| backoff.delay(&Retry::nth(1), &mut SplitMix64::new(seed));
/// assert!(draw(7) <= 2 * second);
/// assert_ne!(draw(7), draw(8));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FullJitter<B>(B);

impl<B> FullJitter<B> {
    pub(super) const fn new(inner: B) -> Self {
        Self(inner)
    }
}

impl<B: BackoffStrategy> BackoffStrategy for FullJitter<B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        let delay = self.0.delay(retry, entropy);
        self.limits(retry).draw(entropy, delay, delay, Duration::ZERO)
    }

    fn is_jittered(&self) -> bool {
        true
    }

    fn limits(&self, retry: &Retry) -> Limits {
        self.0.limits(retry)
    }
}
