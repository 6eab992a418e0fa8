use std::sync::{Arc, Mutex};

use forbear_core::backoff::Constant;
use forbear_core::budget::RetryBudget;
use forbear_core::driver::{Attempts, Observer, Verdict};
use forbear_core::limiter::{All, Concurrency, Gcra};
use forbear_core::stop::{Deadline, MaxAttempts, StopCondition};
use forbear_core::{
    Action, Call, Cost, Engine, GiveUp, Limiter, Observation, Outcome, Policy, RetryRules,
    SplitMix64, StopReason, Timestamp,
};

use crate::support::{Failure, at, ms};

type Hedging<L, S> = Engine<L, RetryRules<Constant, S>, SplitMix64>;

fn engine<L: Limiter, S: StopCondition>(limiter: L, stop: S) -> Hedging<L, S> {
    Engine::new(limiter, Constant::new(ms(1000)), stop, SplitMix64::new(1))
}

fn attempts(max: u32) -> MaxAttempts {
    MaxAttempts::new(max).unwrap()
}

/// A call whose answer is outstanding.
fn sent<L: Limiter, S: StopCondition>(engine: &mut Hedging<L, S>, now: Timestamp) -> Call {
    let mut call = Call::new(now, Cost::REQUEST);
    assert_eq!(engine.poll(now, &mut call), Action::Send);
    call
}

const SUCCESS: Observation = Observation::new(Outcome::Success);
const FAILURE: Observation = Observation::new(Outcome::Transient);

#[test]
fn a_hedge_takes_a_place_and_gives_it_back() {
    let mut engine = engine(Concurrency::new(2).unwrap(), attempts(9));
    let mut call = sent(&mut engine, at(0));
    let hedge = engine.hedge(at(10), &mut call).unwrap();
    let mut other = Call::new(at(10), Cost::REQUEST);
    assert!(matches!(engine.poll(at(10), &mut other), Action::Park { .. }));
    engine.end_hedge(at(20), hedge);
    assert_eq!(engine.poll(at(20), &mut other), Action::Send);
}

#[test]
fn nothing_that_would_wait_is_hedged() {
    let mut engine = engine(Gcra::per("1/s".parse().unwrap()), attempts(9));
    let mut call = sent(&mut engine, at(0));
    assert!(engine.hedge(at(999), &mut call).is_none());
    let hedge = engine.hedge(at(1000), &mut call).unwrap();
    // It is charged: the next request waits for it.
    let mut other = Call::new(at(1500), Cost::REQUEST);
    assert!(
        matches!(engine.poll(at(1500), &mut other), Action::SleepUntil(time, _) if time == at(2000))
    );
    engine.end_hedge(at(1500), hedge);
}

#[test]
fn nothing_is_hedged_while_a_server_tells_another_call_to_wait() {
    let mut engine = engine(All::default(), attempts(9));
    let mut call = sent(&mut engine, at(0));
    let mut other = sent(&mut engine, at(0));
    engine.complete(at(1), &mut other, &Observation::throttled(Some(ms(100))));
    assert!(engine.hedge(at(100), &mut call).is_none());
    // It reopens one request at a time, and this call is one.
    assert!(engine.hedge(at(101), &mut call).is_none());
    assert!(engine.hedge(at(60_000), &mut call).is_none());
}

#[test]
fn a_call_that_was_throttled_is_not_hedged() {
    let mut engine = engine(All::default(), attempts(9));
    let mut call = sent(&mut engine, at(0));
    engine.complete(at(1), &mut call, &Observation::throttled(None));
    assert_eq!(engine.poll(at(9_000), &mut call), Action::Send);
    assert!(engine.hedge(at(9_999), &mut call).is_none());

    let mut call = sent(&mut engine, at(20_000));
    let hedge = engine.hedge(at(20_001), &mut call).unwrap();
    engine.fall_back(at(20_002), &mut call, hedge, &Observation::throttled(None));
    assert!(engine.hedge(at(29_999), &mut call).is_none());
}

