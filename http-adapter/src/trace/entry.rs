//! One line of a trace.

use forbear_core::{Cost, Observation, Timestamp};
use serde::{Deserialize, Serialize};

use super::CallEnd;
use super::line::Line;

/// One line of a trace: an attempt, the end of a call, or both.
///
/// Times are counted from the start of the trace. Lines are in the order in which
/// attempts ended, so one that was sent earlier may come later.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(into = "Line", try_from = "Line")]
pub struct TraceEntry {
    /// Numbers the call, whose attempts all have this number.
    pub call: u64,
    /// When the call began.
    pub arrived_at: Timestamp,
    /// Whose limits it counts against: the key of the layer's scope, hashed unless
    /// that was turned off; `None` where all calls share one.
    pub scope: Option<String>,
    /// What each attempt was estimated to cost.
    pub cost: Cost,
    /// The attempt; `None` where the call ended between attempts, or before the first.
    pub attempt: Option<TraceAttempt>,
    /// The end of the call, on its last line.
    pub end: Option<TraceEnd>,
}

/// One attempt that ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TraceAttempt {
    /// 1 for the first send of the call.
    pub number: u32,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When its answer was read, or the attempt was broken off.
    pub answered_at: Timestamp,
    /// What the answer said; [`Ignored`](forbear_core::Outcome::Ignored) where the
    /// caller went away before one came.
    pub observation: Observation,
}

/// When and how a call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TraceEnd {
    /// Since the start of the trace.
    pub at: Timestamp,
    /// Whether it succeeded, or why it was given up.
    pub how: CallEnd,
}
