//! No bound.

use core::time::Duration;

use super::{StopCondition, StopReason};
use crate::Retry;

/// Never stops a call.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Retry;
/// use forbear_core::stop::{Never, StopCondition};
///
/// assert_eq!(Never.stop(&Retry::nth(u32::MAX), Duration::MAX), None);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Never;

impl StopCondition for Never {
    fn stop(&self, _: &Retry, _: Duration) -> Option<StopReason> {
        None
    }
}
