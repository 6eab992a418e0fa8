//! Noticing that nothing is started.

use alloc::vec::Vec;
use core::time::Duration;

use super::carried::Carried;
use super::guarded::Guarded;
use crate::queue::{Queue, Stall};
use crate::{Limiter, Timestamp};

/// Tells when jobs wait and none was started for a while.
#[derive(Debug)]
pub(super) struct Watch {
    /// For how long; absent where nobody wants to know.
    pub(super) patience: Option<Duration>,
    /// When a job was started, one came to an empty queue, or stalls were told of.
    last: Timestamp,
    /// When a job was started, or one came to an empty queue.
    quiet_since: Timestamp,
}

impl Watch {
    pub(super) const fn new(patience: Option<Duration>) -> Self {
        Self { patience, last: Timestamp::ZERO, quiet_since: Timestamp::ZERO }
    }

    /// Nothing stalls now.
    pub(super) const fn rest(&mut self, now: Timestamp) {
        self.last = now;
        self.quiet_since = now;
    }

    /// When to look next.
    pub(super) fn due<T, L: Limiter>(
        &self,
        queue: &Queue<Carried<T>, Guarded<L>>,
    ) -> Option<Timestamp> {
        let patience = self.patience.filter(|_| queue.tally().queued > 0)?;
        Some(self.last.after(patience))
    }

    /// What waits, and for how long nothing was started, if that is long enough.
    pub(super) fn look<T, L: Limiter>(
        &mut self,
        now: Timestamp,
        queue: &Queue<Carried<T>, Guarded<L>>,
    ) -> Option<(Duration, Vec<Stall>)> {
        self.due(queue).filter(|&due| due <= now)?;
        self.last = now;
        Some((now.since(self.quiet_since), queue.stalls(now).collect()))
    }
}
