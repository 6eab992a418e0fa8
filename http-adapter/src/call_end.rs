//! How a call ended, by name.
#![cfg_attr(
    not(feature = "record"),
    expect(unreachable_pub, reason = "without traces it only gives names to metrics")
)]

use forbear_core::{GiveUp, StopReason};

/// How a call ended: [`GiveUp`] without what only one process understands.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "record", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "record", serde(rename_all = "snake_case"))]
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
    #[cfg_attr(feature = "record", serde(other))]
    Other,
}

impl CallEnd {
    /// Its name in traces and metrics, such as `not_retryable`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Attempts => "attempts",
            Self::Time => "time",
            Self::Stopped => "stopped",
            Self::Budget => "budget",
            Self::NotRetryable => "not_retryable",
            Self::NotRepeatable => "not_repeatable",
            Self::Refused => "refused",
            Self::Hint => "hint",
            Self::Abandoned => "abandoned",
            Self::Other => "other",
        }
    }
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
