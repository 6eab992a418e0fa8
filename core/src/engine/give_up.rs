//! Why a call ended without success.

use core::fmt;

use crate::{Outcome, Refusal, StopReason, Throttle, Timestamp};

/// Why a call ended without success.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GiveUp {
    /// The stop condition held.
    Stopped(StopReason),
    /// The retry budget had no retry left.
    BudgetExhausted,
    /// The failure was not one that a retry can cure.
    NotRetryable(Outcome),
    /// A retry might cure the failure, but the request cannot or must not be sent
    /// once more.
    NotRepeatable(Outcome),
    /// A limiter can never admit it.
    Refused {
        /// The limiter's name.
        limiter: &'static str,
        /// Why it never admits it.
        refusal: Refusal,
    },
    /// The server asked for a longer wait than the policy accepts.
    HintBeyondCap {
        /// When the server will take requests again.
        opens_at: Timestamp,
    },
    /// The caller no longer waits for it.
    Abandoned,
}

impl fmt::Display for GiveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped(reason) => reason.fmt(f),
            Self::BudgetExhausted => f.write_str("the retry budget is used up"),
            Self::NotRetryable(Outcome::Throttled(Throttle::QuotaExhausted)) => {
                f.write_str("the quota is used up for good")
            }
            Self::NotRetryable(_) => f.write_str("the failure is not one that a retry can cure"),
            Self::NotRepeatable(_) => f.write_str("the request cannot be sent once more"),
            Self::Refused { limiter, refusal } => write!(f, "refused by {limiter}: {refusal}"),
            Self::HintBeyondCap { opens_at } => {
                write!(f, "the server asks to wait until {opens_at:?}, longer than accepted")
            }
            Self::Abandoned => f.write_str("the caller went away"),
        }
    }
}

impl core::error::Error for GiveUp {}
