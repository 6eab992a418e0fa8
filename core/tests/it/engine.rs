use std::time::Duration;

use forbear_core::backoff::{BackoffStrategy, Constant, Exponential};
use forbear_core::limiter::{All, Concurrency, Gcra};
use forbear_core::stop::{Deadline, MaxAttempts};
use forbear_core::{
    Action, Beyond, Call, Cost, Dimension, Engine, GiveUp, HintRule, Limiter, Observation, Outcome,
    Quantity, Quota, Refusal, RetryBudget, RetryRules, SplitMix64, StopReason, Throttle, Timestamp,
    WaitReason,
};

use crate::support::{Failure, at, ms};

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn engine(
    backoff: impl BackoffStrategy + 'static,
) -> Engine<All, RetryRules<Box<dyn BackoffStrategy>, MaxAttempts>, SplitMix64> {
    let stop = MaxAttempts::new(100).unwrap();
    Engine::new(All::default(), Box::new(backoff), stop, SplitMix64::new(1))
}

fn send<L, R, E>(engine: &mut Engine<L, R, E>, now: Timestamp, call: &mut Call)
where
    L: Limiter,
    R: forbear_core::HasRetryRules,
    E: forbear_core::Entropy,
{
    assert_eq!(engine.poll(now, call), Action::Send);
}

#[test]
fn the_hint_is_a_floor_and_the_wait_says_so() {
    let mut engine = engine(Constant::new(seconds(1)));
    let mut call = Call::new(at(0), Cost::REQUEST);
    send(&mut engine, at(0), &mut call);
    engine.complete(at(100), &mut call, &Observation::throttled(Some(seconds(5))));
    let wait = Action::SleepUntil(at(5100), WaitReason::ServerHint);
    assert_eq!(engine.poll(at(100), &mut call), wait);
    let one_early = Timestamp::from_nanos(at(5100).as_nanos() - 1);
    assert_eq!(engine.poll(one_early, &mut call), wait);
    send(&mut engine, at(5100), &mut call);
}

#[test]
fn a_delay_longer_than_the_hint_stays() {
    let mut engine = engine(Constant::new(seconds(9)));
    let mut call = Call::new(at(0), Cost::REQUEST);
    send(&mut engine, at(0), &mut call);
    engine.complete(at(0), &mut call, &Observation::throttled(Some(seconds(5))));
    let wait = Action::SleepUntil(at(9000), WaitReason::Backoff);
    assert_eq!(engine.poll(at(0), &mut call), wait);
}

#[test]
fn jitter_goes_above_the_hint() {
    let backoff = Exponential::new(seconds(1)).full_jitter();
    let mut engine = engine(backoff).with_hint_rule(HintRule::default().unshared());
    let mut ends = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let mut call = Call::new(at(0), Cost::REQUEST);
        send(&mut engine, at(0), &mut call);
        engine.complete(at(0), &mut call, &Observation::throttled(Some(seconds(5))));
        let Action::SleepUntil(end, _) = engine.poll(at(0), &mut call) else { panic!() };
        assert!(end >= at(5000) && end <= at(6000), "{end:?}");
        ends.insert(end);
    }
    assert_eq!(ends.len(), 50, "all who were told the same time come back at different ones");
}

#[test]
fn a_hint_beyond_the_cap_ends_the_call_with_the_instant() {
    let mut engine = engine(Constant::new(seconds(1)));
    let mut call = Call::new(at(0), Cost::REQUEST);
    send(&mut engine, at(0), &mut call);
    engine.complete(at(1000), &mut call, &Observation::throttled(Some(seconds(601))));
    let opens_at = at(602_000);
    let end = Action::Finish(Err(GiveUp::HintBeyondCap { opens_at }));
    assert_eq!(engine.poll(at(1000), &mut call), end);
    // Other callers of the same engine are told at once, too.
    let mut other = Call::new(at(1000), Cost::REQUEST);
    assert_eq!(engine.poll(at(1000), &mut other), end);
    // Nearer to the opening the wait is one that is accepted.
    let mut later = Call::new(at(100_000), Cost::REQUEST);
    let wait = Action::SleepUntil(opens_at, WaitReason::Cooldown);
    assert_eq!(engine.poll(at(100_000), &mut later), wait);
}

