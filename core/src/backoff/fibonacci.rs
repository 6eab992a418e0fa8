//! Delays that grow as the Fibonacci numbers.
//!
//! They grow by 1.618 a step, slower than doubling. Libraries disagree on the
//! start: litl/backoff, backon and tokio-retry begin 1, 1, 2, 3, 5;
//! sethvargo/go-retry begins 1, 2, 3, 5. Both are here, under names of their own.

use core::time::Duration;

use super::{BackoffStrategy, Retry};
use crate::Entropy;
use crate::time::nanos;

/// `base` times 1, 1, 2, 3, 5, 8 and so on.
///
/// Saturates at 584 years.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Fibonacci};
/// use forbear_core::{Retry, SplitMix64};
///
/// let delays = |backoff: Fibonacci| {
///     [1, 2, 3, 4].map(|n| backoff.delay(&Retry::nth(n), &mut SplitMix64::new(0)).as_secs())
/// };
/// let second = Duration::from_secs(1);
/// assert_eq!(delays(Fibonacci::new(second)), [1, 1, 2, 3]);
/// assert_eq!(delays(Fibonacci::distinct(second)), [1, 2, 3, 5]);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fibonacci {
    base_ns: u64,
    /// What the first delay is added to: 0 to repeat it, `base_ns` not to.
    before_ns: u64,
}

impl Fibonacci {
    /// `base` times 1, 1, 2, 3, 5, 8.
    #[must_use]
    pub const fn new(base: Duration) -> Self {
        Self { base_ns: nanos(base), before_ns: 0 }
    }

    /// `base` times 1, 2, 3, 5, 8: each delay differs from the one before.
    #[must_use]
    pub const fn distinct(base: Duration) -> Self {
        Self { base_ns: nanos(base), before_ns: nanos(base) }
    }
}

impl BackoffStrategy for Fibonacci {
    fn delay(&self, retry: &Retry, _: &mut dyn Entropy) -> Duration {
        let (mut before, mut delay) = (self.before_ns, self.base_ns);
        // The 94th Fibonacci number is the first that is above 2^64.
        for _ in 1..retry.number.get().min(94) {
            (before, delay) = (delay, before.saturating_add(delay));
        }
        Duration::from_nanos(delay)
    }
}
