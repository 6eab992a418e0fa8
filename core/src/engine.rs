//! Limiter, backoff, stop condition and budget, as one state machine.

mod action;
mod call;
mod give_up;
mod hedge;
mod hint;
mod progress;
mod retries;
mod rules;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::task::Waker;

use crate::budget::Budget;
use crate::limiter::Cooldown;
use crate::{
    BackoffStrategy, Completion, Cost, Decision, Entropy, Limiter, Observation, Outcome,
    RateSignal, StopCondition, StopReason, Timestamp,
};

use self::call::State;
pub use self::{
    action::{Action, WaitReason},
    call::Call,
    give_up::GiveUp,
    hedge::Hedge,
    hint::{Beyond, HintRule},
    progress::Progress,
    rules::{HasRetryRules, RetryRules},
};
pub(crate) use self::{call::Own, retries::Retries};

/// The state that all calls to one destination share.
///
/// A driver asks [`poll`](Self::poll) what to do with a [`Call`] and reports
/// answers through [`complete`](Self::complete). Neither blocks, allocates, reads
/// a clock or does I/O, so a lock around the engine is held for nanoseconds, and
/// the same engine runs under Tokio, under threads and in the simulator.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::Constant;
/// use forbear_core::limiter::Gcra;
/// use forbear_core::stop::MaxAttempts;
/// use forbear_core::{
///     Action, Call, Cost, Engine, GiveUp, Observation, Outcome, SplitMix64, StopReason, Timestamp,
///     WaitReason,
/// };
///
/// let mut engine = Engine::new(
///     Gcra::per("10/s".parse().unwrap()),
///     Constant::new(Duration::from_secs(1)),
///     MaxAttempts::new(2).unwrap(),
///     SplitMix64::new(1),
/// );
/// let mut now = Timestamp::ZERO;
/// let mut call = Call::new(now, Cost::REQUEST);
///
/// assert_eq!(engine.poll(now, &mut call), Action::Send);
/// engine.complete(now, &mut call, &Observation::new(Outcome::Transient));
/// now = now.after(Duration::from_secs(1));
/// let wait = Action::SleepUntil(now, WaitReason::Backoff);
/// assert_eq!(engine.poll(Timestamp::ZERO, &mut call), wait);
///
/// assert_eq!(engine.poll(now, &mut call), Action::Send);
/// engine.complete(now, &mut call, &Observation::new(Outcome::Transient));
/// let gave_up = GiveUp::Stopped(StopReason::MaxAttempts(2));
/// assert_eq!(engine.poll(now, &mut call), Action::Finish(Err(gave_up)));
/// ```
#[derive(Debug)]
pub struct Engine<L = Box<dyn Limiter>, R = Arc<RetryRules>, E = Box<dyn Entropy + Send>> {
    limiter: L,
    retries: Retries<R, E>,
    cooldown: Cooldown,
}

impl<L: Limiter, B: BackoffStrategy, S: StopCondition, E: Entropy> Engine<L, RetryRules<B, S>, E> {
    /// Puts the parts together, without a budget and with the default
    /// [`HintRule`].
    pub fn new(limiter: L, backoff: B, stop: S, entropy: E) -> Self {
        Self::with_rules(limiter, RetryRules::new(backoff, stop), entropy)
    }

    /// With this rule for waits that the server asks for.
    #[must_use]
    pub fn with_hint_rule(mut self, hint: HintRule) -> Self {
        self.retries.rules.hint = hint;
        self
    }
}

impl<L: Limiter, R: HasRetryRules, E: Entropy> Engine<L, R, E> {
    /// Puts the parts together, without a budget, of which the rules may be shared.
    pub fn with_rules(limiter: L, rules: R, entropy: E) -> Self {
        Self { limiter, retries: Retries::new(rules, entropy), cooldown: Cooldown::new() }
    }

    /// With this retry budget.
    #[must_use]
    pub fn with_budget(mut self, budget: impl Budget + 'static) -> Self {
        self.retries.budget = Some(Box::new(budget));
        self
    }

