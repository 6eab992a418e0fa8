//! A limiter's answer.

use core::fmt;

use crate::Timestamp;

/// May this request go now?
///
/// Ordered by strictness, so that several limiters agree by `max`, which is
/// associative, commutative and idempotent, with [`Admit`](Self::Admit) as
/// identity.
///
/// ```
/// use forbear_core::{Decision, Timestamp};
///
/// let later = Decision::WaitUntil(Timestamp::from_nanos(7));
/// assert_eq!(Decision::Admit.and(later), later);
/// assert_eq!(later.and(Decision::WaitForCompletion), Decision::WaitForCompletion);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[must_use = "a decision that is not followed limits nothing"]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every answer")]
pub enum Decision {
    /// Yes.
    Admit,
    /// Not before this time, which is strictly later than the `now` asked about.
    WaitUntil(Timestamp),
    /// Not before a request in flight completes; no time can be named.
    WaitForCompletion,
    /// Never, however long one waits.
    Refuse(Refusal),
}

impl Decision {
    /// The stricter of two answers: what holds when both must agree.
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }

    /// Whether the request may go now.
    #[must_use]
    pub const fn is_admit(self) -> bool {
        matches!(self, Self::Admit)
    }
}

/// Why a request can never be admitted.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Refusal {
    /// It costs more than the limiter ever holds, so it would wait for ever.
    ExceedsCapacity {
        /// What the request costs.
        cost: u32,
        /// The most that one request may cost.
        capacity: u32,
    },
    /// The wait would pass the end of time.
    BeyondTime,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExceedsCapacity { cost, capacity } => {
                write!(f, "the request costs {cost}, more than the limit of {capacity} at once")
            }
            Self::BeyondTime => f.write_str("the wait would pass the end of time"),
        }
    }
}
