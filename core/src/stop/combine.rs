//! Conditions made of conditions.

use core::ops::{BitAnd, BitOr};
use core::time::Duration;

use super::{Deadline, MaxAttempts, StopCondition, StopReason};
use crate::Retry;

/// Stops when either condition does; written `a | b`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Any<A, B>(A, B);

impl<A: StopCondition, B: StopCondition> StopCondition for Any<A, B> {
    fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason> {
        self.0.stop(retry, delay).or_else(|| self.1.stop(retry, delay))
    }

    fn deadline(&self) -> Option<Duration> {
        match (self.0.deadline(), self.1.deadline()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }
}

/// Stops when both conditions do, for the reason of the second; written `a & b`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Both<A, B>(A, B);

impl<A: StopCondition, B: StopCondition> StopCondition for Both<A, B> {
    fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason> {
        self.0.stop(retry, delay).and_then(|_| self.1.stop(retry, delay))
    }

    fn deadline(&self) -> Option<Duration> {
        self.0.deadline().zip(self.1.deadline()).map(|(a, b)| a.max(b))
    }
}

// One by one, as for `+` of delays: a blanket impl breaks the orphan rule.
macro_rules! operators {
    ($($name:ident $(<$($param:ident),+>)?),* $(,)?) => {$(
        impl<R: StopCondition $(, $($param: StopCondition),+)?> BitOr<R>
            for $name $(<$($param),+>)?
        {
            type Output = Any<Self, R>;

            fn bitor(self, other: R) -> Self::Output {
                Any(self, other)
            }
        }

        impl<R: StopCondition $(, $($param: StopCondition),+)?> BitAnd<R>
            for $name $(<$($param),+>)?
        {
            type Output = Both<Self, R>;

            fn bitand(self, other: R) -> Self::Output {
                Both(self, other)
            }
        }
    )*};
}

operators!(Any<A, B>, Both<A, B>, Deadline, MaxAttempts);
