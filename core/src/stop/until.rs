//! A bound on the time of a call, shared with others.

use core::time::Duration;

use super::{StopCondition, StopReason};
use crate::{Retry, Timestamp};

/// Stops when the next send would come at or after a time of the clock.
///
/// For calls that belong to one job: whichever begins late has less time. The
/// time is read on the clock of the driver.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::stop::{StopCondition, Until};
/// use forbear_core::{Retry, Timestamp};
///
/// let stop = Until::new(Timestamp::from_nanos(100));
/// let at = |nanos| Retry { now: Timestamp::from_nanos(nanos), ..Retry::nth(1) };
/// assert_eq!(stop.stop(&at(60), Duration::from_nanos(39)), None);
/// assert!(stop.stop(&at(60), Duration::from_nanos(40)).is_some());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Until(Timestamp);

impl Until {
    /// No send at or after `time`.
    #[must_use]
    pub const fn new(time: Timestamp) -> Self {
        Self(time)
    }
}

impl StopCondition for Until {
    fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason> {
        (retry.now.after(delay) >= self.0).then_some(StopReason::Until(self.0))
    }

    fn deadline(&self, _: Timestamp) -> Option<Timestamp> {
        Some(self.0)
    }
}
