//! Whether a call that was answered is sent once more, and when.

use alloc::boxed::Box;
use core::time::Duration;

use super::call::State;
use super::{Call, HasRetryRules, HintRule, Own, WaitReason};
use crate::backoff::above_hint;
use crate::budget::{Attempt, Budget};
use crate::time::nanos;
use crate::{
    BackoffStrategy, Entropy, GiveUp, Observation, Outcome, Retry, StopCondition, Timestamp,
};

/// What decides about retries: everything of an engine but its limiter.
///
/// The queue's driver has one a scope, and asks it as an engine does.
#[derive(Debug)]
pub(crate) struct Retries<R, E> {
    pub(super) rules: R,
    entropy: E,
    pub(super) budget: Option<Box<dyn Budget>>,
}

impl<R: HasRetryRules, E: Entropy> Retries<R, E> {
    /// Without a budget.
    pub(super) const fn new(rules: R, entropy: E) -> Self {
        Self { rules, entropy, budget: None }
    }

    /// The rule for waits that the server asks for.
    pub(super) fn hint(&self) -> &HintRule {
        &self.rules.retry_rules().hint
    }

    /// What holds back all callers of the scope after a hint, if hints are shared.
    #[cfg(feature = "std")]
    pub(crate) fn cooldown(&self) -> Option<crate::limiter::Cooldown> {
        self.hint().is_shared().then(crate::limiter::Cooldown::new)
    }

    /// The condition that ends calls that have none of their own.
    #[cfg(feature = "std")]
    pub(crate) fn stop(&self) -> &R::Stop {
        &self.rules.retry_rules().stop
    }

    /// When `call` ends at the latest.
    pub(crate) fn deadline(&self, call: &Call) -> Option<Timestamp> {
        match call.own.as_deref() {
            Some(Own { stop: Some(stop), .. }) => stop.deadline(call.started_at),
            _ => self.rules.retry_rules().stop.deadline(call.started_at),
        }
    }

    /// Takes in the answer to the last send, of which the limiters know: the call is
    /// over, or waits for its retry.
    pub(crate) fn answer(&mut self, now: Timestamp, call: &mut Call, observation: &Observation) {
        self.learn(now, call, observation);
        match observation.outcome {
            Outcome::Success => call.state = State::Done(Ok(())),
            outcome if !outcome.is_retryable() => {
                call.finish(GiveUp::NotRetryable(outcome));
            }
            outcome if !call.repeatable => call.finish(GiveUp::NotRepeatable(outcome)),
            outcome => {
                let hint = self.hint().heard(observation.wait());
                self.schedule(now, call, &call.retry(now, outcome, hint));
            }
        }
    }

    /// Tells the budget of the answer to the send in flight.
    pub(super) fn learn(&mut self, now: Timestamp, call: &mut Call, observation: &Observation) {
        let number = match call.state {
            State::InFlight { number, .. } => number,
            State::Waiting { .. } | State::Done(_) => call.sends,
        };
        let outcome = observation.outcome;
        if let Some(budget) = &mut self.budget {
            budget.observe(now, &Attempt { number, outcome, paid: call.paid });
        }
        call.outcome = outcome;
    }

    /// Lets a call be sent again whose last attempt got no answer, unless it is to
    /// stop; the budget has no part in it.
    #[cfg(feature = "std")]
    pub(crate) fn resume(&self, now: Timestamp, call: &mut Call) {
        let retry = call.retry(now, Outcome::Ignored, None);
        match self.stop_reason(call, &retry, Duration::ZERO) {
            Some(reason) => call.finish(GiveUp::Stopped(reason)),
            None => call.state = State::waiting(now),
        }
    }

    /// Pays for a retry of `call`, unless the budget has none left.
    pub(super) fn pay(&mut self, now: Timestamp, call: &mut Call) -> bool {
        let paid =
            self.budget.as_mut().map_or(Some(0), |budget| budget.withdraw(now, call.outcome));
        call.paid = paid.unwrap_or(0);
        call.unpaid = paid.is_none();
        paid.is_some()
    }

    /// Gives back what a retry was paid with that is not made.
    pub(crate) fn give_back(&mut self, now: Timestamp, call: &mut Call) {
        if call.sends > 0 && !call.unpaid {
            if let Some(budget) = &mut self.budget {
                budget.refund(now, call.paid);
            }
            (call.paid, call.unpaid) = (0, true);
        }
    }

    fn schedule(&mut self, now: Timestamp, call: &mut Call, retry: &Retry) {
        let rules = self.rules.retry_rules();
        let (own, is_jittered) = match call.own.as_deref() {
            Some(Own { backoff: Some(backoff), .. }) => {
                (backoff.delay(retry, &mut self.entropy), backoff.is_jittered())
            }
            _ => (rules.backoff.delay(retry, &mut self.entropy), rules.backoff.is_jittered()),
        };
        let (delay, reason) = match retry.hint {
            Some(hint) => {
                let delay = above_hint(own, hint, is_jittered);
                let reason = if own < hint { WaitReason::ServerHint } else { WaitReason::Backoff };
                (delay, reason)
            }
            None => (own, WaitReason::Backoff),
        };
        let opens_at = now.after(delay);
        if let Some(reason) = self.stop_reason(call, retry, delay) {
            call.finish(GiveUp::Stopped(reason));
        } else if retry.hint.is_some_and(|hint| self.hint().refuses(hint)) {
            call.finish(GiveUp::HintBeyondCap { opens_at });
        } else if self.pay(now, call) {
            // What the strategy gave, not what the server added: a strategy that
            // grows from the previous delay must not grow from a hint.
            call.previous_delay_ns = Some(nanos(own));
            call.total_delay_ns = call.total_delay_ns.saturating_add(nanos(own));
            call.waited_ns = call.waited_ns.saturating_add(nanos(delay));
            call.state = State::Waiting { since: now, not_before: opens_at, reason };
        } else {
            call.finish(GiveUp::BudgetExhausted);
        }
    }

    /// Why `call` is not to be sent once more after `delay`, if it is not.
    pub(super) fn stop_reason(
        &self,
        call: &Call,
        retry: &Retry,
        delay: Duration,
    ) -> Option<crate::StopReason> {
        match call.own.as_deref() {
            Some(Own { stop: Some(stop), .. }) => stop.stop(retry, delay),
            _ => self.rules.retry_rules().stop.stop(retry, delay),
        }
    }
}
