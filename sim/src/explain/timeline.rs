//! What happened to one call.

use forbear_core::{Cost, Dimension, Outcome, Timestamp, WaitReason};
use serde::Serialize;

use super::Chronicle;
use super::chronicle::{Kept, Told};
use crate::fact::Fact;
use crate::scenario::Scenario;
use crate::server::{Cause, Opening};
use crate::storm::Storm;

/// The life of one call, from its arrival to its end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timeline {
    /// Its number, counted from 0 over all clients.
    pub call: u32,
    /// The client that made it, counted from 0.
    pub client: u32,
    /// What it reserves with each attempt, by dimension; what is 0 is left out.
    pub cost: Vec<(&'static str, u32)>,
    /// What happened, in order.
    pub entries: Vec<Entry>,
}

/// Something that happened to a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The number of the event, counted from 1; several things may happen in one.
    pub event: u64,
    /// When, in ns.
    pub at_ns: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen to a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// It is wanted.
    Arrives,
    /// A caller of its client takes it up, after the others that it was busy with; or its
    /// client does so once more after a restart.
    TakenUp,
    /// It waits.
    Waits {
        /// What for, as the engine or the line in front of it said.
        #[serde(flatten)]
        reason: Reason,
        /// When the wait is over, in ns; `None` where no time can be named.
        until_ns: Option<u64>,
        /// When it is given up, if it is not over by then, in ns.
        gives_up_at_ns: Option<u64>,
        /// How many calls stand in line before it.
        ahead: u32,
        /// Whose answer asked for the wait, if that was another call.
        told_by: Option<ToldBy>,
    },
    /// An attempt leaves the client.
    Sent {
        /// Its number, counted from 1.
        attempt: u32,
    },
    /// The server decides about it.
    Server {
        /// The number of the attempt.
        attempt: u32,
        /// What it answers.
        status: u16,
        /// Why.
        decided_by: DecidedBy,
        /// When the answer leaves the server, in ns.
        leaves_at_ns: u64,
        /// Whether the answer is lost on its way.
        is_lost: bool,
    },
    /// The server decides about the write that follows a read.
    Written {
        /// What it answers.
        status: u16,
    },
    /// The client has an answer, or waits no longer for one.
    Answer {
        /// The number of the attempt.
        attempt: u32,
        /// The status; 0 if it waits no longer.
        status: u16,
        /// What it means to the policy.
        outcome: String,
        /// How long the server asks to wait, in ns.
        asked_ns: Option<u64>,
        /// The time that the policy gives an attempt, where that ended it, in ns.
        #[serde(skip_serializing_if = "Option::is_none")]
        cut_off_after_ns: Option<u64>,
    },
    /// It is over.
    Ends {
        /// Whether it succeeded.
        succeeded: bool,
        /// Why it was given up.
        why: Option<String>,
    },
    /// The run ends before it.
    CutOff,
    /// Its client dies and starts anew.
    Restart,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "reason", content = "limiter", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// A caller of its client that has no other call.
    Caller,
    /// Its turn in line.
    Line,
    /// The limiter of this name.
    Limiter(&'static str),
    /// The wait that the server asked another call for.
    Cooldown,
    /// The wait that the server asked this call for.
    ServerHint,
    /// The delay of its backoff.
    Backoff,
    /// Something that this version has no name for.
    Other,
}

/// Another call that the server asked to wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct ToldBy {
    /// Its number, counted from 0.
    pub call: u32,
    /// When it was told, in ns.
    pub at_ns: u64,
}

/// What decides about a request at the server.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum DecidedBy {
    /// Nothing was in its way.
    Served,
    /// A limit refused it.
    Limit {
        /// The limit, as a title of a few words.
        title: String,
        /// Units that it has left.
        left: u64,
        /// When it would let the request in, if nobody else came before, in ns; `None`
        /// where that depends on others.
        opens_at_ns: Option<u64>,
        /// Whether it never would: the request is larger than the whole limit.
        never: bool,
    },
    /// A fault made it fail.
    Fault,
    /// There was no place in the queue for a worker.
    QueueFull,
    /// It is answered as it was recorded.
    Recorded,
}

