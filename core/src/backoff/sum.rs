//! One delay and another.

use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::Entropy;

/// The sum of two delays, saturating; made by [`BackoffStrategy::plus`] or `a + b`.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Constant};
/// use forbear_core::{Retry, SplitMix64};
///
/// // A fixed second, and up to half a second more.
/// let second = Constant::new(Duration::from_secs(1));
/// let spread = second + Constant::new(Duration::from_millis(500)).full_jitter();
/// let delay = spread.delay(&Retry::nth(1), &mut SplitMix64::new(3));
/// assert!((1000..=1500).contains(&delay.as_millis()));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sum<A, B>(A, B);

impl<A, B> Sum<A, B> {
    pub(super) const fn new(first: A, second: B) -> Self {
        Self(first, second)
    }
}

impl<A: BackoffStrategy, B: BackoffStrategy> BackoffStrategy for Sum<A, B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        self.0.delay(retry, entropy).saturating_add(self.1.delay(retry, entropy))
    }

    fn is_jittered(&self) -> bool {
        self.0.is_jittered() || self.1.is_jittered()
    }

    fn limits(&self, retry: &Retry) -> Limits {
        let (first, second) = (self.0.limits(retry), self.1.limits(retry));
        Limits {
            min: first.min.saturating_add(second.min),
            max: first.max.saturating_add(second.max),
        }
    }
}
