//! What happens in a run, as those who look on are told of it.
//!
//! The event loop tells each fact once, where it happens. A run that nobody looks at
//! tells none, and pays one branch for each.

use forbear_core::{GiveUp, Outcome, Timestamp, WaitReason};

use crate::server::{Cause, LimitState};

/// Something that happened at one moment of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fact {
    /// A call is wanted.
    Wanted {
        /// Which.
        call: u32,
    },
    /// A caller takes it up; after a restart of the client once more.
    Begun {
        /// Which.
        call: u32,
    },
    /// It waits, by a decision of the engine or of the line in front of it.
    Waits {
        /// Which.
        call: u32,
        /// When the wait is over; `None` where no time can be named.
        until: Option<Timestamp>,
        /// When it gives up, if it still waits then for what has no time.
        gives_up_at: Option<Timestamp>,
        /// What for.
        reason: WaitReason,
        /// How many stand in line before it.
        ahead: u32,
    },
    /// The engine permits an attempt.
    Permitted {
        /// Of which call.
        call: u32,
    },
    /// An attempt leaves the client.
    Sent {
        /// Of which call.
        call: u32,
        /// Its number, counted from 1.
        attempt: u32,
    },
    /// The server has decided about a request.
    Decided {
        /// Of which call.
        call: u32,
        /// The number of the attempt.
        attempt: u32,
        /// What it answers.
        status: u16,
        /// What decided.
        cause: Cause,
        /// What the limit has left that refused it, if one did.
        limit: Option<LimitState>,
        /// When the answer leaves the server, in ns.
        leaves_at: u64,
        /// Whether the answer is lost on its way.
        is_lost: bool,
    },
    /// The server has decided about the write that follows a read.
    Written {
        /// Of which call.
        call: u32,
        /// What it answers.
        status: u16,
    },
    /// A request gives back to the limits what it held.
    Left {
        /// Of which call.
        call: u32,
    },
    /// A client has its answer, or waits no longer for one.
    Answered {
        /// Of which call.
        call: u32,
        /// The number of the attempt.
        attempt: u32,
        /// The status; 0 if it waits no longer.
        status: u16,
        /// What the client made of it.
        outcome: Outcome,
        /// The wait that the server asked for, in ns.
        asked_ns: Option<u64>,
        /// The time that the policy gives an attempt, where that ended it, in ns.
        cut_off_after_ns: Option<u64>,
    },
    /// A call is over.
    Ended {
        /// Which.
        call: u32,
        /// Whether it succeeded, or why it was given up.
        end: Result<(), GiveUp>,
    },
    /// The horizon ends a call.
    CutOff {
        /// Which.
        call: u32,
    },
    /// A client hears from Redis, or waits no longer for it: its lease may be another one.
    Leased {
        /// Which.
        client: u32,
    },
    /// A client dies and starts anew.
    Restarted {
        /// Which.
        client: u32,
    },
}

impl Fact {
    /// The call that it is about, if it is about one.
    pub(crate) const fn call(&self) -> Option<u32> {
        match *self {
            Self::Wanted { call }
            | Self::Begun { call }
            | Self::Waits { call, .. }
            | Self::Permitted { call }
            | Self::Sent { call, .. }
            | Self::Decided { call, .. }
            | Self::Written { call, .. }
            | Self::Left { call }
            | Self::Answered { call, .. }
            | Self::Ended { call, .. }
            | Self::CutOff { call } => Some(call),
            Self::Leased { .. } | Self::Restarted { .. } => None,
        }
    }
}

/// When a fact happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Instant {
    /// The number of the event, counted from 1.
    pub(crate) event: u64,
    /// The time, in ns.
    pub(crate) at: u64,
}
