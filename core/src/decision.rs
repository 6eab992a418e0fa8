//! A limiter's answer.

use core::cmp::Reverse;
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
    /// Not before a request in flight completes, or the limiter has news from elsewhere
    /// ([`Limiter::attach`](crate::Limiter::attach)); no time can be named.
    WaitForCompletion,
    /// No, and this request need not wait.
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

/// Why a request is not admitted and need not wait.
///
/// Ordered so that the reason that outlasts the others is the greatest: of two
/// capacities the smaller one, since a request has to fit into both.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
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
    /// It was drawn to be dropped here, because the server refuses too much; the
    /// next request draws anew.
    Shed,
    /// There is a limiter for each of as many keys as there may be, and none is idle.
    TooManyKeys {
        /// How many there may be.
        capacity: usize,
    },
}

impl Refusal {
    const fn strictness(self) -> (u8, Reverse<u32>, u32) {
        match self {
            Self::Shed => (0, Reverse(0), 0),
            Self::TooManyKeys { .. } => (1, Reverse(0), 0),
            Self::BeyondTime => (2, Reverse(0), 0),
            Self::ExceedsCapacity { cost, capacity } => (3, Reverse(capacity), cost),
        }
    }
}

impl Ord for Refusal {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.strictness().cmp(&other.strictness())
    }
}

impl PartialOrd for Refusal {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExceedsCapacity { cost, capacity } => {
                write!(f, "the request costs {cost}, more than the limit of {capacity} at once")
            }
            Self::BeyondTime => f.write_str("the wait would pass the end of time"),
            Self::TooManyKeys { capacity } => {
                write!(f, "all {capacity} keys are in use, so there is no limiter for another")
            }
            Self::Shed => f.write_str("the server refuses so much that the request was dropped"),
        }
    }
}
