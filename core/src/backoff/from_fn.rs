//! A closure as a strategy.

use core::fmt;
use core::time::Duration;

use super::{BackoffStrategy, Retry};
use crate::Entropy;

/// Delays from a closure; made by [`from_fn`].
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

/// Asks `delay` for each delay.
///
/// The closure must give the same delay for the same retry. It draws nothing at
/// random; add a jitter for that.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{self, BackoffStrategy};
/// use forbear_core::{Outcome, Retry, SplitMix64};
///
/// // Refusals are waited out, broken connections are not.
/// let backoff = backoff::from_fn(|retry| match retry.outcome {
///     Outcome::Throttled(_) => Duration::from_secs(10),
///     _ => Duration::from_millis(50),
/// });
/// let delay = backoff.delay(&Retry::nth(1), &mut SplitMix64::new(0));
/// assert_eq!(delay, Duration::from_secs(10));
/// ```
pub const fn from_fn<F>(delay: F) -> FromFn<F>
where
    F: Fn(&Retry) -> Duration + Send + Sync,
{
    FromFn(delay)
}

impl<F: Fn(&Retry) -> Duration + Send + Sync> BackoffStrategy for FromFn<F> {
    fn delay(&self, retry: &Retry, _: &mut dyn Entropy) -> Duration {
        (self.0)(retry)
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn(..)")
    }
}
