//! A bound on the time spent waiting.

use core::time::Duration;

use super::{StopCondition, StopReason};
use crate::Retry;

/// Stops when the waits of a call would add up to more than `max`.
///
/// The server's waits count, the time of the attempts does not:
/// `with_total_delay` of backon. A bound of 0 allows retries without delay only.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Retry;
/// use forbear_core::stop::{StopCondition, TotalWait};
///
/// let (second, stop) = (Duration::from_secs(1), TotalWait::new(Duration::from_secs(3)));
/// let after = |waited| Retry { waited, ..Retry::nth(1) };
/// assert_eq!(stop.stop(&after(2 * second), second), None);
/// assert!(stop.stop(&after(3 * second), second).is_some());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TotalWait(Duration);

impl TotalWait {
    /// At most `max` of waiting.
    #[must_use]
    pub const fn new(max: Duration) -> Self {
        Self(max)
    }
}

impl StopCondition for TotalWait {
    fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason> {
        let waits = retry.waited.saturating_add(delay);
        (waits > self.0).then_some(StopReason::TotalWait(self.0))
    }
}