#[test]
fn a_hedge_is_an_attempt_and_keeps_to_the_deadline() {
    let mut engine = engine(All::default(), attempts(2));
    let mut call = sent(&mut engine, at(0));
    let hedge = engine.hedge(at(1), &mut call).unwrap();
    assert_eq!(call.sends(), 2);
    assert!(engine.hedge(at(2), &mut call).is_none());
    engine.fall_back(at(3), &mut call, hedge, &FAILURE);
    engine.complete(at(4), &mut call, &FAILURE);
    let stopped = GiveUp::Stopped(StopReason::MaxAttempts(2));
    assert_eq!(call.end(), Some(Err(stopped)));

    let mut engine = self::engine(All::default(), Deadline::new(ms(100)).unwrap());
    let mut call = sent(&mut engine, at(0));
    assert!(engine.hedge(at(100), &mut call).is_none());
    assert!(engine.hedge(at(99), &mut call).is_some());
}

#[test]
fn what_must_not_be_repeated_is_not_hedged() {
    let mut engine = engine(All::default(), attempts(9));
    let mut call = sent(&mut engine, at(0));
    call.forbid_repeat();
    assert!(engine.hedge(at(1), &mut call).is_none());
}

#[test]
fn only_a_call_in_flight_is_hedged() {
    let mut engine = engine(All::default(), attempts(9));
    let mut call = Call::new(at(0), Cost::REQUEST);
    assert!(engine.hedge(at(0), &mut call).is_none());
    assert_eq!(engine.poll(at(0), &mut call), Action::Send);
    let mut hedge = engine.hedge(at(0), &mut call).unwrap();
    engine.complete(at(1), &mut call, &FAILURE);
    // Too late: each of these leaves the call as it is.
    call.exchange(&mut hedge);
    engine.fall_back(at(1), &mut call, hedge, &FAILURE);
    assert!(!call.is_in_flight());
    assert_eq!(call.not_before(), Some(at(1001)));
    assert!(engine.hedge(at(1), &mut call).is_none());
}

#[test]
fn a_hedge_is_paid_from_the_budget_of_retries() {
    let budget = RetryBudget::new(0.0, 1).unwrap();
    let mut engine = engine(All::default(), attempts(9)).with_budget(budget);
    let mut call = sent(&mut engine, at(0));
    let hedge = engine.hedge(at(1), &mut call).unwrap();
    assert!(engine.hedge(at(1), &mut call).is_none(), "there was one");
    engine.fall_back(at(2), &mut call, hedge, &FAILURE);
    engine.complete(at(3), &mut call, &FAILURE);
    assert_eq!(call.end(), Some(Err(GiveUp::BudgetExhausted)));
}

#[test]
fn a_hedge_that_wins_brings_the_budget_no_more_than_a_retry() {
    // A first send that is answered brings half a retry.
    let budget = || RetryBudget::new(0.5, 1).unwrap();
    let granted = |is_hedge_first: bool| {
        let mut engine = engine(All::default(), attempts(9)).with_budget(budget());
        let mut hedges = 0;
        loop {
            let mut call = sent(&mut engine, at(0));
            let Some(mut hedge) = engine.hedge(at(1), &mut call) else { return hedges };
            hedges += 1;
            if is_hedge_first {
                call.exchange(&mut hedge);
            }
            engine.complete(at(2), &mut call, &SUCCESS);
            engine.end_hedge(at(2), hedge);
        }
    };
    // One in reserve, and half of one for each answer to a first send.
    assert_eq!(granted(true), 1);
    assert_eq!(granted(false), 1);
}

