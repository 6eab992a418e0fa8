//! Equal jitter.
//!
//! Named in Brooker, "Exponential Backoff And Jitter", AWS 2015,
//! <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::Entropy;

/// Uniform over `delay/2..=delay`; made by [`BackoffStrategy::equal_jitter`].
///
/// The half is rounded up, so that no draw is below it.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Exponential};
/// use forbear_core::{Retry, SplitMix64};
///
/// let second = Duration::from_secs(1);
/// let backoff = Exponential::new(2 * second).equal_jitter();
/// let delay = backoff.delay(&Retry::nth(1), &mut SplitMix64::new(7));
/// assert!(second <= delay && delay <= 2 * second);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EqualJitter<B>(B);

impl<B> EqualJitter<B> {
    pub(super) const fn new(inner: B) -> Self {
        Self(inner)
    }
}

impl<B: BackoffStrategy> BackoffStrategy for EqualJitter<B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        let delay = self.0.delay(retry, entropy);
        self.limits(retry).draw(entropy, delay, delay / 2, Duration::ZERO)
    }

    fn is_jittered(&self) -> bool {
        true
    }

    fn limits(&self, retry: &Retry) -> Limits {
        self.0.limits(retry)
    }
}
