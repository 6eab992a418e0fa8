use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::driver::{Attempts, CallOptions, History, Observer, Statistics, Wait};
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::stop::{MaxAttempts, Until};
use forbear_core::{
    Beyond, Cost, Dimension, GiveUp, HintRule, Observation, Outcome, Policy, PolicyBuilder,
    StopReason, Throttle, WaitReason,
};
use tokio::time::Instant;

use crate::support::{Failure, at, ms};

/// Writes down what it is told.
#[derive(Clone, Debug, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn read(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Diary {
    fn before_send(&self, call: &Attempts) {
        self.note(format!("send {}", call.sends()));
    }

    fn after(&self, call: &Attempts, seen: &Observation) {
        self.note(format!("{} at {:?}", seen.outcome, call.elapsed()));
    }

    fn before_wait(&self, _: &Attempts, wait: &Wait) {
        self.note(format!("wait {wait}"));
    }

    fn on_success(&self, call: &Attempts) {
        self.note(format!("success after {}", call.sends()));
    }

    fn on_give_up(&self, call: &Attempts, why: GiveUp) {
        self.note(format!("give up after {}: {why}", call.history().len()));
    }
}

fn builder() -> PolicyBuilder {
    Policy::builder().backoff(Constant::new(Duration::from_secs(1)))
}

