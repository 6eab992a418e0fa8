//! One logical request, over all its attempts.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::num::NonZeroU32;
use core::time::Duration;

use super::{Action, GiveUp, WaitReason};
use crate::{BackoffStrategy, Cost, Outcome, Retry, StopCondition, Timestamp};

/// One logical request, over all its attempts.
///
/// It is within every future that waits, so it is kept small: 136 bytes, durations
/// as whole nanoseconds, and what few calls have in a box.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) cost: Cost,
    pub(super) started_at: Timestamp,
    pub(super) sends: u32,
    pub(super) repeatable: bool,
    /// Whether a retry that the budget gave was taken back, and is to be paid anew.
    pub(super) unpaid: bool,
    /// How the last attempt ended.
    pub(super) outcome: Outcome,
    /// The delay that the strategy gave last; `None` before the first.
    pub(super) previous_delay_ns: Option<u64>,
    /// Those delays, added up.
    pub(super) total_delay_ns: u64,
    /// Time waited between attempts, the server's part included.
    pub(super) waited_ns: u64,
    /// What the budget charged for the last retry.
    pub(super) paid: u64,
    pub(super) own: Option<Box<Own>>,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Waiting {
        since: Timestamp,
        not_before: Timestamp,
        reason: WaitReason,
    },
    /// `number` is 1 for the first send of the call.
    InFlight {
        sent_at: Timestamp,
        number: u32,
        is_hedge: bool,
    },
    Done(Result<(), GiveUp>),
}

/// What a call has instead of the engine's, or of its own.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub(crate) backoff: Option<Arc<dyn BackoffStrategy>>,
    pub(crate) stop: Option<Arc<dyn StopCondition>>,
    /// For drivers, which see to it.
    #[cfg(feature = "std")]
    pub(crate) attempt_timeout: Option<Duration>,
    /// Flags that end its waits.
    #[cfg(feature = "std")]
    pub(crate) cancels: alloc::vec::Vec<crate::stop::Cancel>,
    /// What wakes it while it waits.
    #[cfg(feature = "std")]
    watches: alloc::vec::Vec<crate::stop::Watch>,
}

impl Own {
    #[cfg(feature = "std")]
    pub(crate) fn new(
        backoff: Option<Arc<dyn BackoffStrategy>>,
        stop: Option<Arc<dyn StopCondition>>,
        cancels: alloc::vec::Vec<crate::stop::Cancel>,
    ) -> Self {
        Self { backoff, stop, cancels, ..Self::default() }
    }
}

/// A copy is not woken until it waits itself.
impl Clone for Own {
    fn clone(&self) -> Self {
        Self {
            backoff: self.backoff.clone(),
            stop: self.stop.clone(),
            #[cfg(feature = "std")]
            attempt_timeout: self.attempt_timeout,
            #[cfg(feature = "std")]
            cancels: self.cancels.clone(),
            #[cfg(feature = "std")]
            watches: alloc::vec::Vec::new(),
        }
    }
}

impl Call {
    /// A call of this cost that begins now.
    #[must_use]
    #[inline]
    pub const fn new(now: Timestamp, cost: Cost) -> Self {
        Self {
            cost,
            started_at: now,
            sends: 0,
            repeatable: true,
            unpaid: false,
            outcome: Outcome::Ignored,
            previous_delay_ns: None,
            total_delay_ns: 0,
            waited_ns: 0,
            paid: 0,
            own: None,
            state: State::waiting(now),
        }
    }

    /// The same call with a backoff of its own instead of the engine's.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use forbear_core::backoff::Constant;
    /// use forbear_core::{Call, Cost, Timestamp};
    ///
    /// let impatient = Arc::new(Constant::new(Duration::from_millis(1)));
    /// let call = Call::new(Timestamp::ZERO, Cost::REQUEST).with_backoff(impatient);
    /// # let _ = call;
    /// ```
    #[must_use]
    pub fn with_backoff(mut self, backoff: Arc<dyn BackoffStrategy>) -> Self {
        self.own.get_or_insert_default().backoff = Some(backoff);
        self
    }

    /// The same call with a stop condition of its own instead of the engine's.
    #[must_use]
    pub fn with_stop(mut self, stop: Arc<dyn StopCondition>) -> Self {
        self.own.get_or_insert_default().stop = Some(stop);
        self
    }