#[test]
fn a_hint_beyond_the_cap_may_be_waited_for() {
    let rule = HintRule::new(seconds(10), Beyond::Park).unwrap();
    let mut engine = engine(Constant::new(seconds(1))).with_hint_rule(rule);
    let mut call = Call::new(at(0), Cost::REQUEST);
    send(&mut engine, at(0), &mut call);
    engine.complete(at(0), &mut call, &Observation::throttled(Some(seconds(3600))));
    let wait = Action::SleepUntil(at(3_600_000), WaitReason::ServerHint);
    assert_eq!(engine.poll(at(0), &mut call), wait);
}

#[test]
fn a_naive_client_hears_no_hint() {
    let mut engine = engine(Constant::new(seconds(1))).with_hint_rule(HintRule::IGNORED);
    let mut call = Call::new(at(0), Cost::REQUEST);
    send(&mut engine, at(0), &mut call);
    engine.complete(at(0), &mut call, &Observation::throttled(Some(seconds(3600))));
    send(&mut engine, at(1000), &mut call);
}

#[test]
fn the_deadline_counts_the_attempts_and_ends_before_the_sleep() {
    let stop = Deadline::new(seconds(10)).unwrap();
    let mut engine =
        Engine::new(All::default(), Constant::new(seconds(4)), stop, SplitMix64::new(1));
    let mut call = Call::new(at(0), Cost::REQUEST);
    send(&mut engine, at(0), &mut call);
    engine.complete(at(1999), &mut call, &Failure::transient());
    send(&mut engine, at(5999), &mut call);
    // 5.999 s and 4 s more would be in time; 6 s and 4 s would not.
    engine.complete(at(6000), &mut call, &Failure::transient());
    let end = GiveUp::Stopped(StopReason::Deadline(seconds(10)));
    assert_eq!(engine.poll(at(6000), &mut call), Action::Finish(Err(end)));
}

#[test]
fn a_limiter_that_opens_after_the_deadline_ends_the_call_at_once() {
    let stop = Deadline::new(seconds(10)).unwrap();
    let limiter = Gcra::per("1/min".parse().unwrap());
    let mut engine = Engine::new(limiter, Constant::new(seconds(1)), stop, SplitMix64::new(1));
    send(&mut engine, at(0), &mut Call::new(at(0), Cost::REQUEST));
    let mut late = Call::new(at(0), Cost::REQUEST);
    let end = GiveUp::Stopped(StopReason::Deadline(seconds(10)));
    assert_eq!(engine.poll(at(0), &mut late), Action::Finish(Err(end)));
    // One that begins when the wait is shorter is let in.
    let mut in_time = Call::new(at(55_000), Cost::REQUEST);
    let wait = Action::SleepUntil(at(60_000), WaitReason::Limiter("gcra"));
    assert_eq!(engine.poll(at(55_000), &mut in_time), wait);
}

#[test]
fn a_wait_names_the_strictest_limiter() {
    let limiter = All::new([
        Gcra::per("1/s".parse().unwrap()).with_burst(5).unwrap().named("rpm").boxed(),
        Gcra::per("100/s".parse().unwrap())
            .with_burst(100)
            .unwrap()
            .counting(Dimension::Tokens)
            .named("tpm")
            .boxed(),
        Concurrency::new(4).unwrap().boxed(),
    ]);
    let stop = MaxAttempts::new(1).unwrap();
    let mut engine = Engine::new(limiter, Constant::new(seconds(1)), stop, SplitMix64::new(1));
    let tokens = Cost::REQUEST.with(Dimension::Tokens, 100);
    let mut first = Call::new(at(0), tokens);
    send(&mut engine, at(0), &mut first);
    let wait = Action::SleepUntil(at(1000), WaitReason::Limiter("tpm"));
    assert_eq!(engine.poll(at(0), &mut Call::new(at(0), tokens)), wait);
    for _ in 0..3 {
        send(&mut engine, at(0), &mut Call::new(at(0), Cost::REQUEST));
    }
    let parked = Action::Park { until: None, reason: WaitReason::Limiter("concurrency") };
    assert_eq!(engine.poll(at(0), &mut Call::new(at(0), Cost::REQUEST)), parked);
    let huge = Cost::REQUEST.with(Dimension::Tokens, 101);
    let refusal = Refusal::ExceedsCapacity { cost: 101, capacity: 100 };
    let refused = GiveUp::Refused { limiter: "tpm", refusal };
    assert_eq!(engine.poll(at(0), &mut Call::new(at(0), huge)), Action::Finish(Err(refused)));
    assert_eq!(
        refused.to_string(),
        "refused by tpm: the request costs 101, more than the limit of 100 at once"
    );
}

