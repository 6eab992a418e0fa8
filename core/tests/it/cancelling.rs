use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::driver::Verdict;
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::stop::{Cancel, MaxAttempts};
use forbear_core::{Cost, GiveUp, Limiter, Observation, Outcome, Policy, StopReason};

use crate::support::{Counted, Failure, ms};

/// A policy with one place, so that a place that is lost stops everything.
fn one_at_a_time() -> (Policy, std::sync::Arc<crate::support::Counts>) {
    let (limiter, counts) = Counted::new(Concurrency::new(1).unwrap());
    let policy = Policy::builder()
        .limit(limiter)
        .backoff(Constant::new(Duration::from_secs(1)))
        .no_deadline()
        .build()
        .unwrap();
    (policy, counts)
}

async fn goes_through(policy: &Policy) -> bool {
    let call = policy.retry(|| async { Ok::<_, Failure>(()) }).into_future();
    tokio::time::timeout(Duration::from_secs(30), call).await.is_ok_and(|end| end.is_ok())
}

#[tokio::test(start_paused = true)]
async fn dropped_before_the_first_poll() {
    let (policy, counts) = one_at_a_time();
    drop(policy.retry(|| async { Ok::<_, Failure>(()) }).into_future());
    assert_eq!(counts.in_flight(), 0);
    assert!(goes_through(&policy).await);
}

#[tokio::test(start_paused = true)]
async fn dropped_in_an_attempt() {
    let (policy, counts) = one_at_a_time();
    for _ in 0..3 {
        let call = policy.retry(pending::<Result<(), Failure>>).into_future();
        assert!(tokio::time::timeout(ms(10), call).await.is_err());
        assert_eq!(counts.in_flight(), 0);
    }
    assert!(goes_through(&policy).await);
}

#[tokio::test(start_paused = true)]
async fn dropped_in_the_backoff() {
    let (policy, counts) = one_at_a_time();
    let call = policy.retry(|| async { Err::<(), _>(Failure::transient()) }).into_future();
    assert!(tokio::time::timeout(ms(500), call).await.is_err());
    assert_eq!(counts.in_flight(), 0);
    assert!(goes_through(&policy).await);
}

