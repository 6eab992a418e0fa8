//! The short way of a call that succeeds when it is first polled.
//!
//! Most calls need no policy: nothing holds them back and their first attempt is
//! good. Where nothing has to hear of such a call as it happens, it takes no lock,
//! reads no clock and is but counted; its deposit in the retry budget is made up for
//! before the budget is next asked. A call that is not over after its first poll, or
//! that failed, begins in the shared state then.

mod tally;

use core::sync::atomic::{AtomicBool, Ordering};

pub(super) use self::tally::Tally;
#[cfg(feature = "tokio")]
use super::Shared;

/// What a policy knows of the calls that took the short way.
#[derive(Debug)]
pub(super) struct AtOnce {
    /// Whether the parts of the policy allow it: no limiter, no observer, no stop
    /// condition that may hold from the start, no budget that goes by time.
    allowed: bool,
    /// Whether it is allowed, no server's wait is in force and nobody stands in line.
    is_open: AtomicBool,
    successes: Tally,
}

impl AtOnce {
    pub(super) fn new(allowed: bool) -> Self {
        Self { allowed, is_open: AtomicBool::new(allowed), successes: Tally::new(allowed) }
    }

    /// Whether a call may be sent now without being asked for.
    ///
    /// Who is told of a server's wait at the same moment is as if it had been sent
    /// just before.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    pub(super) const fn is_allowed(&self) -> bool {
        self.allowed
    }

    /// Opens or closes the way, where it is allowed; to be said under the lock, or an
    /// older word may be the last.
    pub(super) fn set_open(&self, is_open: bool) {
        if is_open != self.is_open() {
            self.is_open.store(is_open && self.allowed, Ordering::Relaxed);
        }
    }

    #[cfg(feature = "tokio")]
    #[inline]
    pub(super) fn succeeded(&self) {
        self.successes.add_one();
    }

    /// How many calls took the short way to its end.
    pub(super) fn successes(&self) -> u64 {
        self.successes.total()
    }
}

/// Counts a call as gone away, unless it is defused: for a panic in the first poll.
#[cfg(feature = "tokio")]
#[derive(Debug)]
pub(super) struct FirstPoll<'a>(pub(super) &'a Shared);

#[cfg(feature = "tokio")]
impl FirstPoll<'_> {
    /// The poll came to its end.
    #[inline]
    pub(super) fn defuse(self) {
        core::mem::forget(self);
    }
}

#[cfg(feature = "tokio")]
impl Drop for FirstPoll<'_> {
    #[cold]
    fn drop(&mut self) {
        self.0.lose();
    }
}
