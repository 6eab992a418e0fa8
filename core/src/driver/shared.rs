//! The state that all calls of a policy share.

use alloc::sync::{Arc, Weak};
use core::task::Waker;
use core::time::Duration;
use std::sync::PoisonError;
use std::task::Wake;

use super::at_once::AtOnce;
use super::line::{Line, Ticket};
use super::observer::{Moment, Observers};
use super::sync::{Mutex, MutexGuard};
use super::{Attempts, MonotonicClock, Statistics, Wait};
use crate::{
    Action, Call, Clock, Engine, GiveUp, Hedge, Observation, Outcome, StopReason, Timestamp,
    WaitReason,
};

/// An engine, the line in front of it, and the clock that both go by.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    clock: MonotonicClock,
    observers: Observers,
    /// Whether some limiter may look at the time of an answer.
    limited: bool,
    at_once: AtOnce,
    attempt_timeout: Option<Duration>,
}

/// What there is to know of a policy beside its engine.
pub(crate) struct Setup {
    pub(crate) observers: Observers,
    /// Whether there are limiters.
    pub(crate) is_limited: bool,
    /// Whether no stop condition can hold before the first send.
    pub(crate) may_start_late: bool,
    pub(crate) attempt_timeout: Option<Duration>,
}

#[derive(Debug)]
struct State {
    engine: Engine,
    line: Line,
    statistics: Statistics,
    /// How many calls that succeeded at once the budget has been told of.
    successes_told: u64,
}

/// What a call that asked to be sent was told.
pub(super) enum Admission {
    /// Send, or end.
    Ready(Result<(), GiveUp>),
    /// Ask again when woken, or at this time.
    Wait {
        until: Option<Timestamp>,
        /// The wait, where it begins.
        begins: Option<Wait>,
    },
}

impl Shared {
    pub(crate) fn new(mut engine: Engine, setup: Setup) -> Arc<Self> {
        let Setup { observers, is_limited: limited, may_start_late, attempt_timeout } = setup;
        let (line, statistics) = (Line::default(), Statistics::default());
        let clock = MonotonicClock::start();
        let is_silent = observers.is_empty();
        let at_once = !limited && is_silent && may_start_late && engine.hear_successes(0);
        let at_once = AtOnce::new(at_once);
        Arc::new_cyclic(|shared| {
            if limited {
                let waker = Waker::from(Arc::new(WakeHead(Weak::clone(shared))));
                engine.attach(clock.now(), &waker);
            }
            let state = Mutex::new(State { engine, line, statistics, successes_told: 0 });
            Self { state, clock, observers, limited, at_once, attempt_timeout }
        })
    }

    #[inline]
    pub(super) fn tell(&self, moment: Moment<'_>, call: &Attempts) {
        self.observers.tell(moment, call);
    }

    pub(super) fn statistics(&self) -> Statistics {
        let state = self.lock();
        // What the lock has told the budget of is all there is to count.
        state.statistics.with_successes_at_once(state.successes_told)
    }

    #[cfg(feature = "tokio")]
    pub(super) const fn at_once(&self) -> &AtOnce {
        &self.at_once
    }

    /// Takes in a call whose first attempt was sent at once and is not done, or failed.
    #[cfg(feature = "tokio")]
    pub(super) fn take_in(&self, call: &mut Call) {
        let mut state = self.lock();
        let now = self.clock.now();
        state.begin(now, call);
        state.engine.take_in(now, call);
        state.statistics.send(false, now, now);
    }

    /// Counts a call that was sent at once and panicked.
    #[cfg(feature = "tokio")]
    pub(super) fn lose(&self) {
        let statistics = &mut self.lock().statistics;
        statistics.calls += 1;
        statistics.sends += 1;
        statistics.end(Err(GiveUp::Abandoned));
    }

    pub(super) const fn attempt_timeout(&self) -> Option<Duration> {
        self.attempt_timeout
    }

    pub(super) const fn clock(&self) -> MonotonicClock {
        self.clock
    }

