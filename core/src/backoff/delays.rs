//! The delays of one call, one after the other.

use core::fmt;
use core::time::Duration;

use super::{BackoffStrategy, Retry};
use crate::Entropy;

/// The delays that a strategy gives to one call, without end.
///
/// It keeps what the strategy does not: the number, the previous delay and their
/// sum. Attempts take no time here.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::SplitMix64;
/// use forbear_core::backoff::{Delays, Exponential};
///
/// let backoff = Exponential::new(Duration::from_secs(1));
/// let mut entropy = SplitMix64::new(0);
/// let delays: Vec<_> = Delays::new(&backoff, &mut entropy).take(4).collect();
/// assert_eq!(delays, [1, 2, 4, 8].map(Duration::from_secs));
/// ```
#[must_use = "an iterator does nothing unless it is asked"]
pub struct Delays<'a> {
    strategy: &'a dyn BackoffStrategy,
    entropy: &'a mut dyn Entropy,
    next: Retry,
}

impl<'a> Delays<'a> {
    /// The delays of a new call, all of whose attempts are throttled without a hint.
    pub fn new(strategy: &'a dyn BackoffStrategy, entropy: &'a mut dyn Entropy) -> Self {
        Self { strategy, entropy, next: Retry::nth(1) }
    }

    /// With this hint on every response.
    pub const fn hinted(mut self, hint: Duration) -> Self {
        self.next.hint = Some(hint);
        self
    }
}

impl Iterator for Delays<'_> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let delay = self.strategy.delay(&self.next, self.entropy);
        self.next = self.next.after(delay);
        Some(delay)
    }
}

impl fmt::Debug for Delays<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delays").field("next", &self.next).finish_non_exhaustive()
    }
}
