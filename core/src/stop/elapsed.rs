//! A bound on the time after which no retry is begun.

use core::time::Duration;

use super::{StopCondition, StopReason};
use crate::{InvalidConfig, Retry};

/// Stops when an attempt has failed at or after `max` since the start.
///
/// The next delay does not count, so the last retry may come later than `max`:
/// `stop_after_delay` of tenacity. [`Deadline`](super::Deadline) counts it.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Retry;
/// use forbear_core::stop::{Elapsed, StopCondition};
///
/// let stop = Elapsed::new(Duration::from_secs(60)).unwrap();
/// let at = |seconds| Retry { elapsed: Duration::from_secs(seconds), ..Retry::nth(1) };
/// let delay = Duration::from_secs(30);
/// assert_eq!(stop.stop(&at(59), delay), None);
/// assert!(stop.stop(&at(60), delay).is_some());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Elapsed(Duration);

impl Elapsed {
    /// `max` after the start of the call.
    ///
    /// # Errors
    ///
    /// If `max` is 0.
    pub fn new(max: Duration) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_no_time("elapsed", max)?;
        Ok(Self(max))
    }
}

impl StopCondition for Elapsed {
    fn stop(&self, retry: &Retry, _: Duration) -> Option<StopReason> {
        (retry.elapsed >= self.0).then_some(StopReason::Elapsed(self.0))
    }
}
