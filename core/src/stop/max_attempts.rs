//! A bound on the sends of one call.

use core::num::NonZeroU32;
use core::time::Duration;

use super::{StopCondition, StopReason};
use crate::{InvalidConfig, Retry};

/// Stops after `max` sends in all, the first one included.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Retry;
/// use forbear_core::stop::{MaxAttempts, StopCondition};
///
/// let second = Duration::from_secs(1);
/// let three = MaxAttempts::new(3).unwrap();
/// assert!(three.stop(&Retry::nth(2), second).is_none());
/// assert!(three.stop(&Retry::nth(3), second).is_some());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MaxAttempts(NonZeroU32);

impl MaxAttempts {
    /// At most `max` sends.
    ///
    /// # Errors
    ///
    /// If `max` is 0: the first attempt is always made.
    pub fn new(max: u32) -> Result<Self, InvalidConfig> {
        let invalid = || InvalidConfig::new("max_attempts", max, "at least 1");
        NonZeroU32::new(max).map(Self).ok_or_else(invalid)
    }

    /// At most `max` sends; 0 counts as 1.
    #[cfg(feature = "std")]
    pub(crate) fn at_least_one(max: u32) -> Self {
        Self(NonZeroU32::new(max).unwrap_or(NonZeroU32::MIN))
    }
}

impl StopCondition for MaxAttempts {
    fn stop(&self, retry: &Retry, _: Duration) -> Option<StopReason> {
        (retry.number >= self.0).then_some(StopReason::MaxAttempts(self.0.get()))
    }
}