#[test]
fn the_actual_cost_is_settled() {
    let tpm = Gcra::per("100/s".parse().unwrap()).with_burst(100).unwrap();
    let limiter = tpm.counting(Dimension::Tokens);
    let stop = MaxAttempts::new(1).unwrap();
    let mut engine = Engine::new(limiter, Constant::new(seconds(1)), stop, SplitMix64::new(1));
    let estimate = Cost::REQUEST.with(Dimension::Tokens, 100);
    // Far apart, so that the bucket is full each time. 10 ms refill one token.
    for (start, actual, wait) in [(at(0), 40, ms(400)), (at(60_000), 160, ms(1600))] {
        let mut call = Call::new(start, estimate);
        send(&mut engine, start, &mut call);
        let mut seen = Observation::new(Outcome::Success);
        seen.usage = Some(estimate.with(Dimension::Tokens, actual));
        engine.complete(start, &mut call, &seen);
        let expected = Action::SleepUntil(start.after(wait), WaitReason::Limiter("gcra"));
        assert_eq!(engine.poll(start, &mut Call::new(start, estimate)), expected);
    }
}

#[test]
fn the_budget_bounds_amplification_exactly() {
    for (ratio, reserve) in [(0.1, 0), (0.25, 7), (1.0, 3), (0.0, 5), (2.3, 13)] {
        let budget = RetryBudget::new(ratio, reserve).unwrap();
        let mut engine = engine(Constant::new(Duration::ZERO)).with_budget(budget);
        let (mut sends, calls) = (0, 1000_u32);
        for _ in 0..calls {
            let mut call = Call::new(at(0), Cost::REQUEST);
            while let Action::Send = engine.poll(at(0), &mut call) {
                sends += 1;
                engine.complete(at(0), &mut call, &Failure::transient());
            }
            assert_eq!(call.end(), Some(Err(GiveUp::BudgetExhausted)));
        }
        let retries = f64::from(sends - calls);
        let allowed = (f64::from(calls) * ratio).floor() + f64::from(reserve);
        assert!((retries - allowed).abs() < 0.5, "{retries} retries, {allowed} allowed");
    }
}

#[test]
fn a_quota_that_is_used_up_for_good_is_not_tried_again() {
    let mut engine = engine(Constant::new(seconds(1)));
    let mut call = Call::new(at(0), Cost::REQUEST);
    send(&mut engine, at(0), &mut call);
    engine.complete(at(0), &mut call, &Failure::quota_exhausted());
    let why = GiveUp::NotRetryable(Outcome::Throttled(Throttle::QuotaExhausted));
    assert_eq!(call.end(), Some(Err(why)));
    assert_eq!(why.to_string(), "the quota is used up for good");
}

/// A refusal that names no wait, with these quotas: what is left, and the time to the reset.
fn spent(quotas: &[(impl Into<Option<u64>> + Copy, Option<u64>)]) -> Failure {
    let mut failure = Failure::throttled(None);
    failure.0.quotas = quotas
        .iter()
        .map(|&(left, reset)| {
            let quota = Quota::new(None);
            let quota = match left.into() {
                Some(left) => quota.with_remaining(Quantity::from_units(left)),
                None => quota,
            };
            reset.map_or(quota, |wait| quota.with_resets_in(seconds(wait)))
        })
        .collect();
    failure
}

