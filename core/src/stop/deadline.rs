//! A bound on the time of one call.

use core::time::Duration;

use super::{StopCondition, StopReason};
use crate::{InvalidConfig, Retry, Timestamp};

/// Stops when the next send would come at or after `deadline` since the start.
///
/// The time of the attempts counts, and the call ends before a wait that would
/// overrun, not after it. An attempt under way is not cut off: set an
/// [`attempt_timeout`](crate::PolicyBuilder::attempt_timeout) for that.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Retry;
/// use forbear_core::stop::{Deadline, StopCondition};
///
/// let second = Duration::from_secs(1);
/// let deadline = Deadline::new(10 * second).unwrap();
/// let retry = Retry::nth(1).after(8 * second);
/// assert!(deadline.stop(&retry, second).is_none());
/// // It would be sent when all of the time is gone.
/// assert!(deadline.stop(&retry, 2 * second).is_some());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deadline(Duration);

impl Deadline {
    /// `deadline` after the start of the call.
    ///
    /// # Errors
    ///
    /// If `deadline` is 0.
    pub fn new(deadline: Duration) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_no_time("deadline", deadline)?;
        Ok(Self(deadline))
    }

    /// `deadline` after the start; at 0 a call is over before it is sent.
    #[cfg(feature = "std")]
    pub(crate) const fn at(deadline: Duration) -> Self {
        Self(deadline)
    }
}

impl StopCondition for Deadline {
    fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason> {
        let next = retry.elapsed.saturating_add(delay);
        (next >= self.0).then_some(StopReason::Deadline(self.0))
    }

    fn deadline(&self, started_at: Timestamp) -> Option<Timestamp> {
        Some(started_at.after(self.0))
    }
}
