//! The server's wait as a lower bound.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::Entropy;

/// At least as long as the server asked for; made by
/// [`BackoffStrategy::floored_by_hint`].
///
/// A delay that is already as long as the hint stays. A shorter one becomes the
/// hint, and if it was drawn at random it is added on top: all who were told the
/// same time would come back at it together. An [`Engine`](crate::Engine) does
/// this for every strategy.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Constant};
/// use forbear_core::{Retry, SplitMix64};
///
/// let backoff = Constant::new(Duration::from_secs(1)).floored_by_hint();
/// let hinted = Retry::nth(1).hinted(Duration::from_secs(5));
/// assert_eq!(backoff.delay(&hinted, &mut SplitMix64::new(0)), Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HintFloor<B>(B);

impl<B> HintFloor<B> {
    pub(super) const fn new(inner: B) -> Self {
        Self(inner)
    }
}

impl<B: BackoffStrategy> BackoffStrategy for HintFloor<B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        let own = self.0.delay(retry, entropy);
        retry.hint.map_or(own, |hint| above_hint(own, hint, self.0.is_jittered()))
    }

    fn is_jittered(&self) -> bool {
        self.0.is_jittered()
    }

    fn limits(&self, retry: &Retry) -> Limits {
        let Limits { min, max } = self.0.limits(retry);
        let Some(hint) = retry.hint else { return Limits { min, max } };
        Limits { min: min.max(hint), max: max.saturating_add(hint) }
    }
}

/// `own`, raised to `hint`, with the jitter above it.
pub(crate) fn above_hint(own: Duration, hint: Duration, jittered: bool) -> Duration {
    if own >= hint {
        own
    } else if jittered {
        hint.saturating_add(own)
    } else {
        hint
    }
}