    /// With this retry budget, which is in a box already.
    pub(crate) fn with_boxed_budget(mut self, budget: Box<dyn Budget>) -> Self {
        self.retries.budget = Some(budget);
        self
    }

    /// What to do with `call` now.
    ///
    /// [`Action::Send`] charges the limiter: the driver must send, and must end
    /// with [`complete`](Self::complete), [`abandon`](Self::abandon) or
    /// [`retract`](Self::retract).
    pub fn poll(&mut self, now: Timestamp, call: &mut Call) -> Action {
        match call.state {
            State::Done(end) => return Action::Finish(end),
            State::InFlight { .. } => {
                return Action::Park { until: None, reason: WaitReason::Answer };
            }
            State::Waiting { not_before, reason, .. } if now < not_before => {
                return Action::SleepUntil(not_before, reason);
            }
            State::Waiting { .. } => {}
        }
        let deadline = self.deadline(call);
        let started_at = call.started_at;
        let late = |time| {
            let at = deadline.filter(|&at| time >= at)?;
            Some(GiveUp::Stopped(StopReason::Deadline(at.since(started_at))))
        };
        if let Some(why) = late(now) {
            return self.finish_waiting(now, call, why);
        }
        let (decision, in_cooldown) = self.decide(now, &call.cost);
        match decision {
            Decision::Admit => {
                if call.unpaid && !self.retries.pay(now, call) {
                    return call.finished(GiveUp::BudgetExhausted);
                }
                self.limiter.commit(now, &call.cost);
                self.cooldown.commit(now, &call.cost);
                call.sends = call.sends.saturating_add(1);
                call.state = State::InFlight { sent_at: now, number: call.sends, is_hedge: false };
                Action::Send
            }
            Decision::WaitUntil(time) => {
                if in_cooldown && self.retries.hint().refuses(time.since(now)) {
                    let why = GiveUp::HintBeyondCap { opens_at: time };
                    return self.finish_waiting(now, call, why);
                }
                if let Some(why) = late(time) {
                    return self.finish_waiting(now, call, why);
                }
                // A limiter that names no later time breaks its contract; going
                // on one nanosecond later keeps a virtual clock moving.
                let time = time.max(Timestamp::from_nanos(now.as_nanos().saturating_add(1)));
                Action::SleepUntil(time, self.blame(now, &call.cost, in_cooldown))
            }
            Decision::WaitForCompletion => {
                Action::Park { until: deadline, reason: self.blame(now, &call.cost, in_cooldown) }
            }
            Decision::Refuse(refusal) => {
                let limiter = self.limiter.culprit(now, &call.cost);
                self.finish_waiting(now, call, GiveUp::Refused { limiter, refusal })
            }
        }
    }

    /// Takes in the answer to the last send.
    ///
    /// Does nothing if `call` is not in flight.
    pub fn complete(&mut self, now: Timestamp, call: &mut Call, signal: &dyn RateSignal) {
        self.complete_with(now, call, &signal.observe());
    }

    /// Takes in an answer that is plain data already; see
    /// [`complete`](Self::complete).
    pub fn complete_with(&mut self, now: Timestamp, call: &mut Call, observation: &Observation) {
        let State::InFlight { sent_at, .. } = call.state else { return };
        self.release(now, &call.cost, sent_at, observation);
        self.retries.answer(now, call, observation);
    }

    /// Ends a call that nobody waits for any more, and gives back what it held.
    ///
    /// A send that is under way stays charged: the server may have counted it. A
    /// retry that was not made goes back to the budget.
    pub fn abandon(&mut self, now: Timestamp, call: &mut Call) {
        if let State::InFlight { sent_at, .. } = call.state {
            self.release(now, &call.cost, sent_at, &Observation::new(Outcome::Ignored));
        }
        if !matches!(call.state, State::Done(_)) {
            let _ = self.finish_waiting(now, call, GiveUp::Abandoned);
        }
    }

