//! A call and the task that drives it.

use forbear_core::{Progress, Timestamp};

use super::Wait;

/// A call that has begun, and what a task of the production driver would hold.
///
/// What does not change, its cost and its luck, is the storm's.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Task {
    pub(crate) progress: Progress,
    /// When it was wanted, in ns.
    pub(crate) arrived_at: u64,
    pub(crate) wait: Wait,
    /// The call, or [`NOBODY`].
    call: u32,
    /// Attempts that it made before its client restarted last.
    pub(crate) forgotten: u32,
}

/// The call of a place that has none.
const NOBODY: u32 = u32::MAX;

impl Task {
    /// A place that has no call.
    pub(super) const fn vacant() -> Self {
        Self::new(0, NOBODY, Wait::new())
    }

    /// The task of `call`, which is wanted `now`.
    const fn new(now: u64, call: u32, wait: Wait) -> Self {
        let progress = Progress::new(Timestamp::from_nanos(now));
        Self { progress, arrived_at: now, wait, call, forgotten: 0 }
    }

    /// `call` has its task here, and is wanted `now`.
    pub(super) fn open(&mut self, now: u64, call: u32) {
        debug_assert!(self.is_vacant(), "a place has one call at a time");
        *self = Self::new(now, call, self.wait.next());
    }

    /// The call is over.
    pub(super) const fn close(&mut self) {
        self.wait.forget();
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
        self.wait.forget();
    }
}
