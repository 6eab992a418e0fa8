//! A second send of a call whose answer is late, for reads whose slowest matter most.
//!
//! "Hedged requests" of Jeffrey Dean and Luiz Andre Barroso, "The Tail at Scale",
//! Communications of the ACM 56(2), 2013, <https://doi.org/10.1145/2408776.2408794>, and
//! the hedging policy of gRFC A6
//! (<https://github.com/grpc/proposal/blob/master/A6-client-retries.md#hedging-policy>).
//! Of the two answers the first good one counts.
//!
//! A hedge is load that nobody asked for, so it is held to more than a retry: it never
//! waits and never makes others wait, it is paid from the retry budget and counts as an
//! attempt, and while a server tells anyone to wait there is none.

use core::time::Duration;

use super::call::State;
use super::{Call, Engine, HasRetryRules};
use crate::{Cost, Decision, Entropy, Limiter, Observation, Outcome, Timestamp};

/// A further send of a call, made while the answer to an earlier one is outstanding.
///
/// It holds what the limiters charged for it, until it is
/// [exchanged](Call::exchange), [fallen back on](Engine::fall_back) or
/// [ended](Engine::end_hedge).
#[derive(Debug)]
#[must_use = "it holds a place in the limiters"]
pub struct Hedge {
    cost: Cost,
    sent_at: Timestamp,
    number: u32,
    /// Whether it was made as one; not of a send that was exchanged for one.
    is_extra: bool,
    /// What the budget charged for it.
    paid: u64,
}

impl<L: Limiter, R: HasRetryRules, E: Entropy> Engine<L, R, E> {
    /// Permits a further send of `call`, if one may go at once.
    ///
    /// `None` unless the call is in flight, may be repeated, has attempts and time left,
    /// was not throttled before, the limiters and the cooldown admit it now, and the
    /// retry budget pays for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_core::backoff::Constant;
    /// use forbear_core::limiter::All;
    /// use forbear_core::stop::MaxAttempts;
    /// use forbear_core::{
    ///     Action, Call, Cost, Engine, Observation, Outcome, SplitMix64, Timestamp,
    /// };
    ///
    /// let backoff = Constant::new(std::time::Duration::from_secs(1));
    /// let stop = MaxAttempts::new(2).unwrap();
    /// let mut engine = Engine::new(All::default(), backoff, stop, SplitMix64::new(1));
    /// let now = Timestamp::ZERO;
    /// let mut call = Call::new(now, Cost::REQUEST);
    /// assert_eq!(engine.poll(now, &mut call), Action::Send);
    ///
    /// let mut hedge = engine.hedge(now, &mut call).expect("there is one attempt left");
    /// assert!(engine.hedge(now, &mut call).is_none());
    /// // The answer to the hedge comes first.
    /// call.exchange(&mut hedge);
    /// engine.complete(now, &mut call, &Observation::new(Outcome::Success));
    /// engine.end_hedge(now, hedge);
    /// assert_eq!((call.sends(), call.end()), (2, Some(Ok(()))));
    /// ```
    pub fn hedge(&mut self, now: Timestamp, call: &mut Call) -> Option<Hedge> {
        let is_late = self.deadline(call).is_some_and(|at| now >= at);
        if !call.is_in_flight() || !call.repeatable || call.outcome.is_throttled() || is_late {
            return None;
        }
        // As if the outstanding send had failed and its retry went out now.
        let retry = call.retry(now, Outcome::Transient, None);
        if self.retries.stop_reason(call, &retry, Duration::ZERO).is_some()
            || self.decide(now, &call.cost).0 != Decision::Admit
        {
            return None;
        }
        let paid = match &mut self.retries.budget {
            Some(budget) => budget.withdraw(now, Outcome::Transient)?,
            None => 0,
        };
        self.limiter.commit(now, &call.cost);
        self.cooldown.commit(now, &call.cost);
        call.sends = call.sends.saturating_add(1);
        Some(Hedge { cost: call.cost, sent_at: now, number: call.sends, is_extra: true, paid })
    }

    /// Ends a send that nobody waits for any more, and gives back its place.
    ///
    /// It stays charged and paid: the server may have counted it, and may have done it.
    #[expect(clippy::needless_pass_by_value, reason = "a place is given back once")]
    pub fn end_hedge(&mut self, now: Timestamp, hedge: Hedge) {
        self.release(now, &hedge.cost, hedge.sent_at, &Observation::new(Outcome::Ignored));
    }

    /// Takes in an answer to `call` that was a failure, and goes on with `hedge`, of
    /// which the answer is outstanding.
    ///
    /// Does nothing but end the hedge if `call` is not in flight.
    pub fn fall_back(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        hedge: Hedge,
        observation: &Observation,
    ) {
        let State::InFlight { sent_at, .. } = call.state else {
            return self.end_hedge(now, hedge);
        };
        self.release(now, &call.cost, sent_at, observation);
        self.retries.learn(now, call, observation);
        let Hedge { sent_at, number, is_extra, paid, .. } = hedge;
        call.state = State::InFlight { sent_at, number, is_hedge: is_extra };
        call.paid = paid;
    }
}

impl Call {
    /// Makes the answer to `hedge` that of the call: `hedge` becomes the send that was
    /// in flight before.
    ///
    /// Does nothing if the call is not in flight.
    pub const fn exchange(&mut self, hedge: &mut Hedge) {
        if let State::InFlight { sent_at, number, is_hedge } = &mut self.state {
            core::mem::swap(sent_at, &mut hedge.sent_at);
            core::mem::swap(number, &mut hedge.number);
            core::mem::swap(is_hedge, &mut hedge.is_extra);
            core::mem::swap(&mut self.paid, &mut hedge.paid);
        }
    }
}