    /// Takes in a call that was sent without asking, as it may where nothing
    /// [holds back](Self::is_calm) and nothing limits.
    #[cfg(feature = "tokio")]
    pub(crate) fn take_in(&mut self, now: Timestamp, call: &mut Call) {
        self.cooldown.commit(now, &call.cost);
        call.send(now);
    }

    /// Tells the budget of `count` first sends that succeeded; whether it can be told
    /// so of many at once, without their times.
    #[cfg(feature = "std")]
    pub(crate) fn hear_successes(&mut self, count: u64) -> bool {
        self.retries.budget.as_mut().is_none_or(|budget| budget.observe_successes(count))
    }

    /// Whether no wait that a server asked for is in force, nor its aftermath.
    #[cfg(feature = "std")]
    pub(crate) fn is_calm(&self, now: Timestamp) -> bool {
        !self.retries.hint().is_shared() || self.cooldown.is_idle(now)
    }

    /// Takes back a send that was permitted and not made, charge and all.
    ///
    /// A retry goes back to the budget, and is paid anew when the call is sent after
    /// all.
    pub fn retract(&mut self, now: Timestamp, call: &mut Call) {
        if let State::InFlight { sent_at, .. } = call.state {
            let mut unsent = Observation::new(Outcome::Ignored);
            unsent.usage = Some(Cost::ZERO);
            self.release(now, &call.cost, sent_at, &unsent);
            call.sends = call.sends.saturating_sub(1);
            call.state = State::waiting(now);
            self.retries.give_back(now, call);
        }
    }

    /// When `call` ends at the latest.
    #[must_use]
    pub fn deadline(&self, call: &Call) -> Option<Timestamp> {
        self.retries.deadline(call)
    }

    /// Apart: the limiter, and what decides about retries.
    #[cfg(feature = "std")]
    pub(crate) fn into_parts(self) -> (L, Retries<R, E>) {
        (self.limiter, self.retries)
    }

    /// Gives the limiter the waker of the driver; see [`Limiter::attach`].
    ///
    /// A driver whose waker is called asks again for each call that is parked.
    pub fn attach(&mut self, now: Timestamp, waker: &Waker) -> bool {
        self.limiter.attach(now, waker)
    }

    /// The limiter that the calls share.
    pub const fn limiter(&self) -> &L {
        &self.limiter
    }

    /// Tells what the cooldown and each part of the limiter say of a request of this
    /// cost at `now`, by name. Pure: it is for those who explain a wait.
    pub fn verdicts(
        &self,
        now: Timestamp,
        cost: &Cost,
        tell: &mut dyn FnMut(&'static str, Decision),
    ) {
        if self.retries.hint().is_shared() {
            self.cooldown.verdicts(now, cost, tell);
        }
        self.limiter.verdicts(now, cost, tell);
    }

    /// The stricter of the cooldown and the limiter, and whether it is the
    /// cooldown.
    fn decide(&self, now: Timestamp, cost: &Cost) -> (Decision, bool) {
        let limiter = self.limiter.check(now, cost);
        if !self.retries.hint().is_shared() {
            return (limiter, false);
        }
        let cooldown = self.cooldown.check(now, cost);
        (cooldown.and(limiter), cooldown > limiter)
    }

    fn blame(&self, now: Timestamp, cost: &Cost, in_cooldown: bool) -> WaitReason {
        if in_cooldown {
            WaitReason::Cooldown
        } else {
            WaitReason::Limiter(self.limiter.culprit(now, cost))
        }
    }

    #[inline]
    fn release(&mut self, now: Timestamp, cost: &Cost, sent_at: Timestamp, seen: &Observation) {
        let actual = seen.usage.unwrap_or(*cost);
        let completion = Completion { sent_at, cost: *cost, actual, observation: seen };
        self.limiter.observe(now, &completion);
        self.cooldown.observe(now, &completion);
    }

    /// Ends a call that waits, or that was given back what it held.
    #[cold]
    fn finish_waiting(&mut self, now: Timestamp, call: &mut Call, why: GiveUp) -> Action {
        if matches!(call.state, State::Waiting { .. }) {
            self.retries.give_back(now, call);
        }
        call.finished(why)
    }
}
