//! The server's wait where there is one, a strategy where there is none.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::Entropy;

/// The hint if there is one, the strategy if not; made by
/// [`BackoffStrategy::unless_hinted`].
///
/// Unlike [`HintFloor`](super::HintFloor) it comes back as soon as the server
/// allows, even where the strategy would be more patient. All who were told the
/// same time come back at it together, so prefer the floor unless the server
/// spreads its hints.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Constant};
/// use forbear_core::{Retry, SplitMix64};
///
/// let backoff = Constant::new(Duration::from_secs(10)).unless_hinted();
/// let mut entropy = SplitMix64::new(0);
/// let hinted = Retry::nth(1).hinted(Duration::from_secs(2));
/// assert_eq!(backoff.delay(&hinted, &mut entropy), Duration::from_secs(2));
/// assert_eq!(backoff.delay(&Retry::nth(1), &mut entropy), Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hinted<B>(B);

impl<B> Hinted<B> {
    pub(super) const fn new(inner: B) -> Self {
        Self(inner)
    }
}

impl<B: BackoffStrategy> BackoffStrategy for Hinted<B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        retry.hint.unwrap_or_else(|| self.0.delay(retry, entropy))
    }

    fn is_jittered(&self) -> bool {
        self.0.is_jittered()
    }

    fn limits(&self, retry: &Retry) -> Limits {
        match retry.hint {
            Some(hint) => Limits { min: hint, max: hint },
            None => self.0.limits(retry),
        }
    }
}
