//! Why a job is not in the queue.

use core::fmt;

use super::{Job, ScopeId, TenantId};
use crate::{Refusal, Timestamp};

/// A job that was not pushed, and why.
#[derive(Clone, Debug)]
pub struct Rejected<T> {
    /// The job, as it came.
    pub job: Job<T>,
    /// Why not.
    pub why: Rejection,
}

/// Why a job was not taken into the queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Rejection {
    /// The queue is full, and no queued job has to make room for this one.
    Full {
        /// How many jobs it holds.
        capacity: u32,
    },
    /// The queue takes no more jobs: it is drained or shut down.
    Draining,
    /// The limiter would never let it through.
    NeverAdmitted(Refusal),
    /// It would be started too late.
    MissesDeadline {
        /// When it would be started.
        expected_start: Timestamp,
        /// When it had to be.
        deadline: Timestamp,
    },
    /// There is no such lane.
    UnknownLane {
        /// Which was asked for.
        lane: u8,
        /// How many there are, from 0 on.
        lanes: u8,
    },
    /// No such scope was added to this queue.
    UnknownScope(ScopeId),
    /// No such tenant was added to this queue.
    UnknownTenant(TenantId),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { capacity } => write!(f, "the queue is full with {capacity} jobs"),
            Self::Draining => f.write_str("the queue is draining and takes no more jobs"),
            Self::NeverAdmitted(refusal) => write!(f, "the job can never start: {refusal}"),
            Self::MissesDeadline { expected_start, deadline } => write!(
                f,
                "the job is expected to start at {expected_start:?}, must be before its deadline \
                 {deadline:?}"
            ),
            Self::UnknownLane { lane, lanes } => {
                write!(f, "lane is {lane}, must be below the {lanes} lanes of the queue")
            }
            Self::UnknownScope(ScopeId(id)) => {
                write!(f, "scope {id} was not added to this queue")
            }
            Self::UnknownTenant(TenantId(id)) => {
                write!(f, "tenant {id} was not added to this queue")
            }
        }
    }
}

impl<T> fmt::Display for Rejected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl<T: fmt::Debug> core::error::Error for Rejected<T> {}

/// Why a job left without being completed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Withdrawal {
    /// Its deadline passed before its turn came.
    Expired,
    /// The limiter refused it for good when its turn came.
    Refused(Refusal),
    /// It made room for another; see [`Overflow`](super::Overflow).
    Dropped,
    /// The queue was shut down.
    ShutDown,
    /// Every worker that had it went away, and it may not be started once more.
    Abandoned,
}

impl fmt::Display for Withdrawal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("the deadline passed while the job was queued"),
            Self::Refused(refusal) => write!(f, "the limiter refused the job: {refusal}"),
            Self::Dropped => f.write_str("the job made room for another in a full queue"),
            Self::ShutDown => f.write_str("the queue was shut down"),
            Self::Abandoned => f.write_str("each worker that had the job went away"),
        }
    }
}