    /// Asks whether `call` may be sent; `waker` is woken when it should ask again.
    pub(super) fn admit(
        &self,
        call: &mut Call,
        ticket: &mut Option<Ticket>,
        waker: &Waker,
    ) -> Admission {
        let mut state = self.lock();
        // Read under the lock, or it may be older than what another call saw.
        let now = self.clock.now();
        let (admission, next) = state.admit(now, call, ticket, waker);
        self.look_for_calm(&state, now);
        drop(state);
        wake(next);
        admission
    }

    /// Reports the answer to a send, and returns when it came.
    pub(super) fn complete(&self, call: &mut Call, seen: &Observation) -> Timestamp {
        let mut state = self.lock();
        // Without a limiter nothing looks at the time of a success, and reading
        // the clock is half of what such a call costs.
        let timeless = !self.limited && seen.outcome == Outcome::Success;
        let sent_at = call.sent_at().filter(|_| timeless);
        let now = sent_at.unwrap_or_else(|| self.clock.now());
        state.statistics.answer_to(call.in_flight(), seen);
        state.engine.complete_with(now, call, seen);
        state.statistics.answer(seen, call.end());
        if !timeless {
            self.look_for_calm(&state, now);
        }
        release(state);
        now
    }

    /// A further send of `call` that may go at once.
    pub(super) fn hedge(&self, call: &mut Call) -> Option<Hedge> {
        let mut state = self.lock();
        // Whoever stands in line came before it.
        if !state.line.is_empty() {
            return None;
        }
        let hedge = state.engine.hedge(self.clock.now(), call)?;
        state.statistics.hedge();
        Some(hedge)
    }

    /// Gives back the place of a send that nobody waits for.
    pub(super) fn end_hedge(&self, hedge: Hedge) {
        let mut state = self.lock();
        state.engine.end_hedge(self.clock.now(), hedge);
        release(state);
    }

    /// Reports a failure of a call that goes on with `hedge`, and returns when it came.
    pub(super) fn fall_back(&self, call: &mut Call, hedge: Hedge, seen: &Observation) -> Timestamp {
        let mut state = self.lock();
        let now = self.clock.now();
        state.engine.fall_back(now, call, hedge, seen);
        state.statistics.answer(seen, None);
        self.look_for_calm(&state, now);
        release(state);
        now
    }

    /// Takes back a send that was permitted and not made.
    pub(super) fn retract(&self, call: &mut Call) {
        let mut state = self.lock();
        if call.is_in_flight() {
            state.statistics.take_back(call.sends() > 1);
        }
        state.engine.retract(self.clock.now(), call);
        release(state);
    }

    /// Ends a call whose retry is made elsewhere; how long that has to wait.
    pub(super) fn hand_over(&self, call: &mut Call) -> Option<Duration> {
        let mut state = self.lock();
        let due = call.not_before().filter(|_| call.sends() > 0)?;
        let wait = due.since(self.clock.now());
        call.hand_over();
        state.statistics.end(Err(GiveUp::Abandoned));
        Some(wait)
    }

    /// Ends a call that waits because somebody else said so.
    pub(super) fn cancel(&self, call: &mut Call, ticket: &mut Option<Ticket>) -> GiveUp {
        let why = GiveUp::Stopped(StopReason::Cancelled);
        let mut state = self.lock();
        let now = self.clock.now();
        state.begin(now, call);
        // It gives back what the call holds, as of one that went away.
        state.engine.abandon(now, call);
        call.finish(why);
        state.statistics.end(Err(why));
        if let Some(place) = ticket.take() {
            state.line.leave(place);
        }
        release(state);
        why
    }

    /// Gives back the place and the send of a call that nobody waits for.
    pub(super) fn abandon(&self, call: &mut Call, ticket: &mut Option<Ticket>) {
        let mut state = self.lock();
        if call.end().is_none() && !call.is_unstarted() {
            state.statistics.end(Err(GiveUp::Abandoned));
        }
        state.engine.abandon(self.clock.now(), call);
        if let Some(place) = ticket.take() {
            state.line.leave(place);
        }
        release(state);
    }