#[test]
fn a_refusal_that_names_no_wait_is_waited_out_to_the_reset_of_what_is_used_up() {
    for (what, failure, wait) in [
        ("a window", spent(&[(0, Some(40))]), Some(40)),
        ("two", spent(&[(0, Some(9)), (0, Some(60))]), Some(60)),
        ("one of two", spent(&[(0, Some(9)), (1, Some(60))]), Some(9)),
        ("something is left", spent(&[(1, Some(60))]), None),
        ("nobody knows until when", spent(&[(0, None)]), None),
        ("at once", spent(&[(0, Some(0))]), None),
        ("nobody says what is left", spent(&[(None, Some(55))]), Some(55)),
        ("of two", spent(&[(None, Some(55)), (None, Some(360))]), Some(55)),
        ("one says", spent(&[(None, Some(5)), (Some(0), Some(40))]), Some(40)),
        ("one has more", spent(&[(None, Some(5)), (Some(9), Some(1))]), Some(5)),
    ] {
        let mut engine = engine(Constant::new(seconds(1)));
        let mut call = Call::new(at(0), Cost::REQUEST);
        send(&mut engine, at(0), &mut call);
        engine.complete(at(0), &mut call, &failure);
        let slept = |action| match action {
            Action::SleepUntil(until, _) => Some(until),
            _ => None,
        };
        let until = at(wait.unwrap_or(1) * 1_000);
        assert_eq!(slept(engine.poll(at(0), &mut call)), Some(until), "{what}");
        // What one is told holds back the others.
        let mut other = Call::new(at(0), Cost::REQUEST);
        let others = slept(engine.poll(at(0), &mut other));
        assert_eq!(others, wait.map(|_| until), "{what}, another call");
    }
    // Its own word counts, whatever the windows say; and of an outage they say nothing.
    let mut failure = spent(&[(0, Some(40))]);
    failure.0.retry_after = Some(seconds(2));
    assert_eq!(failure.0.wait(), Some(seconds(2)));
    failure.0.retry_after = None;
    for outcome in
        [Outcome::Transient, Outcome::Success, Outcome::Throttled(Throttle::QuotaExhausted)]
    {
        failure.0.outcome = outcome;
        assert_eq!(failure.0.wait(), None, "{outcome:?}");
    }
}

#[test]
fn a_request_that_cannot_be_repeated_is_not_and_costs_no_budget() {
    let budget = RetryBudget::new(0.0, 1).unwrap();
    let mut engine = engine(Constant::new(Duration::ZERO)).with_budget(budget);
    let mut once = Call::new(at(0), Cost::REQUEST);
    send(&mut engine, at(0), &mut once);
    once.forbid_repeat();
    engine.complete(at(0), &mut once, &Failure::transient());
    assert_eq!(once.end(), Some(Err(GiveUp::NotRepeatable(Outcome::Transient))));
    let mut twice = Call::new(at(0), Cost::REQUEST);
    send(&mut engine, at(0), &mut twice);
    engine.complete(at(0), &mut twice, &Failure::transient());
    send(&mut engine, at(0), &mut twice);
}

#[test]
fn nothing_overflows_at_the_end_of_time() {
    let mut engine = engine(Exponential::new(Duration::MAX));
    let end = Timestamp::MAX;
    let mut call = Call::new(end, Cost::REQUEST);
    send(&mut engine, end, &mut call);
    engine.complete(end, &mut call, &Failure::throttled(Some(Duration::MAX)));
    let _ = engine.poll(end, &mut call);
    engine.abandon(end, &mut call);
    assert_eq!(engine.poll(Timestamp::ZERO, &mut call), Action::Finish(call.end().unwrap()));
}

#[test]
fn an_answer_without_a_send_changes_nothing() {
    let mut engine = engine(Constant::new(seconds(1)));
    let mut call = Call::new(at(0), Cost::REQUEST);
    engine.complete(at(0), &mut call, &Observation::new(Outcome::Success));
    assert_eq!(call.end(), None);
    engine.retract(at(0), &mut call);
    send(&mut engine, at(0), &mut call);
    engine.complete(at(0), &mut call, &Observation::new(Outcome::Success));
    engine.complete(at(0), &mut call, &Failure::transient());
    assert_eq!(call.end(), Some(Ok(())));
}
