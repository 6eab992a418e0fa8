//! When to give up.

mod combine;
mod deadline;
mod max_attempts;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::Retry;

pub use self::{
    combine::{Any, Both},
    deadline::Deadline,
    max_attempts::MaxAttempts,
};

/// Decides whether to give up rather than make this retry.
///
/// Conditions combine as in logic: `a | b` stops when either does, `a & b` when
/// both do.
///
/// # Contract
///
/// * The same retry and delay give the same answer.
/// * A condition that has stopped a retry stops every later one of the call.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::stop::{Deadline, MaxAttempts, StopCondition};
/// use forbear_core::{Retry, StopReason};
///
/// let stop = MaxAttempts::new(3).unwrap() | Deadline::new(Duration::from_secs(30)).unwrap();
/// assert_eq!(stop.stop(&Retry::nth(2), Duration::ZERO), None);
/// assert_eq!(stop.stop(&Retry::nth(3), Duration::ZERO), Some(StopReason::MaxAttempts(3)));
/// ```
pub trait StopCondition: fmt::Debug + Send + Sync {
    /// Why the call should end now, given that the retry would come after `delay`.
    fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason>;

    /// The time after the start of a call at which this condition stops it for
    /// certain, so that a wait for a limiter ends there too.
    fn deadline(&self) -> Option<Duration> {
        None
    }
}

/// Why a call was stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StopReason {
    /// It was sent this many times.
    MaxAttempts(u32),
    /// The next send would come at or after this time since the start.
    Deadline(Duration),
    /// A condition of the user's own.
    Custom(&'static str),
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxAttempts(1) => f.write_str("the one attempt was made"),
            Self::MaxAttempts(max) => write!(f, "all {max} attempts were made"),
            Self::Deadline(deadline) => {
                write!(f, "the next attempt would pass the deadline of {deadline:?}")
            }
            Self::Custom(reason) => f.write_str(reason),
        }
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<S: StopCondition + ?Sized> StopCondition for $pointer {
            fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason> {
                (**self).stop(retry, delay)
            }

            fn deadline(&self) -> Option<Duration> {
                (**self).deadline()
            }
        }
    )*};
}

forward!(&S, Box<S>, Arc<S>);

// `StopCondition` stays usable as `dyn StopCondition`.
const _: Option<&dyn StopCondition> = None;
