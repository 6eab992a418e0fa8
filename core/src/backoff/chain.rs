//! One strategy for the first retries, another for the rest.

use core::time::Duration;

use super::steps::within;
use super::{BackoffStrategy, Limits, Retry};
use crate::Entropy;

/// `first` for a number of retries, then `rest`; made by [`BackoffStrategy::then`].
///
/// `rest` counts its own retries from 1.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Constant, Exponential};
/// use forbear_core::{Retry, SplitMix64};
///
/// let millis = Duration::from_millis;
/// let backoff = Constant::new(millis(10)).then(2, Exponential::new(millis(100)));
/// let delays = [1, 2, 3, 4].map(|n| backoff.delay(&Retry::nth(n), &mut SplitMix64::new(0)));
/// assert_eq!(delays, [millis(10), millis(10), millis(100), millis(200)]);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chain<A, B> {
    first: A,
    retries: u32,
    rest: B,
}

impl<A, B> Chain<A, B> {
    pub(super) const fn new(first: A, retries: u32, rest: B) -> Self {
        Self { first, retries, rest }
    }
}

impl<A: BackoffStrategy, B: BackoffStrategy> Chain<A, B> {
    /// The part of this retry, and the retry as that part counts.
    fn at(&self, retry: &Retry) -> (&dyn BackoffStrategy, Retry) {
        match retry.number.get().saturating_sub(self.retries) {
            0 => (&self.first, *retry),
            number => (&self.rest, within(retry, number)),
        }
    }
}

impl<A: BackoffStrategy, B: BackoffStrategy> BackoffStrategy for Chain<A, B> {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        let (part, retry) = self.at(retry);
        part.delay(&retry, entropy)
    }

    fn is_jittered(&self) -> bool {
        self.first.is_jittered() || self.rest.is_jittered()
    }

    fn limits(&self, retry: &Retry) -> Limits {
        let (part, retry) = self.at(retry);
        part.limits(&retry)
    }
}