/// Fails `failures` times and then succeeds.
fn failing(
    failures: u32,
    how: Failure,
) -> impl FnMut() -> std::future::Ready<Result<u32, Failure>> {
    let mut sends = 0;
    move || {
        sends += 1;
        std::future::ready(if sends > failures { Ok(sends) } else { Err(how) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_told_of_from_its_first_send_to_its_end() {
    let diary = Diary::default();
    let policy = builder().max_attempts(2).observe(diary.clone()).build().unwrap();
    policy.retry(failing(0, Failure::transient())).await.unwrap();
    assert_eq!(diary.read(), ["send 1", "success at 0ns", "success after 1"]);

    policy.retry(failing(1, Failure::transient())).await.unwrap();
    let retried = [
        "send 1",
        "transient failure at 0ns",
        "wait 1s for its backoff",
        "send 2",
        "success at 1s",
        "success after 2",
    ];
    assert_eq!(diary.read(), retried);

    let refused = Failure::throttled(Some(Duration::from_secs(3)));
    policy.retry(failing(9, refused)).await.unwrap_err();
    let given_up = [
        "send 1",
        "throttled at 0ns",
        "wait 3s for the server's wait",
        "send 2",
        "throttled at 3s",
        "give up after 2: all 2 attempts were made",
    ];
    assert_eq!(diary.read(), given_up);
}

#[test]
fn threads_tell_the_same() {
    let diary = Diary::default();
    let backoff = Constant::new(Duration::ZERO);
    let policy = Policy::builder().backoff(backoff).observe(diary.clone()).build().unwrap();
    let mut end = failing(1, Failure::transient());
    policy.retry(|| end().into_inner()).blocking().unwrap();
    let told: Vec<_> =
        diary.read().into_iter().map(|line| line.split(" at").next().unwrap().to_owned()).collect();
    let expected = [
        "send 1",
        "transient failure",
        "wait 0ns for its backoff",
        "send 2",
        "success",
        "success after 2",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_limiter_and_in_line_is_told_once() {
    let diary = Diary::default();
    let gcra = Gcra::per("1/s".parse().unwrap());
    let policy = builder().limit(gcra).observe(diary.clone()).build().unwrap();
    let call = || policy.retry(|| async { Ok::<_, Failure>(()) }).into_future();
    let (a, b, c) = tokio::join!(call(), call(), call());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let waits: Vec<_> = diary.read().into_iter().filter(|line| line.starts_with("wait")).collect();
    assert_eq!(waits, ["wait 1s for the limiter gcra", "wait for its turn in line"]);
}

#[tokio::test(start_paused = true)]
async fn an_end_before_a_send_and_a_call_that_goes_away_are_told() {
    let diary = Diary::default();
    let one = Concurrency::new(1).unwrap();
    let policy = builder().limit(one).deadline(ms(100)).observe(diary.clone()).build().unwrap();
    let mut holder = policy.attempts();
    holder.permit().await.unwrap();
    policy.retry(failing(0, Failure::transient())).await.unwrap_err();
    drop(holder);
    let told = [
        "send 1",
        "wait for the limiter concurrency",
        "give up after 0: the next attempt would pass the deadline of 100ms",
        "give up after 0: the caller went away",
    ];
    assert_eq!(diary.read(), told);
    drop(policy.attempts());
    assert!(diary.read().is_empty(), "a call that never began is not told of");
}

#[tokio::test(start_paused = true)]
async fn a_call_tells_its_own_observers_after_those_of_the_policy() {
    let diary = Diary::default();
    let policy = builder().max_attempts(2).observe(diary.clone()).build().unwrap();
    let seen = RefCell::new(Vec::new());
    let why = Cell::new(None);
    let own = diary.clone();
    policy
        .retry(failing(9, Failure::transient()))
        .before_send(|call| own.note(format!("own send {}", call.sends())))
        .before_wait(|call, wait| seen.borrow_mut().push((call.sends(), wait.delay)))
        .on_success(|_| unreachable!())
        .on_give_up(|call, reason| why.set(Some((call.sends(), reason))))
        .await
        .unwrap_err();
    assert_eq!(diary.read()[..2], ["send 1", "own send 1"]);
    assert_eq!(*seen.borrow(), [(1, Some(Duration::from_secs(1)))]);
    assert_eq!(why.get(), Some((2, GiveUp::Stopped(StopReason::MaxAttempts(2)))));

    let attempts = Cell::new(0);
    let call = policy.retry(failing(1, Failure::transient()));
    call.on_success(|call| attempts.set(call.sends())).await.unwrap();
    assert_eq!(attempts.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_history_has_every_failure_with_what_followed() {
    let policy = builder().max_attempts(3).build().unwrap();
    let mut refused = Failure::throttled(Some(Duration::from_secs(5)));
    refused.0.code = Some(429);
    let mut sends = 0;
    let call = policy.retry(|| {
        sends += 1;
        let how = if sends == 2 { refused } else { Failure::transient() };
        async move {
            tokio::time::sleep_until(Instant::now() + ms(20)).await;
            Err::<(), _>(how)
        }
    });
    let gave_up = call.await.unwrap_err();
    let history = gave_up.history();
    let text = "attempt 1 at 0ns: transient failure; waits 1s for its backoff\n\
        attempt 2 at 1.02s: throttled (429), asked to wait 5s; waits 5s for the server's wait\n\
        attempt 3 at 6.04s: transient failure";
    assert_eq!(history.to_string(), text);
    let last = history.last().unwrap();
    assert_eq!((last.ended_at, last.wait), (ms(6060), None));
    assert_eq!((history.len(), history.left_out()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_long_history_keeps_its_end_and_counts_the_rest() {
    let policy = builder().max_attempts(100).no_deadline().no_budget().build().unwrap();
    let gave_up = policy.retry(failing(u32::MAX, Failure::transient())).await.unwrap_err();
    let history = gave_up.history();
    assert_eq!((history.len(), history.left_out()), (History::CAPACITY, 68));
    let numbers: Vec<_> = history.iter().map(|past| past.number).collect();
    assert_eq!(numbers, (69..=100).collect::<Vec<_>>());
    assert!(history.to_string().starts_with("68 older attempts left out\nattempt 69 at"));
}

#[test]
fn attempts_have_their_history_too() {
    let mut attempts = builder().build().unwrap().attempts_costing(Cost::ZERO);
    assert!(attempts.history().is_empty());
    assert_eq!(*attempts.cost(), Cost::ZERO);
    attempts.permit_blocking().unwrap();
    let _ = attempts.record(&Observation::new(Outcome::Permanent));
    let past = attempts.history().last().unwrap();
    assert_eq!((past.number, past.outcome, past.wait), (1, Outcome::Permanent, None));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_and_the_time_left_are_measured() {
    let policy = builder().deadline(Duration::from_secs(10)).build().unwrap();
    let mut attempts = policy.attempts();
    tokio::time::advance(ms(500)).await;
    let (sent, left) = (attempts.since_send(), attempts.time_left());
    assert_eq!((sent, left), (Duration::ZERO, Some(Duration::from_secs(10))), "it has not begun");
    for attempt in 0..2 {
        attempts.permit().await.unwrap();
        tokio::time::advance(ms(30)).await;
        assert_eq!(attempts.since_send(), ms(30));
        let before = attempt * 1030;
        assert_eq!(attempts.time_left(), Some(ms(10_000 - 30 - before)));
        let _ = attempts.record(&Observation::new(Outcome::Transient));
    }
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(attempts.time_left(), Some(Duration::ZERO));

    // The policy's clock began with its first call, 61.56 s ago.
    let until = Until::new(at(61_560).after(Duration::from_secs(7)));
    let own = policy.attempts_with(&CallOptions::new().stop(until));
    assert_eq!(own.time_left(), Some(Duration::from_secs(7)));
    let endless = builder().no_deadline().build().unwrap();
    assert_eq!(endless.attempts().time_left(), None);
}

#[tokio::test(start_paused = true)]
async fn statistics_count_calls_attempts_waits_and_reasons() {
    let hint = HintRule::new(Duration::from_secs(60), Beyond::Stop).unwrap();
    let gcra = Gcra::per("1000/s".parse().unwrap()).counting(Dimension::Tokens).with_burst(5);
    let policy = builder().max_attempts(2).hint(hint).limit(gcra.unwrap()).build().unwrap();
    assert_eq!(policy.statistics(), Statistics::default());

    let result = policy.clone().retry(failing(1, Failure::transient())).await;
    assert_eq!(result.unwrap(), 2);
    let _ = policy.retry(failing(9, Failure::throttled(None))).await;
    let _ = policy.retry(failing(9, Failure::quota_exhausted())).await;
    let _ = policy.retry(failing(9, Failure::transient())).deadline(ms(10)).await;
    let huge = Cost::REQUEST.with(Dimension::Tokens, 6);
    let _ = policy.retry(failing(0, Failure::transient())).cost(huge).await;
    let mut retracted = policy.attempts();
    retracted.permit().await.unwrap();
    retracted.retract();
    let seen = policy.statistics();
    assert_eq!(seen.in_progress(), 1);
    drop(retracted);
    let long = Failure::throttled(Some(Duration::from_secs(61)));
    let _ = policy.retry(failing(9, long)).await;

    let seen = policy.statistics();
    assert_eq!((seen.calls, seen.successes, seen.in_progress()), (7, 1, 0));
    assert_eq!((seen.sends, seen.retries, seen.throttled), (7, 2, 4));
    assert_eq!(seen.waited, Duration::from_secs(2));
    let gave_up = seen.gave_up;
    assert_eq!((gave_up.attempts, gave_up.time, gave_up.not_retryable), (1, 1, 1));
    assert_eq!((gave_up.refused, gave_up.abandoned, gave_up.hint), (1, 1, 1));
    assert_eq!(gave_up.total(), 6);
    assert_eq!(policy.fresh().statistics(), Statistics::default());
}

#[tokio::test(start_paused = true)]
async fn a_call_may_differ_from_its_policy() {
    let policy = builder().max_attempts(6).deadline(Duration::from_secs(10)).build().unwrap();
    let start = Instant::now();
    let fails = || failing(9, Failure::transient());

    let gave_up = policy.retry(fails()).max_attempts(2).backoff(Constant::new(ms(5))).await;
    let gave_up = gave_up.unwrap_err();
    assert_eq!(gave_up.reason(), GiveUp::Stopped(StopReason::MaxAttempts(2)));
    assert_eq!(start.elapsed(), ms(5));

    // The other bound of the policy holds.
    let slow = policy.retry(fails()).max_attempts(9).backoff(Constant::new(ms(4000)));
    let deadline = GiveUp::Stopped(StopReason::Deadline(Duration::from_secs(10)));
    assert_eq!(slow.await.unwrap_err().reason(), deadline);

    let stop = MaxAttempts::new(1).unwrap();
    assert_eq!(policy.retry(fails()).stop(stop).await.unwrap_err().attempts(), 1);
    let options = CallOptions::new().stop(MaxAttempts::new(9).unwrap()).max_attempts(3);
    assert_eq!(policy.retry(fails()).with(options.clone()).await.unwrap_err().attempts(), 3);
    let mut attempts = policy.attempts_with(&options);
    attempts.permit().await.unwrap();

    // And the policy is what it was.
    assert_eq!(policy.retry(fails()).await.unwrap_err().attempts(), 6);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_call_may_have_is_out_of_range() {
    let policy = builder().build().unwrap();
    let fails = || failing(u32::MAX, Failure::transient());
    assert_eq!(policy.retry(fails()).max_attempts(0).await.unwrap_err().attempts(), 1);
    let over = policy.retry(fails()).deadline(Duration::ZERO).await.unwrap_err();
    assert_eq!(over.attempts(), 0);
    assert_eq!(over.reason(), GiveUp::Stopped(StopReason::Deadline(Duration::ZERO)));
    let long = policy.retry(fails()).max_attempts(u32::MAX).deadline(Duration::MAX).await;
    assert_eq!(long.unwrap_err().reason(), GiveUp::BudgetExhausted);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_may_have_a_value_all_the_same() {
    let policy = builder().max_attempts(2).build().unwrap();
    assert_eq!(policy.retry(failing(9, Failure::transient())).fallback_to(70).await, 70);
    assert_eq!(policy.retry(failing(1, Failure::transient())).fallback_to(70).await, 2);
    let call = policy.retry(failing(9, Failure::transient()));
    assert_eq!(call.fallback(|gave_up| gave_up.history().len() as u32).await, 2);
    let mut end = failing(9, Failure::quota_exhausted());
    assert_eq!(policy.retry(|| end().into_inner()).fallback_to(7).blocking(), 7);
}

#[test]
fn a_reason_to_wait_is_told_in_words() {
    let mut seen = Observation::throttled(None);
    seen.outcome = Outcome::Throttled(Throttle::Overload);
    assert_eq!(seen.outcome.to_string(), "overloaded");
    assert_eq!(WaitReason::Line.to_string(), "its turn in line");
}
