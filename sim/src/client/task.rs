//! A call and the task that drives it.

use forbear_core::{Call, Cost, Timestamp};

use super::Ticket;
use crate::rng::Luck;
use crate::server::{Reply, Request};
use crate::storm::{Planned, Script};

/// A call that has begun, and what a task of the production driver would hold.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) call: Call,
    /// Whose it is.
    pub(crate) client: u32,
    /// What it does cost; the storm's, as the next is, kept where an event looks anyway.
    actual: Cost,
    /// The key of its luck.
    pub(crate) key: u64,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) timer: Timer,
    /// Whether it is in the run queue.
    pub(crate) woken: bool,
    /// When it was wanted, in ns.
    pub(crate) arrived_at: u64,
    /// Attempts that it made before its client restarted last.
    pub(crate) forgotten: u32,
    /// The time on the way back of the attempt under way, in ns.
    pub(crate) back_ns: u64,
    /// When the client stops waiting for the attempt under way, in ns.
    pub(crate) waits_until: u64,
    /// The answer on its way.
    pub(crate) reply: Reply,
}

/// The timer of a task: set once, reset, or dropped.
///
/// A timer that is reset leaves its event in the queue, and is told from it by the
/// generation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timer {
    /// What it was set to, before the granularity of the clock, in ns.
    pub(crate) deadline: Option<u64>,
    /// When it goes off, if it is yet to do so, in ns.
    pub(crate) fires_at: Option<u64>,
    pub(crate) generation: u32,
}

impl Task {
    /// A call that is wanted `now`.
    pub(crate) const fn new(now: u64, planned: &Planned) -> Self {
        Self {
            call: Call::new(Timestamp::from_nanos(now), planned.reserved),
            client: planned.client,
            actual: planned.actual,
            key: planned.key,
            ticket: None,
            timer: Timer { deadline: None, fires_at: None, generation: 0 },
            woken: false,
            arrived_at: now,
            forgotten: 0,
            back_ns: 0,
            waits_until: u64::MAX,
            reply: Reply::TIMED_OUT,
        }
    }

    /// The number of the last attempt, counted from 1 and on through restarts.
    pub(crate) const fn attempt(&self) -> u32 {
        self.forgotten.saturating_add(self.call.sends())
    }

    /// What the server sees of an attempt.
    pub(crate) const fn request(&self, attempt: u32, script: Option<Script>) -> Request<'_> {
        let luck = Luck::new(self.key, attempt);
        Request { reserved: self.call.cost(), actual: &self.actual, luck, script }
    }

    /// Whether the answer to this attempt is waited for.
    pub(crate) const fn awaits(&self, attempt: u32) -> bool {
        self.attempt() == attempt && self.call.is_in_flight()
    }

    /// What a restart leaves of it: the call, which the queue has again.
    pub(crate) const fn forget(&mut self) {
        self.forgotten = self.attempt();
        self.ticket = None;
        self.timer.clear();
    }
}

impl Timer {
    /// Sets it to `deadline`, to go off at `fires_at`; returns the generation of the
    /// event to schedule, or `None` if it was set to that already.
    pub(crate) fn set(&mut self, deadline: u64, fires_at: u64) -> Option<u32> {
        if self.deadline == Some(deadline) && self.fires_at.is_some() {
            return None;
        }
        self.generation = self.generation.wrapping_add(1);
        self.deadline = Some(deadline);
        self.fires_at = Some(fires_at);
        Some(self.generation)
    }

    /// Drops it.
    pub(crate) const fn clear(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.deadline = None;
        self.fires_at = None;
    }

    /// An event of `generation` comes; whether it is this timer that goes off.
    pub(crate) const fn goes_off(&mut self, generation: u32) -> bool {
        let mine = self.generation == generation && self.fires_at.is_some();
        if mine {
            self.fires_at = None;
        }
        mine
    }
}
