//! How a call ended, by name.

use forbear_core::{GiveUp, StopReason, Timestamp};
use serde::{Deserialize, Serialize};

/// When and how a call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TraceEnd {
    /// Since the start of the trace.
    pub at: Timestamp,
    /// Whether it succeeded, or why it was given up.
    pub how: CallEnd,
}

/// How a call ended: [`GiveUp`] without what only one process understands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallEnd {
    /// It succeeded.
    Success,
    /// All attempts were made.
    Attempts,
    /// A deadline, or another bound on time, would have been passed.
    Time,
    /// Another stop condition held.
    Stopped,
    /// The retry budget had no retry left.
    Budget,
    /// The failure was not one that a retry can cure.
    NotRetryable,
    /// The request could not be sent once more.
    NotRepeatable,
    /// A limiter can never admit it.
    Refused,
    /// The server asked for a longer wait than is accepted.
    Hint,
    /// The caller went away.
    Abandoned,
    /// In a way that this version has no name for.
    #[serde(other)]
    Other,
}

impl From<GiveUp> for CallEnd {
    fn from(why: GiveUp) -> Self {
        match why {
            GiveUp::Stopped(reason) => match reason {
                StopReason::MaxAttempts(_) => Self::Attempts,
                StopReason::Deadline(_)
                | StopReason::Elapsed(_)
                | StopReason::TotalWait(_)
                | StopReason::Until(_) => Self::Time,
                _ => Self::Stopped,
            },
            GiveUp::BudgetExhausted => Self::Budget,
            GiveUp::NotRetryable(_) => Self::NotRetryable,
            GiveUp::NotRepeatable(_) => Self::NotRepeatable,
            GiveUp::Refused { .. } => Self::Refused,
            GiveUp::HintBeyondCap { .. } => Self::Hint,
            GiveUp::Abandoned => Self::Abandoned,
            _ => Self::Other,
        }
    }
}