/// What it is told.
#[derive(Clone, Debug, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Observer for Diary {
    fn before_send(&self, call: &Attempts) {
        self.0.lock().unwrap().push(format!("send {}", call.sends()));
    }

    fn before_hedge(&self, call: &Attempts) {
        self.0.lock().unwrap().push(format!("hedge {}", call.sends()));
    }

    fn after(&self, call: &Attempts, seen: &Observation) {
        self.0.lock().unwrap().push(format!("{} after {:?}", seen.outcome, call.since_send()));
    }

    fn on_success(&self, call: &Attempts) {
        self.0.lock().unwrap().push(format!("success after {}", call.sends()));
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_hedge_is_the_answer_of_the_call() {
    let diary = Diary::default();
    let policy = Policy::builder().max_attempts(3).observe(diary.clone()).build().unwrap();
    let mut attempts = policy.attempts();
    attempts.permit().await.unwrap();
    tokio::time::advance(ms(50)).await;
    let mut hedge = attempts.hedge().unwrap();
    tokio::time::advance(ms(10)).await;
    attempts.exchange(&mut hedge);
    assert_eq!(attempts.record(&Failure(SUCCESS)), Verdict::Success);
    drop(hedge);
    let told = diary.0.lock().unwrap().clone();
    assert_eq!(told, ["send 1", "hedge 2", "success after 10ms", "success after 2"]);
    let statistics = policy.statistics();
    assert_eq!((statistics.calls, statistics.sends, statistics.retries), (1, 2, 0));
    assert_eq!((statistics.hedges, statistics.hedges_won, statistics.successes), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failure_goes_on_with_the_hedge_and_both_are_in_the_history() {
    let second = Constant::new(ms(1000));
    let policy = Policy::builder().max_attempts(3).backoff(second).build().unwrap();
    let mut attempts = policy.attempts();
    attempts.permit().await.unwrap();
    tokio::time::advance(ms(50)).await;
    let hedge = attempts.hedge().unwrap();
    tokio::time::advance(ms(10)).await;
    attempts.fall_back(hedge, &Failure::transient());
    tokio::time::advance(ms(10)).await;
    assert_eq!(attempts.record(&Failure::transient()), Verdict::Retry);
    let past: Vec<_> = attempts
        .history()
        .iter()
        .map(|past| (past.number, past.sent_at, past.ended_at, past.wait.is_some()))
        .collect();
    assert_eq!(past, [(1, ms(0), ms(60), false), (2, ms(50), ms(70), true)]);
    attempts.permit().await.unwrap();
    assert_eq!(attempts.record(&Failure(SUCCESS)), Verdict::Success);
    let statistics = policy.statistics();
    assert_eq!((statistics.sends, statistics.retries, statistics.hedges), (3, 1, 1));
    assert_eq!(statistics.hedges_won, 0);
}

#[tokio::test(start_paused = true)]
async fn dropped_sends_give_back_their_places() {
    let limit = Concurrency::new(2).unwrap();
    let policy = Policy::builder().limit(limit).build().unwrap();
    let mut attempts = policy.attempts();
    attempts.permit().await.unwrap();
    let hedge = attempts.hedge().unwrap();
    assert!(attempts.hedge().is_none(), "there is no third place");
    drop((attempts, hedge));
    let (mut one, mut two) = (policy.attempts(), policy.attempts());
    one.permit().await.unwrap();
    two.permit().await.unwrap();
    assert_eq!(policy.statistics().gave_up.abandoned, 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_stands_in_line_comes_before_a_hedge() {
    let policy = Policy::builder().limit(Concurrency::new(2).unwrap()).build().unwrap();
    let (mut first, mut second) = (policy.attempts(), policy.attempts());
    first.permit().await.unwrap();
    second.permit().await.unwrap();
    let waiting = tokio::spawn({
        let mut third = policy.attempts();
        async move { third.permit().await.map(|()| third) }
    });
    tokio::task::yield_now().await;
    // A place is free, and belongs to the one that waits for it.
    drop(second);
    assert!(first.hedge().is_none());
    assert!(waiting.await.unwrap().is_ok());
}
