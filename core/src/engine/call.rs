//! One logical request, over all its attempts.

use core::time::Duration;

use super::{Action, GiveUp, WaitReason};
use crate::{Cost, Timestamp};

/// One logical request, over all its attempts.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) cost: Cost,
    pub(super) started_at: Timestamp,
    pub(super) sends: u32,
    pub(super) repeatable: bool,
    pub(super) previous_delay: Option<Duration>,
    pub(super) total_delay: Duration,
    pub(super) waited: Duration,
    /// What the budget charged for the last retry.
    pub(super) paid: u64,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Waiting { not_before: Timestamp, reason: WaitReason },
    InFlight { sent_at: Timestamp },
    Done(Result<(), GiveUp>),
}

impl Call {
    /// A call of this cost that begins now.
    #[must_use]
    pub const fn new(now: Timestamp, cost: Cost) -> Self {
        let state = State::Waiting { not_before: now, reason: WaitReason::Backoff };
        Self {
            cost,
            started_at: now,
            sends: 0,
            repeatable: true,
            previous_delay: None,
            total_delay: Duration::ZERO,
            waited: Duration::ZERO,
            paid: 0,
            state,
        }
    }

    /// A call that begins when it is first asked about, which saves a driver one
    /// reading of the clock.
    #[cfg(feature = "std")]
    pub(crate) const fn unstarted(cost: Cost) -> Self {
        Self::new(Timestamp::MAX, cost)
    }

    #[cfg(feature = "std")]
    pub(crate) fn is_unstarted(&self) -> bool {
        self.started_at == Timestamp::MAX
    }

    /// Begins an unstarted call.
    #[cfg(feature = "std")]
    pub(crate) fn start_at(&mut self, now: Timestamp) {
        if self.is_unstarted() {
            *self = Self::new(now, self.cost);
        }
    }

    /// When its own backoff is over, unless it is in flight or over itself.
    ///
    /// A driver that queues calls lets one join the queue only then, so that a
    /// call that backs off holds nobody up.
    #[must_use]
    pub const fn not_before(&self) -> Option<Timestamp> {
        match self.state {
            State::Waiting { not_before, .. } => Some(not_before),
            State::InFlight { .. } | State::Done(_) => None,
        }
    }

    /// When the send was made whose answer is outstanding.
    #[must_use]
    pub const fn sent_at(&self) -> Option<Timestamp> {
        match self.state {
            State::InFlight { sent_at } => Some(sent_at),
            State::Waiting { .. } | State::Done(_) => None,
        }
    }

    /// How it ended, once it has.
    #[must_use]
    pub const fn end(&self) -> Option<Result<(), GiveUp>> {
        match self.state {
            State::Done(end) => Some(end),
            State::Waiting { .. } | State::InFlight { .. } => None,
        }
    }

    /// How many times it was sent.
    #[must_use]
    pub const fn sends(&self) -> u32 {
        self.sends
    }

    /// What it costs.
    #[must_use]
    pub const fn cost(&self) -> &Cost {
        &self.cost
    }

    /// Says that the request cannot, or must not, be sent once more: its body is
    /// gone, or the server may have done it already.
    ///
    /// A failure that a retry could cure then ends the call.
    pub const fn forbid_repeat(&mut self) {
        self.repeatable = false;
    }

    /// When it began.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Whether an answer is outstanding.
    #[must_use]
    pub const fn is_in_flight(&self) -> bool {
        matches!(self.state, State::InFlight { .. })
    }

    pub(super) const fn finish(&mut self, why: GiveUp) {
        self.state = State::Done(Err(why));
    }

    pub(super) const fn finished(&mut self, why: GiveUp) -> Action {
        self.finish(why);
        Action::Finish(Err(why))
    }
}
