//! When to give up.
//!
//! | condition | counts |
//! | --- | --- |
//! | [`MaxAttempts`] | sends |
//! | [`Deadline`] | time since the start, the next delay included |
//! | [`Elapsed`] | time since the start, without the next delay |
//! | [`TotalWait`] | time waited, the next delay included |
//! | [`Until`] | the driver's clock, the next delay included |
//! | [`Cancel`] | nothing: it is told, and ends waits under way |
//! | [`from_fn()`] | what you like |

mod cancel;
mod combine;
mod deadline;
mod elapsed;
mod from_fn;
mod max_attempts;
mod never;
mod total_wait;
mod until;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::{Retry, Timestamp};

#[cfg(feature = "std")]
pub(crate) use self::cancel::Watch;
pub use self::{
    cancel::Cancel,
    combine::{Any, Both},
    deadline::Deadline,
    elapsed::Elapsed,
    from_fn::{FromFn, from_fn},
    max_attempts::MaxAttempts,
    never::Never,
    total_wait::TotalWait,
    until::Until,
};

/// Decides whether to give up rather than make this retry.
///
/// Conditions combine as in logic: `a | b` stops when either does, `a & b` when
/// both do.
///
/// # Contract
///
/// * The same retry and delay give the same answer, unless someone outside has
///   cancelled the call in between.
/// * A condition that stops a retry also stops one with a larger number, a longer
///   delay, more time elapsed or more time waited.
/// * It stops every retry that would come at its [`deadline`](Self::deadline) or
///   later.
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

    /// The time at which this condition stops for certain a call that began at
    /// `started_at`, so that a wait for a limiter ends there too.
    fn deadline(&self, started_at: Timestamp) -> Option<Timestamp> {
        let _ = started_at;
        None
    }

    /// Tells of each flag that ends by itself the calls of this condition, so that a
    /// driver ends their waits too.
    ///
    /// Provided: there is none.
    fn cancels(&self, tell: &mut dyn FnMut(&Cancel)) {
        let _ = tell;
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
    /// An attempt failed at or after this time since the start.
    Elapsed(Duration),
    /// The waits would add up to more than this.
    TotalWait(Duration),
    /// The next send would come at or after this time.
    Until(Timestamp),
    /// Someone outside ended it.
    Cancelled,
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
            Self::Elapsed(max) => write!(f, "{max:?} have passed since the start"),
            Self::TotalWait(max) => write!(f, "the waits would add up to more than {max:?}"),
            Self::Until(time) => write!(f, "the next attempt would come after {time:?}"),
            Self::Cancelled => f.write_str("the call was cancelled"),
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

            fn deadline(&self, started_at: Timestamp) -> Option<Timestamp> {
                (**self).deadline(started_at)
            }

            fn cancels(&self, tell: &mut dyn FnMut(&Cancel)) {
                (**self).cancels(tell);
            }
        }
    )*};
}

forward!(&S, Box<S>, Arc<S>);

// `StopCondition` stays usable as `dyn StopCondition`.
const _: Option<&dyn StopCondition> = None;