    /// Time until `call` ends at the latest; one that has not begun begins now.
    pub(super) fn time_left(&self, call: &Call) -> Option<Duration> {
        let state = self.lock();
        let now = self.clock.now();
        let deadline = if call.is_unstarted() {
            let mut begun = call.clone();
            begun.start_at(now);
            state.engine.deadline(&begun)
        } else {
            state.engine.deadline(call)
        };
        deadline.map(|deadline| deadline.since(now))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The engine's invariants hold between its methods, so a panic of another
        // holder leaves nothing half done.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.at_once.is_allowed() {
            state.hear_successes(self.at_once.successes());
        }
        state
    }

    /// Says whether calls may be sent at once: while a server's wait is in force, or
    /// somebody stands in line, each has to ask.
    fn look_for_calm(&self, state: &State, now: Timestamp) {
        if self.at_once.is_allowed() {
            self.at_once.set_open(state.line.is_empty() && state.engine.is_calm(now));
        }
    }
}

/// Wakes the head of the line, for a limiter that has news from elsewhere.
struct WakeHead(Weak<Shared>);

impl Wake for WakeHead {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // A policy that is gone has nobody in line.
        if let Some(shared) = self.0.upgrade() {
            release(shared.lock());
        }
    }
}

impl State {
    /// Begins a call, unless it has begun.
    fn begin(&mut self, now: Timestamp, call: &mut Call) {
        if call.is_unstarted() {
            call.start_at(now);
            self.statistics.calls += 1;
        }
    }

    /// Tells the budget of the calls that succeeded at once since it was told last.
    #[inline]
    fn hear_successes(&mut self, successes: u64) {
        let count = successes.wrapping_sub(self.successes_told);
        if count > 0 {
            self.engine.hear_successes(count);
            self.successes_told = successes;
        }
    }

    /// The answer to a call, and who is to be woken once the lock is released.
    fn admit(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        ticket: &mut Option<Ticket>,
        waker: &Waker,
    ) -> (Admission, Option<Waker>) {
        self.begin(now, call);
        if let Some(time) = call.not_before()
            && now < time
        {
            // It backs off, and joins the line when that is over.
            return (Admission::Wait { until: Some(time), begins: None }, None);
        }
        let first = ticket.map_or_else(|| self.line.is_empty(), |place| self.line.is_head(place));
        // Behind others, only the deadline can end the wait.
        if !first {
            let deadline = self.engine.deadline(call);
            if deadline.is_none_or(|at| now < at) {
                let wait = Wait::new(None, WaitReason::Line);
                return (self.stand(ticket, waker, deadline, wait), None);
            }
        }
        let since = call.waits_since();
        let ready = match self.engine.poll(now, call) {
            Action::Send => {
                self.statistics.send(call.sends() > 1, since.unwrap_or(now), now);
                Ok(())
            }
            Action::Finish(end) => {
                // One that waited until now; one that was over was counted before.
                if since.is_some() {
                    self.statistics.end(end);
                }
                end
            }
            Action::SleepUntil(time, reason) => {
                let wait = Wait::new(Some(time.since(now)), reason);
                return (self.stand(ticket, waker, Some(time), wait), None);
            }
            Action::Park { until, reason } => {
                return (self.stand(ticket, waker, until, Wait::new(None, reason)), None);
            }
        };
        let next = ticket.take().and_then(|place| {
            let was_head = self.line.is_head(place);
            self.line.leave(place);
            self.line.head().filter(|_| was_head)
        });
        (Admission::Ready(ready), next)
    }

    /// Makes sure that the call has a place, and that it is woken by `waker`.
    fn stand(
        &mut self,
        ticket: &mut Option<Ticket>,
        waker: &Waker,
        until: Option<Timestamp>,
        wait: Wait,
    ) -> Admission {
        let begins = ticket.is_none().then_some(wait);
        match *ticket {
            Some(place) => self.line.rewake(place, waker),
            None => *ticket = Some(self.line.join(waker)),
        }
        Admission::Wait { until, begins }
    }
}

/// Releases the lock and wakes the head: whatever the caller gave back, the head may
/// have waited for it.
fn release(state: MutexGuard<'_, State>) {
    let head = state.line.head();
    drop(state);
    wake(head);
}

/// Wakes outside the lock: a waker may run its task at once, in this thread.
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
