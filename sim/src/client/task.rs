//! A call and the task that drives it.

use forbear_core::{Progress, Timestamp};

use super::{Ticket, Timer};

/// A call that has begun, and what a task of the production driver would hold.
///
/// What does not change, its cost and its luck, is the storm's.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Task {
    pub(crate) progress: Progress,
    pub(crate) timer: Timer,
    /// When it was wanted, in ns.
    pub(crate) arrived_at: u64,
    /// Of the attempt under way, in ns: the time on the way back, and once the answer is
    /// under way the wait that it asks for, with [`NO_WAIT`] for none.
    pub(crate) answer_ns: u64,
    /// The call, or [`NOBODY`].
    call: u32,
    /// Attempts that it made before its client restarted last.
    pub(crate) forgotten: u32,
    pub(crate) ticket: Option<Ticket>,
    /// Of the answer under way; 0 if the client stops waiting.
    pub(crate) status: u16,
    /// Whether the answer under way says what the request used.
    pub(crate) tells_usage: bool,
    /// Whether it is in the run queue.
    pub(crate) woken: bool,
}

/// An answer that asks for no wait.
pub(crate) const NO_WAIT: u64 = u64::MAX;

/// The call of a place that has none.
const NOBODY: u32 = u32::MAX;

impl Task {
    /// A place that has no call.
    pub(super) fn vacant() -> Self {
        Self::new(0, NOBODY, Timer::default())
    }

    /// The task of `call`, which is wanted `now`.
    fn new(now: u64, call: u32, timer: Timer) -> Self {
        Self {
            progress: Progress::new(Timestamp::from_nanos(now)),
            timer,
            arrived_at: now,
            answer_ns: NO_WAIT,
            call,
            forgotten: 0,
            ticket: None,
            status: 0,
            tells_usage: false,
            woken: false,
        }
    }

    /// `call` has its task here, and is wanted `now`.
    pub(super) fn open(&mut self, now: u64, call: u32) {
        debug_assert!(self.is_vacant(), "a place has one call at a time");
        *self = Self::new(now, call, self.timer.next());
    }

    /// The call is over.
    pub(super) const fn close(&mut self) {
        self.timer.clear();
        self.call = NOBODY;
    }

    pub(super) const fn is_vacant(&self) -> bool {
        self.call == NOBODY
    }

    /// The call that has its task here.
    pub(crate) const fn call(&self) -> u32 {
        self.call
    }

    /// Whether `call` has its task here.
    pub(crate) const fn is_of(&self, call: u32) -> bool {
        self.call == call
    }

    /// The number of the last attempt, counted from 1 and on through restarts.
    pub(crate) const fn attempt(&self) -> u32 {
        self.forgotten.saturating_add(self.progress.sends())
    }

    /// Whether the answer to this attempt of `call` is waited for.
    pub(crate) const fn awaits(&self, call: u32, attempt: u32) -> bool {
        self.is_of(call) && self.attempt() == attempt && self.progress.is_in_flight()
    }

    /// What a restart leaves of it: the call, which the queue has again.
    pub(crate) const fn forget(&mut self) {
        self.forgotten = self.attempt();
        self.ticket = None;
        self.timer.clear();
    }
}
