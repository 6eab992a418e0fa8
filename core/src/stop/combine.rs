//! Conditions made of conditions.

use core::ops::{BitAnd, BitOr};
use core::time::Duration;

use super::{
    Cancel, Deadline, Elapsed, FromFn, MaxAttempts, Never, StopCondition, StopReason, TotalWait,
    Until,
};
use crate::{Retry, Timestamp};

/// Stops when either condition does; written `a | b`.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Retry;
/// use forbear_core::stop::{Deadline, MaxAttempts, StopCondition};
///
/// let second = Duration::from_secs(1);
/// let stop = MaxAttempts::new(3).unwrap() | Deadline::new(60 * second).unwrap();
/// assert!(stop.stop(&Retry::nth(2), second).is_none());
/// assert!(stop.stop(&Retry::nth(3), second).is_some());
/// assert!(stop.stop(&Retry::nth(1), 60 * second).is_some());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Any<A, B>(A, B);

impl<A: StopCondition, B: StopCondition> StopCondition for Any<A, B> {
    fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason> {
        self.0.stop(retry, delay).or_else(|| self.1.stop(retry, delay))
    }

    fn deadline(&self, started_at: Timestamp) -> Option<Timestamp> {
        match (self.0.deadline(started_at), self.1.deadline(started_at)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }

    fn cancels(&self, tell: &mut dyn FnMut(&Cancel)) {
        self.0.cancels(tell);
        self.1.cancels(tell);
    }
}

/// Stops when both conditions do, for the reason of the second; written `a & b`.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Retry;
/// use forbear_core::stop::{Deadline, MaxAttempts, StopCondition};
///
/// let second = Duration::from_secs(1);
/// let stop = MaxAttempts::new(3).unwrap() & Deadline::new(60 * second).unwrap();
/// assert!(stop.stop(&Retry::nth(3), second).is_none());
/// assert!(stop.stop(&Retry::nth(3), 60 * second).is_some());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Both<A, B>(A, B);

impl<A: StopCondition, B: StopCondition> StopCondition for Both<A, B> {
    fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason> {
        self.0.stop(retry, delay).and_then(|_| self.1.stop(retry, delay))
    }

    fn deadline(&self, started_at: Timestamp) -> Option<Timestamp> {
        let both = self.0.deadline(started_at).zip(self.1.deadline(started_at));
        both.map(|(a, b)| a.max(b))
    }
}

// One by one, as for `+` of delays: a blanket impl breaks the orphan rule.
macro_rules! operators {
    ($($name:ident $(<$($param:ident),+>)?),* $(,)?) => {$(
        impl<R: StopCondition $(, $($param),+)?> BitOr<R> for $name $(<$($param),+>)? {
            type Output = Any<Self, R>;

            fn bitor(self, other: R) -> Self::Output {
                Any(self, other)
            }
        }

        impl<R: StopCondition $(, $($param),+)?> BitAnd<R> for $name $(<$($param),+>)? {
            type Output = Both<Self, R>;

            fn bitand(self, other: R) -> Self::Output {
                Both(self, other)
            }
        }
    )*};
}

operators! {
    Any<A, B>,
    Both<A, B>,
    Cancel,
    Deadline,
    Elapsed,
    FromFn<F>,
    MaxAttempts,
    Never,
    TotalWait,
    Until,
}
