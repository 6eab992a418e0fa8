use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::budget::{
    Attempt, Budget, RetryBudget, RetryQuota, RetryThrottle, WindowedBudget,
};
use forbear_core::limiter::All;
use forbear_core::stop::Deadline;
use forbear_core::{
    Action, Call, Cost, Engine, GiveUp, Outcome, RetryRules, SplitMix64, StopReason, Timestamp,
    WaitReason,
};

use crate::support::{Failure, at, ms};

type OneRetry = Engine<All, RetryRules<Constant, Deadline>, SplitMix64>;

/// An engine that has one retry to give, after a second.
fn one_retry() -> OneRetry {
    let stop = Deadline::new(Duration::from_secs(60)).unwrap();
    Engine::new(All::default(), Constant::new(ms(1000)), stop, SplitMix64::new(1))
        .with_budget(RetryBudget::new(0.0, 1).unwrap())
}

fn failed(engine: &mut OneRetry, now: Timestamp) -> Call {
    let mut call = Call::new(now, Cost::REQUEST);
    assert_eq!(engine.poll(now, &mut call), Action::Send);
    engine.complete(now, &mut call, &Failure::transient());
    call
}

fn is_granted(engine: &mut OneRetry, now: Timestamp) -> bool {
    failed(engine, now).end().is_none()
}

#[test]
fn a_retry_that_is_taken_back_is_there_for_another_call() {
    let mut engine = one_retry();
    let mut call = failed(&mut engine, at(0));
    assert!(!is_granted(&mut engine, at(0)), "there was one");
    assert_eq!(engine.poll(at(1000), &mut call), Action::Send);
    engine.retract(at(1000), &mut call);
    assert_eq!(call.sends(), 1);
    assert!(is_granted(&mut engine, at(1000)));
    // It is gone now, so the call that gave it back has none.
    let end = Action::Finish(Err(GiveUp::BudgetExhausted));
    assert_eq!(engine.poll(at(1000), &mut call), end);
    assert!(!is_granted(&mut engine, at(1000)));
}

#[test]
fn a_retry_that_is_made_after_all_is_paid_anew_and_once() {
    let mut engine = one_retry();
    let mut call = failed(&mut engine, at(0));
    for _ in 0..3 {
        assert_eq!(engine.poll(at(1000), &mut call), Action::Send);
        engine.retract(at(1000), &mut call);
    }
    assert_eq!(engine.poll(at(1000), &mut call), Action::Send);
    assert!(!is_granted(&mut engine, at(1000)));
    engine.complete(at(1000), &mut call, &Failure::transient());
    assert_eq!(call.end(), Some(Err(GiveUp::BudgetExhausted)));
    assert!(!is_granted(&mut engine, at(1000)), "a retry that was made stays paid");
}

#[test]
fn a_first_send_that_is_taken_back_was_never_paid() {
    let mut engine = one_retry();
    let mut call = Call::new(at(0), Cost::REQUEST);
    assert_eq!(engine.poll(at(0), &mut call), Action::Send);
    engine.retract(at(0), &mut call);
    assert!(is_granted(&mut engine, at(0)));
    assert!(!is_granted(&mut engine, at(0)));
}

#[test]
fn a_call_that_ends_before_its_retry_gives_it_back() {
    let mut engine = one_retry();
    let mut gone = failed(&mut engine, at(0));
    engine.abandon(at(500), &mut gone);
    engine.abandon(at(500), &mut gone);
    let mut late = failed(&mut engine, at(500));
    assert_eq!(late.waits_for(), Some(WaitReason::Backoff));
    let why = GiveUp::Stopped(StopReason::Deadline(Duration::from_secs(60)));
    assert_eq!(engine.poll(at(60_500), &mut late), Action::Finish(Err(why)));
    assert!(is_granted(&mut engine, at(60_500)));
    assert!(!is_granted(&mut engine, at(60_500)));
}

/// How many retries it would give now, one after the other.
fn left(budget: &(impl Budget + Clone), now: Timestamp) -> usize {
    let mut budget = budget.clone();
    let more = || budget.withdraw(now, Outcome::Transient);
    std::iter::from_fn(more).take(1000).count()
}

fn refund_undoes_withdraw(mut budget: impl Budget + Clone) {
    let mut now = Timestamp::ZERO;
    for step in 0..200_u32 {
        let outcome = match step % 3 {
            0 => Outcome::Transient,
            1 => Outcome::Success,
            _ => Failure::throttled(None).0.outcome,
        };
        budget.observe(now, &Attempt { number: 1 + step % 2, outcome, paid: 0 });
        let before = left(&budget, now);
        if let Some(paid) = budget.withdraw(now, outcome) {
            budget.refund(now, paid);
            assert_eq!(left(&budget, now), before, "at step {step}");
        }
        if step % 5 == 0 {
            let _ = budget.withdraw(now, outcome);
        }
        now = now.after(ms(u64::from(step) * 7));
    }
}

#[test]
fn a_refund_leaves_every_budget_as_it_was() {
    refund_undoes_withdraw(RetryBudget::new(0.3, 5).unwrap());
    refund_undoes_withdraw(RetryQuota::new(500).with_reward(0.3).unwrap());
    refund_undoes_withdraw(RetryThrottle::new(10, 0.1).unwrap());
    refund_undoes_withdraw(WindowedBudget::new(0.3, 2, Duration::from_secs(2)).unwrap());
}

#[test]
fn a_window_that_has_forgotten_a_retry_is_not_given_it_back() {
    let mut budget = WindowedBudget::new(1.0, 1, Duration::from_secs(1)).unwrap();
    let paid = Budget::withdraw(&mut budget, at(0), Outcome::Transient).unwrap();
    assert_eq!(budget.available(at(999)), 0);
    let mut in_time = budget.clone();
    in_time.refund(at(999), paid);
    assert_eq!(in_time.available(at(999)), 1);
    budget.refund(at(1000), paid);
    assert_eq!(budget.available(at(1000)), 1);
}
