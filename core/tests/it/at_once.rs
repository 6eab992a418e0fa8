use std::cell::Cell;
use std::future::{Future, IntoFuture, pending, ready};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::budget::{Attempt, Budget, RetryBudget};
use forbear_core::stop::Until;
use forbear_core::{GiveUp, Observation, Outcome, Policy, PolicyBuilder, StopReason, Timestamp};
use tokio::time::Instant;

use crate::support::{Failure, ms};

const SECOND: Duration = Duration::from_secs(1);

fn builder() -> PolicyBuilder {
    Policy::builder().backoff(Constant::new(SECOND))
}

/// Polls a call once.
fn poll_once<F: IntoFuture>(call: F) -> Poll<F::Output> {
    let call = pin!(call.into_future());
    call.poll(&mut Context::from_waker(Waker::noop()))
}

fn succeed(policy: &Policy) {
    let end = poll_once(policy.retry(|| ready(Ok::<_, Failure>(7))));
    assert!(matches!(end, Poll::Ready(Ok(7))));
}

#[test]
fn threads_lose_no_success() {
    let policy = builder().build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).for_each(|_| succeed(&policy)));
        }
    });
    let seen = policy.statistics();
    assert_eq!((seen.calls, seen.sends, seen.successes), (4000, 4000, 4000));
    assert_eq!((seen.retries, seen.in_progress(), seen.gave_up.total()), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn each_success_is_deposited_before_the_budget_is_asked() {
    let budget = RetryBudget::new(0.25, 0).unwrap();
    let policy = builder().budget(budget).max_attempts(9).build().unwrap();
    let fails = || policy.retry(|| ready(Err::<(), _>(Failure::transient())));
    // Three quarters of a retry, and its own quarter.
    (0..3).for_each(|_| succeed(&policy));
    let gave_up = fails().await.unwrap_err();
    assert_eq!((gave_up.attempts(), gave_up.reason()), (2, GiveUp::BudgetExhausted));
    (0..2).for_each(|_| succeed(&policy));
    assert_eq!(fails().await.unwrap_err().attempts(), 1);
    succeed(&policy);
    // The quarter that the last one left was not told twice.
    assert_eq!(fails().await.unwrap_err().attempts(), 2);
    let seen = policy.statistics();
    assert_eq!((seen.calls, seen.sends, seen.retries, seen.successes), (9, 11, 2, 6));
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_the_server_closes_the_short_way_and_its_end_opens_it() {
    let policy = builder().build().unwrap();
    let start = Instant::now();
    let sends = Cell::new(0);
    let refused_once = policy.retry(|| {
        sends.set(sends.get() + 1);
        ready(if sends.get() == 1 { Err(Failure::throttled(Some(5 * SECOND))) } else { Ok(()) })
    });
    let mut refused_once = pin!(refused_once.into_future());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(refused_once.as_mut().poll(&mut cx).is_pending());
    // Another call of the policy waits too.
    policy.retry(|| ready(Ok::<_, Failure>(()))).await.unwrap();
    assert_eq!(start.elapsed(), 5 * SECOND);
    refused_once.await.unwrap();
    // And this one does not.
    succeed(&policy);
    assert_eq!(start.elapsed(), 5 * SECOND);
    assert_eq!(policy.statistics().waited, 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_calls_that_were_let_through_at_once_are_known_when_the_server_closes() {
    let policy = builder().build().unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let wait = || policy.retry(pending::<Result<(), Failure>>).into_future();
    let mut in_flight: Vec<_> = (0..3).map(|_| Box::pin(wait())).collect();
    for call in &mut in_flight {
        assert!(call.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(policy.statistics().in_progress(), 3);
    let _ = poll_once(policy.retry(|| ready(Err::<(), _>(Failure::throttled(Some(SECOND))))));
    tokio::time::advance(2 * SECOND).await;
    // The window of the reopening is one, and three are still out.
    let mut next = pin!(policy.retry(|| ready(Ok::<_, Failure>(()))).into_future());
    assert!(next.as_mut().poll(&mut cx).is_pending());
    drop(in_flight);
    next.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_in_its_first_poll_is_counted_and_timed() {
    let policy = builder().deadline(10 * SECOND).build().unwrap();
    let slow = || async {
        tokio::time::sleep_until(Instant::now() + 4 * SECOND).await;
        Err::<(), _>(Failure::transient())
    };
    let mut call = Box::pin(policy.retry(slow).into_future());
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let seen = policy.statistics();
    assert_eq!((seen.calls, seen.sends, seen.in_progress()), (1, 1, 1));
    // 4 s and 1 s, twice, is the deadline.
    let gave_up = call.await.unwrap_err();
    assert_eq!(gave_up.reason(), GiveUp::Stopped(StopReason::Deadline(10 * SECOND)));
    assert_eq!((gave_up.attempts(), gave_up.elapsed()), (2, 9 * SECOND));

    drop(poll_once(policy.retry(pending::<Result<(), Failure>>)));
    let seen = policy.statistics();
    assert_eq!((seen.calls, seen.in_progress(), seen.gave_up.abandoned), (2, 0, 1));
}

#[test]
fn a_panic_in_the_first_poll_is_counted_as_gone_away() {
    let policy = builder().build().unwrap();
    let panics = || -> std::future::Ready<Result<(), Failure>> { panic!("the caller's own") };
    let call = std::panic::AssertUnwindSafe(|| poll_once(policy.retry(panics)).is_ready());
    assert!(std::panic::catch_unwind(call).is_err());
    let in_poll = async || -> Result<(), Failure> { panic!("in the poll") };
    let call = std::panic::AssertUnwindSafe(|| poll_once(policy.retry(in_poll)).is_ready());
    assert!(std::panic::catch_unwind(call).is_err());
    let seen = policy.statistics();
    assert_eq!((seen.calls, seen.sends, seen.gave_up.abandoned), (2, 2, 2));
    succeed(&policy);
}

#[tokio::test(start_paused = true)]
async fn each_result_is_judged_once() {
    let policy = builder().build().unwrap();
    let (looks, sends) = (Cell::new(0), Cell::new(0));
    let call = policy.retry(|| {
        sends.set(sends.get() + 1);
        ready(if sends.get() < 3 { Err(Failure::transient()) } else { Ok(()) })
    });
    call.inspect(|_: &Result<(), Failure>| looks.set(looks.get() + 1)).await.unwrap();
    assert_eq!((looks.get(), sends.get()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_good_result_that_is_judged_bad_is_tried_again() {
    let policy = builder().max_attempts(2).build().unwrap();
    let call = policy.retry(|| ready(Ok::<_, Failure>(503)));
    let throttled = |_: &Result<u32, Failure>| Observation::throttled(Some(3 * SECOND));
    let gave_up = call.classify(throttled).await.unwrap_err();
    assert_eq!((gave_up.attempts(), gave_up.elapsed()), (2, 3 * SECOND));
    assert!(matches!(gave_up.last(), Some(Ok(503))));
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_holds_from_the_start_lets_nothing_through() {
    let policy = builder().stop(Until::new(Timestamp::ZERO)).build().unwrap();
    let call = policy.retry(|| -> std::future::Ready<Result<(), Failure>> { unreachable!() });
    assert_eq!(call.await.unwrap_err().attempts(), 0);
    let open = builder().build().unwrap();
    let call = open.retry(|| -> std::future::Ready<Result<(), Failure>> { unreachable!() });
    assert_eq!(call.deadline(Duration::ZERO).await.unwrap_err().attempts(), 0);
}

/// Writes down when it is told of what.
#[derive(Clone, Debug, Default)]
struct Timed(Arc<Mutex<Vec<(Timestamp, Attempt)>>>);

impl Budget for Timed {
    fn observe(&mut self, now: Timestamp, attempt: &Attempt) {
        self.0.lock().unwrap().push((now, *attempt));
    }

    fn withdraw(&mut self, _: Timestamp, _: Outcome) -> Option<u64> {
        Some(0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_goes_by_time_hears_of_each_success_as_it_comes() {
    let budget = Timed::default();
    let policy = builder().budget(budget.clone()).build().unwrap();
    for _ in 0..2 {
        succeed(&policy);
        tokio::time::advance(ms(100)).await;
    }
    let told = budget.0.lock().unwrap().clone();
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].0.since(told[0].0), ms(100));
}