impl From<WaitReason> for Reason {
    fn from(reason: WaitReason) -> Self {
        match reason {
            WaitReason::Backoff => Self::Backoff,
            WaitReason::ServerHint => Self::ServerHint,
            WaitReason::Cooldown => Self::Cooldown,
            WaitReason::Limiter(name) => Self::Limiter(name),
            WaitReason::Line => Self::Line,
            _ => Self::Other,
        }
    }
}

impl Chronicle {
    /// The timeline of the call that was watched.
    pub(crate) fn into_timeline(self, scenario: &Scenario, storm: &Storm, call: u32) -> Timeline {
        let planned = storm.planned(call);
        let mut entries = Vec::with_capacity(self.kept.len());
        let mut arrived = None;
        for kept in &self.kept {
            if let Fact::Wanted { .. } = kept.fact {
                arrived = Some(kept.when);
            }
            let is_at_once = arrived == Some(kept.when);
            if let Some(what) = what(kept, is_at_once, scenario) {
                entries.push(Entry { event: kept.when.event, at_ns: kept.when.at, what });
            }
        }
        Timeline { call, client: planned.client, cost: units(&planned.reserved), entries }
    }
}

/// A fact in words of its own; nothing where it goes without saying.
fn what(kept: &Kept, is_at_once: bool, scenario: &Scenario) -> Option<What> {
    Some(match kept.fact {
        Fact::Wanted { .. } => What::Arrives,
        Fact::Begun { .. } if is_at_once => return None,
        Fact::Begun { .. } => What::TakenUp,
        Fact::Waits { until, gives_up_at, reason, ahead, .. } => What::Waits {
            reason: reason.into(),
            until_ns: until.map(Timestamp::as_nanos),
            gives_up_at_ns: gives_up_at.map(Timestamp::as_nanos),
            ahead,
            told_by: kept.told.filter(|_| reason == WaitReason::Cooldown).map(ToldBy::from),
        },
        Fact::Sent { attempt, .. } => What::Sent { attempt },
        Fact::Decided { attempt, status, cause, limit, leaves_at, is_lost, .. } => What::Server {
            attempt,
            status,
            decided_by: decided_by(cause, limit.map_or(0, |limit| limit.left), scenario),
            leaves_at_ns: leaves_at,
            is_lost,
        },
        Fact::Written { status, .. } => What::Written { status },
        Fact::Answered { attempt, status, outcome, asked_ns, cut_off_after_ns, .. } => {
            let outcome = meaning(outcome, status);
            What::Answer { attempt, status, outcome, asked_ns, cut_off_after_ns }
        }
        Fact::Ended { end, .. } => {
            What::Ends { succeeded: end.is_ok(), why: end.err().map(|why| why.to_string()) }
        }
        Fact::CutOff { .. } => What::CutOff,
        Fact::Restarted { .. } => What::Restart,
        Fact::Permitted { .. } | Fact::Left { .. } | Fact::Leased { .. } => return None,
    })
}

fn decided_by(cause: Cause, left: u64, scenario: &Scenario) -> DecidedBy {
    match cause {
        Cause::Served => DecidedBy::Served,
        Cause::Fault => DecidedBy::Fault,
        Cause::QueueFull => DecidedBy::QueueFull,
        Cause::Recorded => DecidedBy::Recorded,
        Cause::Limit { index, opening } => {
            let title = scenario.server().limits()[index].title();
            let opens_at_ns = if let Opening::At(at) = opening { Some(at) } else { None };
            DecidedBy::Limit { title, left, opens_at_ns, never: opening == Opening::Never }
        }
    }
}

fn meaning(outcome: Outcome, status: u16) -> String {
    if status == 0 { "timed out".to_owned() } else { outcome.to_string() }
}

/// The dimensions of a cost that are not 0.
fn units(cost: &Cost) -> Vec<(&'static str, u32)> {
    let units = Dimension::ALL.into_iter().map(|dimension| (dimension.name(), cost.get(dimension)));
    units.filter(|&(_, units)| units > 0).collect()
}

impl From<Told> for ToldBy {
    fn from(told: Told) -> Self {
        Self { call: told.call, at_ns: told.at }
    }
}