    /// A call that begins when it is first asked about, which saves a driver one
    /// reading of the clock.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn unstarted(cost: Cost, own: Option<Box<Own>>) -> Self {
        Self { own, ..Self::new(Timestamp::MAX, cost) }
    }

    #[cfg(feature = "std")]
    pub(crate) fn is_unstarted(&self) -> bool {
        self.started_at == Timestamp::MAX
    }

    /// Begins an unstarted call.
    #[cfg(feature = "std")]
    pub(crate) fn start_at(&mut self, now: Timestamp) {
        if self.is_unstarted() {
            self.started_at = now;
            self.state = State::waiting(now);
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

    /// What it waits for, unless it is in flight or over.
    #[must_use]
    pub const fn waits_for(&self) -> Option<WaitReason> {
        match self.state {
            State::Waiting { reason, .. } => Some(reason),
            State::InFlight { .. } | State::Done(_) => None,
        }
    }

    /// Since when it waits to be sent: its start, or the end of the last attempt.
    #[must_use]
    pub const fn waits_since(&self) -> Option<Timestamp> {
        match self.state {
            State::Waiting { since, .. } => Some(since),
            State::InFlight { .. } | State::Done(_) => None,
        }
    }

    /// When the send was made whose answer is outstanding.
    #[must_use]
    pub const fn sent_at(&self) -> Option<Timestamp> {
        match self.state {
            State::InFlight { sent_at, .. } => Some(sent_at),
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

    /// Counts attempts that were made elsewhere, as by a process before this one, to be
    /// said once it is known; the waits between them are not.
    ///
    /// ```
    /// use forbear_core::{Call, Cost, Timestamp};
    ///
    /// let mut call = Call::new(Timestamp::ZERO, Cost::REQUEST);
    /// call.sent_before(3);
    /// assert_eq!(call.sends(), 3);
    /// ```
    pub const fn sent_before(&mut self, sends: u32) {
        self.sends = self.sends.saturating_add(sends);
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

    /// How long each of its attempts may take, where it has a time of its own.
    #[cfg(feature = "std")]
    pub(crate) fn own_attempt_timeout(&self) -> Option<Duration> {
        self.own.as_ref().and_then(|own| own.attempt_timeout)
    }

    /// The number of the send whose answer is outstanding, from 1, and whether it is a
    /// [`Hedge`](super::Hedge).
    #[cfg(feature = "std")]
    pub(crate) const fn in_flight(&self) -> Option<(u32, bool)> {
        match self.state {
            State::InFlight { number, is_hedge, .. } => Some((number, is_hedge)),
            State::Waiting { .. } | State::Done(_) => None,
        }
    }

    /// The retry that would follow a send that ended in `outcome`.
    pub(super) fn retry(&self, now: Timestamp, outcome: Outcome, hint: Option<Duration>) -> Retry {
        Retry {
            number: NonZeroU32::new(self.sends).unwrap_or(NonZeroU32::MIN),
            previous_delay: self.previous_delay_ns.map(Duration::from_nanos),
            total_delay: Duration::from_nanos(self.total_delay_ns),
            waited: Duration::from_nanos(self.waited_ns),
            now,
            elapsed: now.since(self.started_at),
            outcome,
            hint,
        }
    }

    /// Is sent now: a driver that asks limiters of its own says so.
    #[cfg(feature = "std")]
    pub(crate) const fn send(&mut self, now: Timestamp) {
        self.sends = self.sends.saturating_add(1);
        self.state = State::InFlight { sent_at: now, number: self.sends, is_hedge: false };
    }

    /// Has `waker` woken when a flag ends its wait; whether one has ended it already.
    #[cfg(feature = "std")]
    pub(crate) fn watch_cancels(&mut self, waker: &core::task::Waker) -> bool {
        let Some(own) = &mut self.own else { return false };
        own.watches.clear();
        for cancel in &own.cancels {
            let Some(watch) = crate::stop::Watch::new(cancel, waker) else { return true };
            own.watches.push(watch);
        }
        false
    }

    /// It does not wait any more.
    #[cfg(feature = "std")]
    pub(crate) fn unwatch_cancels(&mut self) {
        if let Some(own) = &mut self.own {
            own.watches.clear();
        }
    }

    /// Waits for a retry that a driver decided on.
    #[cfg(feature = "std")]
    pub(crate) const fn wait_until(&mut self, now: Timestamp, not_before: Timestamp) {
        self.state = State::Waiting { since: now, not_before, reason: WaitReason::Backoff };
    }

    /// Is over here, and goes on elsewhere with what it paid for.
    #[cfg(feature = "std")]
    pub(crate) const fn hand_over(&mut self) {
        self.finish(GiveUp::Abandoned);
    }

    /// Was not sent after all.
    #[cfg(feature = "std")]
    pub(crate) const fn unsend(&mut self, now: Timestamp) {
        self.sends = self.sends.saturating_sub(1);
        self.state = State::waiting(now);
    }

    pub(crate) const fn finish(&mut self, why: GiveUp) {
        self.state = State::Done(Err(why));
    }

    pub(super) const fn finished(&mut self, why: GiveUp) -> Action {
        self.finish(why);
        Action::Finish(Err(why))
    }
}

impl State {
    /// May be sent at once.
    pub(super) const fn waiting(now: Timestamp) -> Self {
        Self::Waiting { since: now, not_before: now, reason: WaitReason::Backoff }
    }
}
