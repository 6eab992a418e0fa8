//! A client: a process with an engine and the line in front of it.
//!
//! The rules are those of the production driver (`forbear-core`, `driver`): only
//! the head of the line asks the engine, a call that backs off is out of line and
//! joins at the back, and a completion wakes the head. A conformance test holds
//! the two together. Where the policy has a `[queue]`, the production queue stands in front
//! of the engine instead, with the limiters of the policy.
//!
//! A run is as fast as its memory: with a million clients each event is at one that no
//! cache has. So a client and the call that it has under way are 192 bytes side by side,
//! and what they have in common with others is asked of the storm and of the policy.

mod line;
mod population;
mod queue;
mod task;
mod wait;

use std::collections::VecDeque;

use forbear_core::{BorrowedEngine, Limiter, Policy};

pub(crate) use self::{
    line::{Line, Ticket},
    population::Population,
    queue::ClientQueue,
    task::Task,
    wait::{Answer, Wait},
};
use crate::rng::{Stream, StreamRng};
use crate::storm::Group;

/// A client in the middle of a run.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Client<'a> {
    /// The latest time until which the server asked it to wait, in ns.
    pub(crate) asked_to_wait_until: u64,
    pub(crate) engine: BorrowedEngine<'a, StreamRng>,
    /// What few clients need; none until one does.
    further: Option<Box<Further>>,
    /// Where callers think, the first call that has not been taken up yet: there a call is
    /// wanted by one that has none. Elsewhere, the callers that have none.
    callers: u32,
    pub(crate) succeeded: u32,
}

/// Where the calls of a client wait, by the places of their tasks, and its restarts.
#[derive(Debug, Default)]
struct Further {
    /// For the engine.
    line: Line,
    /// For a caller.
    backlog: VecDeque<u32>,
    restarts: u32,
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
            asked_to_wait_until: 0,
            engine: engine(policy, lease, StreamRng::jitter(seed, number)),
            further: None,
            callers: match group.think {
                Some(_) => group.first_call(number).saturating_add(group.callers),
                None => group.callers,
            },
            succeeded: 0,
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
        let further = self.further.get_or_insert_default();
        further.line = Line::default();
        further.restarts += 1;
        let jitter = StreamRng::of(seed, Stream::JitterAfter(number, further.restarts));
        self.engine = engine(policy, lease, jitter);
    }

    /// The line in front of its engine, if there ever was one.
    pub(crate) fn line(&self) -> Option<&Line> {
        self.further.as_ref().map(|further| &further.line)
    }

    pub(crate) fn line_mut(&mut self) -> &mut Line {
        &mut self.further.get_or_insert_default().line
    }

    /// The place of the task at the head of the line.
    pub(crate) fn head(&self) -> Option<u32> {
        self.line().and_then(Line::head)
    }

    /// The places of the tasks that wait for a caller.
    pub(crate) fn backlog(&self) -> impl Iterator<Item = u32> {
        self.further.iter().flat_map(|further| further.backlog.iter().copied())
    }

    /// A call is wanted of `group`, which is its own: whether a caller has none and takes it.
    pub(crate) const fn take_caller(&mut self, group: &Group) -> bool {
        if group.think.is_some() {
            return true;
        }
        let is_idle = self.callers > 0;
        self.callers -= is_idle as u32;
        is_idle
    }

    /// A caller of `group`, which is its own, has no call any more and finds none in the
    /// backlog; where callers think, returns what it calls next, unless that was its last.
    pub(crate) fn rest(&mut self, number: u32, group: &Group) -> Option<u32> {
        let next = self.callers;
        let is_left = group.think.is_none() || next < group.first_call(number) + group.calls_each;
        self.callers = next.saturating_add(is_left.into());
        (group.think.is_some() && is_left).then_some(next)
    }

    /// A task waits for a caller.
    pub(crate) fn wait_for_caller(&mut self, place: u32) {
        self.further.get_or_insert_default().backlog.push_back(place);
    }

    /// The task that waited the longest for a caller has one.
    pub(crate) fn next_in_backlog(&mut self) -> Option<u32> {
        self.further.as_mut()?.backlog.pop_front()
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
        return policy.borrowed_engine_behind_queue(jitter);
    }
    match lease {
        Some(lease) => policy.borrowed_engine_limited_by(lease, jitter),
        None => policy.borrowed_engine(jitter),
    }
}
