//! What a driver does next with a call, and why.

use core::fmt;

use super::GiveUp;
use crate::Timestamp;

/// What a driver does next with a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use = "an action does nothing by itself"]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every action")]
pub enum Action {
    /// Send it now.
    Send,
    /// Poll again at this time, which is later than now.
    SleepUntil(Timestamp, WaitReason),
    /// Poll again when another call on this engine completes, when the limiter wakes the
    /// driver, or at `until`.
    Park {
        /// When the wait ends at the latest: the deadline of the call.
        until: Option<Timestamp>,
        /// What it waits for.
        reason: WaitReason,
    },
    /// It is over.
    Finish(Result<(), GiveUp>),
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum WaitReason {
    /// The delay of its backoff strategy.
    Backoff,
    /// The wait that the server asked for after this call's last attempt.
    ServerHint,
    /// The wait that the server asked for after another call.
    Cooldown,
    /// The limiter of this name.
    Limiter(&'static str),
    /// Its turn: it stands in line behind others.
    Line,
    /// The answer to its own send.
    Answer,
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backoff => f.write_str("its backoff"),
            Self::ServerHint => f.write_str("the server's wait"),
            Self::Cooldown => f.write_str("the server's wait after another call"),
            Self::Limiter(name) => write!(f, "the limiter {name}"),
            Self::Line => f.write_str("its turn in line"),
            Self::Answer => f.write_str("an answer"),
        }
    }
}