#[tokio::test(start_paused = true)]
async fn dropped_at_the_head_of_the_line() {
    let (policy, counts) = one_at_a_time();
    let holder = async {
        let hold = || async {
            tokio::time::sleep_until(tokio::time::Instant::now() + ms(300)).await;
            Ok::<_, Failure>(())
        };
        policy.retry(hold).await.is_ok()
    };
    let head = async {
        let call = policy.retry(|| async { Ok::<_, Failure>(()) }).into_future();
        tokio::time::timeout(ms(100), call).await.is_err()
    };
    // Behind the one that goes away, and it must be let through all the same.
    let behind = goes_through(&policy);
    let (holder, dropped, behind) = tokio::join!(holder, head, behind);
    assert!(holder && dropped && behind);
    assert_eq!(counts.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropped_in_the_middle_of_the_line() {
    let (policy, counts) = one_at_a_time();
    let hold = || async {
        tokio::time::sleep_until(tokio::time::Instant::now() + ms(300)).await;
        Ok::<_, Failure>(())
    };
    let middle = async {
        let call = policy.retry(|| async { Ok::<_, Failure>(()) }).into_future();
        tokio::time::timeout(ms(50), call).await.is_err()
    };
    let (first, second, dropped, last) = tokio::join!(
        policy.retry(hold).into_future(),
        policy.retry(hold).into_future(),
        middle,
        goes_through(&policy),
    );
    assert!(first.is_ok() && second.is_ok() && dropped && last);
    assert_eq!(counts.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropped_while_a_limiter_names_the_time() {
    let gcra = Gcra::per("1/s".parse().unwrap()).and(Concurrency::new(1).unwrap());
    let (limiter, counts) = Counted::new(gcra);
    let policy = Policy::builder().limit(limiter).no_deadline().build().unwrap();
    assert!(goes_through(&policy).await);
    let start = tokio::time::Instant::now();
    let call = policy.retry(|| async { Ok::<_, Failure>(()) }).into_future();
    assert!(tokio::time::timeout(ms(500), call).await.is_err());
    assert!(goes_through(&policy).await);
    // The one that went away was never charged.
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert_eq!(counts.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropped_when_woken_but_not_yet_polled() {
    let (policy, counts) = one_at_a_time();
    let mut holder = policy.attempts();
    holder.permit().await.unwrap();
    let waits = policy.attempts();
    let mut waits = Box::new(waits);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(waits.poll_permit(&mut cx).is_pending());
    let behind = goes_through(&policy);
    let mut behind = pin!(behind);
    assert!(behind.as_mut().poll(&mut cx).is_pending());
    // The answer wakes the head, which goes away without looking.
    assert_eq!(holder.record(&Observation::new(Outcome::Success)), Verdict::Success);
    drop(waits);
    assert!(behind.await);
    assert_eq!(counts.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_was_not_used_is_taken_back_with_its_charge() {
    let (limiter, counts) = Counted::new(Gcra::per("1/h".parse().unwrap()));
    let policy = Policy::builder().limit(limiter).no_deadline().build().unwrap();
    let mut attempts = policy.attempts();
    attempts.permit().await.unwrap();
    attempts.retract();
    assert_eq!(attempts.sends(), 0);
    drop(attempts);
    assert!(goes_through(&policy).await, "the hour's one request was still there");
    assert_eq!(counts.in_flight(), 0);
}

#[test]
fn a_panic_in_an_attempt_gives_its_place_back() {
    let (policy, counts) = one_at_a_time();
    let panics = || -> Result<(), Failure> { panic!("the caller's own") };
    let call = std::panic::AssertUnwindSafe(|| policy.retry(panics).blocking());
    assert!(std::panic::catch_unwind(call).is_err());
    assert_eq!(counts.in_flight(), 0);
    assert!(policy.retry(|| Ok::<_, Failure>(())).blocking().is_ok());
}

const HOUR: Duration = Duration::from_secs(3600);

/// A policy that waits an hour between attempts, unless it is cancelled.
fn patient(cancel: &Cancel) -> Policy {
    let stop = MaxAttempts::new(9).unwrap() | cancel.clone();
    Policy::builder().backoff(Constant::new(HOUR)).stop(stop).build().unwrap()
}

const CANCELLED: GiveUp = GiveUp::Stopped(StopReason::Cancelled);

#[tokio::test(start_paused = true)]
async fn a_wait_of_a_task_ends_when_it_is_cancelled() {
    let cancel = Cancel::new();
    let policy = patient(&cancel);
    let began = tokio::time::Instant::now();
    let call = policy.retry(|| async { Err::<(), _>(Failure::transient()) }).into_future();
    let cancelled = async {
        tokio::time::sleep(ms(10)).await;
        cancel.cancel();
    };
    let (end, ()) = tokio::join!(call, cancelled);
    let gave_up = end.unwrap_err();
    assert_eq!((gave_up.reason(), gave_up.attempts()), (CANCELLED, 1));
    assert_eq!(began.elapsed(), ms(10));
    assert!(gave_up.into_error().is_some());
    let statistics = policy.statistics();
    assert_eq!((statistics.gave_up.stopped, statistics.in_progress()), (1, 0));
}

#[test]
fn a_wait_of_a_thread_ends_when_it_is_cancelled() {
    let cancel = Cancel::new();
    let policy = patient(&cancel);
    std::thread::scope(|threads| {
        let call = threads
            .spawn(|| policy.retry(|| Err::<(), _>(Failure::transient())).blocking().unwrap_err());
        while policy.statistics().sends == 0 {
            std::thread::yield_now();
        }
        cancel.cancel();
        // It would be an hour.
        assert_eq!(call.join().unwrap().reason(), CANCELLED);
    });
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_in_line_holds_nobody_up_and_pays_for_no_retry() {
    let cancel = Cancel::new();
    let policy = Policy::builder()
        .limit(Concurrency::new(1).unwrap())
        .budget(forbear_core::RetryBudget::new(0.0, 1).unwrap())
        .backoff(Constant::new(HOUR))
        .no_deadline()
        .build()
        .unwrap();
    let held = policy.acquire(Cost::REQUEST).await.unwrap();
    let works = || policy.retry(|| async { Ok::<_, Failure>(()) });
    let first = works().stop(cancel.clone()).into_future();
    let second = works().into_future();
    let later = async {
        tokio::time::sleep(ms(1)).await;
        cancel.cancel();
        tokio::time::sleep(ms(1)).await;
        drop(held);
    };
    let (first, second, ()) = tokio::join!(first, second, later);
    assert_eq!(first.unwrap_err().attempts(), 0);
    assert!(second.is_ok());

    // The only retry of the budget is taken, and given back.
    let again = Cancel::new();
    let fails = || policy.retry(|| async { Err::<(), _>(Failure::transient()) });
    let call = fails().stop(again.clone()).into_future();
    let (end, ()) = tokio::join!(call, async {
        tokio::time::sleep(ms(1)).await;
        again.cancel();
    });
    assert_eq!(end.unwrap_err().reason(), CANCELLED);
    let other = tokio::time::timeout(ms(1), fails().into_future()).await;
    assert!(other.is_err(), "it waits for a retry that it could pay for");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_begins_after_it_was_cancelled_is_not_sent() {
    let cancel = Cancel::new();
    let policy = patient(&cancel);
    cancel.cancel();
    let end = policy.retry(|| async { Ok::<_, Failure>(()) }).await;
    let gave_up = end.unwrap_err();
    assert_eq!((gave_up.reason(), gave_up.attempts()), (CANCELLED, 0));
    assert_eq!(policy.statistics().calls, 1);
}

#[tokio::test(start_paused = true)]
async fn where_another_condition_has_a_say_a_wait_goes_on() {
    let cancel = Cancel::new();
    let stop = cancel.clone() & MaxAttempts::new(2).unwrap();
    let policy = Policy::builder().backoff(Constant::new(HOUR)).no_budget().stop(stop);
    let policy = policy.build().unwrap();
    cancel.cancel();
    let call = policy.retry(|| async { Err::<(), _>(Failure::transient()) });
    assert_eq!(call.await.unwrap_err().attempts(), 2);
}

#[test]
fn a_call_that_went_away_is_not_woken_nor_kept() {
    struct Nobody;
    impl std::task::Wake for Nobody {
        fn wake(self: std::sync::Arc<Self>) {
            panic!("nobody is there");
        }
    }
    let cancel = Cancel::new();
    let policy = patient(&cancel);
    let nobody = std::sync::Arc::new(Nobody);
    let waker = Waker::from(std::sync::Arc::clone(&nobody));
    let _runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _entered = _runtime.enter();
    let mut call =
        Box::pin(policy.retry(|| async { Err::<(), _>(Failure::transient()) }).into_future());
    assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(call);
    drop(waker);
    assert_eq!(std::sync::Arc::strong_count(&nobody), 1);
    cancel.cancel();
}
