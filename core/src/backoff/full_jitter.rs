//! Full jitter.
//!
//! Named in Brooker, "Exponential Backoff And Jitter", AWS 2015,
//! <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.

use core::time::Duration;

use super::{BackoffStrategy, Retry};
use crate::Entropy;
use crate::entropy::uniform;

/// Uniform over `0..=delay`; made by [`BackoffStrategy::full_jitter`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FullJitter<B>(B);

impl<B> FullJitter<B> {
    pub(super) const fn new(inner: B) -> Self {
        Self(inner)
    }
}

impl<B: BackoffStrategy> BackoffStrategy for FullJitter<B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        let high = self.0.delay(retry, entropy);
        uniform(entropy, Duration::ZERO, high)
    }

    fn is_jittered(&self) -> bool {
        true
    }
}
