//! A closure as a condition.

use core::fmt;
use core::time::Duration;

use super::{StopCondition, StopReason};
use crate::Retry;

/// A condition from a closure; made by [`from_fn`].
#[derive(Clone, Copy)]
pub struct FromFn<F> {
    reason: &'static str,
    stops: F,
}

/// Stops when `stops` holds for the retry and the delay before it; `reason` says
/// why in the error.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::stop::{self, StopCondition};
/// use forbear_core::{Outcome, Retry};
///
/// let stop = stop::from_fn("the connection broke twice", |retry, _| {
///     retry.number.get() >= 2 && retry.outcome == Outcome::Transient
/// });
/// let broken = Retry { outcome: Outcome::Transient, ..Retry::nth(2) };
/// let reason = stop.stop(&broken, Duration::ZERO).unwrap();
/// assert_eq!(reason.to_string(), "the connection broke twice");
/// ```
pub const fn from_fn<F>(reason: &'static str, stops: F) -> FromFn<F>
where
    F: Fn(&Retry, Duration) -> bool + Send + Sync,
{
    FromFn { reason, stops }
}

impl<F: Fn(&Retry, Duration) -> bool + Send + Sync> StopCondition for FromFn<F> {
    fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason> {
        (self.stops)(retry, delay).then_some(StopReason::Custom(self.reason))
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FromFn").field(&self.reason).finish()
    }
}
