//! A client: a process with an engine and the line in front of it.
//!
//! The rules are those of the production driver (`forbear-core`, `driver`): only
//! the head of the line asks the engine, a call that backs off is out of line and
//! joins at the back, and a completion wakes the head. A conformance test holds
//! the two together. Where the policy has a `[queue]`, the production queue stands in front
//! of the engine instead, with the limiters of the policy.
//!
//! A run is as fast as its memory: with a million clients each event is at one that no
//! cache has. So a client and the call that it has under way are 256 bytes side by side,
//! and what they have in common with others is asked of the storm and of the policy.

mod line;
mod population;
mod queue;
mod task;
mod timer;

use std::collections::VecDeque;

use forbear_core::limiter::All;
use forbear_core::{BorrowedEngine, Limiter, Policy};

use self::timer::Timer;
pub(crate) use self::{
    line::{Line, Ticket},
    population::Population,
    queue::ClientQueue,
    task::{NO_WAIT, Task},
};
use crate::rng::{Stream, StreamRng};
use crate::storm::Group;

/// A client in the middle of a run.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Client<'a> {
    /// Where its calls wait; none until one of them has to.
    queues: Option<Box<Queues>>,
    /// The latest time until which the server asked it to wait, in ns.
    pub(crate) asked_to_wait_until: u64,
    /// Callers that have no call.
    pub(crate) idle: u32,
    /// The first call that has not been taken up yet, where callers think.
    pub(crate) next: u32,
    pub(crate) succeeded: u32,
    /// How often it has restarted.
    restarts: u32,
    pub(crate) engine: BorrowedEngine<'a, StreamRng>,
}

/// Where the calls of a client wait, by the places of their tasks.
#[derive(Debug, Default)]
struct Queues {
    /// For the engine.
    line: Line,
    /// For a caller.
    backlog: VecDeque<u32>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(
        number: u32,
        group: &Group,
        policy: &'a Policy,
        lease: Option<Box<dyn Limiter>>,
        seed: u64,
    ) -> Self {
        Self {
            engine: engine(policy, lease, StreamRng::jitter(seed, number)),
            queues: None,
            asked_to_wait_until: 0,
            idle: group.callers,
            next: group.first_call(number).saturating_add(group.callers),
            succeeded: 0,
            restarts: 0,
        }
    }

    /// The process dies and starts anew, with an engine that knows nothing.
    pub(crate) fn restart(
        &mut self,
        number: u32,
        policy: &'a Policy,
        lease: Option<Box<dyn Limiter>>,
        seed: u64,
    ) {
        self.restarts += 1;
        let jitter = StreamRng::of(seed, Stream::JitterAfter(number, self.restarts));
        self.engine = engine(policy, lease, jitter);
        if let Some(queues) = &mut self.queues {
            queues.line = Line::default();
        }
    }

    /// The line in front of its engine, if there ever was one.
    pub(crate) fn line(&self) -> Option<&Line> {
        self.queues.as_ref().map(|queues| &queues.line)
    }

    pub(crate) fn line_mut(&mut self) -> &mut Line {
        &mut self.queues.get_or_insert_default().line
    }

    /// The place of the task at the head of the line.
    pub(crate) fn head(&self) -> Option<u32> {
        self.line().and_then(Line::head)
    }

    /// The places of the tasks that wait for a caller.
    pub(crate) fn backlog(&self) -> impl Iterator<Item = u32> {
        self.queues.iter().flat_map(|queues| queues.backlog.iter().copied())
    }

    /// A task waits for a caller.
    pub(crate) fn wait_for_caller(&mut self, place: u32) {
        self.queues.get_or_insert_default().backlog.push_back(place);
    }

    /// The task that waited the longest for a caller has one.
    pub(crate) fn next_in_backlog(&mut self) -> Option<u32> {
        self.queues.as_mut()?.backlog.pop_front()
    }
}

/// The engine of a client, which draws from a lease where it shares a quota; without any
/// limit where the queue in front of it has them.
fn engine(
    policy: &Policy,
    lease: Option<Box<dyn Limiter>>,
    jitter: StreamRng,
) -> BorrowedEngine<'_, StreamRng> {
    if policy.queue().is_some() {
        let unshared = policy.hint_rule().unshared();
        let engine = policy.borrowed_engine(jitter).with_hint_rule(unshared);
        return engine.with_limiter(All::new([]).boxed());
    }
    match lease {
        Some(lease) => policy.borrowed_engine_limited_by(lease, jitter),
        None => policy.borrowed_engine(jitter),
    }
}
