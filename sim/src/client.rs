//! A client: a process with an engine and the line in front of it.
//!
//! The rules are those of the production driver (`forbear-core`, `driver`): only
//! the head of the line asks the engine, a call that backs off is out of line and
//! joins at the back, and a completion wakes the head. A conformance test holds
//! the two together.

mod line;
mod task;
mod tasks;

use std::collections::VecDeque;

use forbear_core::{Engine, Policy};

use self::line::Line;
pub(crate) use self::{line::Ticket, task::Task, tasks::Tasks};
use crate::rng::{Stream, StreamRng};
use crate::storm::Caller;

/// A client in the middle of a run.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) engine: Engine,
    pub(crate) line: Line,
    /// How the scenario describes it.
    pub(crate) plan: Caller,
    /// Callers that have no call.
    pub(crate) idle: u32,
    /// Calls that wait for a caller.
    pub(crate) backlog: VecDeque<u32>,
    /// The first call that has not been taken up yet, where callers think.
    pub(crate) next: u32,
    /// The latest time until which the server asked it to wait, in ns.
    pub(crate) asked_to_wait_until: u64,
    pub(crate) succeeded: u32,
    /// How often it has restarted.
    restarts: u32,
}

impl Client {
    pub(crate) fn new(number: u32, plan: Caller, policy: &Policy, seed: u64) -> Self {
        Self {
            engine: policy.engine(Box::new(StreamRng::jitter(seed, number))),
            line: Line::default(),
            idle: plan.callers,
            backlog: VecDeque::new(),
            next: plan.first.saturating_add(plan.callers),
            plan,
            asked_to_wait_until: 0,
            succeeded: 0,
            restarts: 0,
        }
    }

    /// The process dies and starts anew, with an engine that knows nothing.
    pub(crate) fn restart(&mut self, number: u32, policy: &Policy, seed: u64) {
        self.restarts += 1;
        let jitter = StreamRng::of(seed, Stream::JitterAfter(number, self.restarts));
        self.engine = policy.engine(Box::new(jitter));
        self.line = Line::default();
    }

    /// Calls that it makes.
    pub(crate) const fn calls(&self) -> u32 {
        self.plan.end - self.plan.first
    }
}
