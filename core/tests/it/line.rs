use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::{GiveUp, Policy, StopReason};
use tokio::time::Instant;

use crate::support::{Counted, Failure, ms};

#[tokio::test(start_paused = true)]
async fn callers_go_in_the_order_in_which_they_came() {
    let gcra = Gcra::per("100/s".parse().unwrap());
    let policy = Policy::builder().limit(gcra).no_deadline().build().unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..200 {
        let (policy, order) = (policy.clone(), Arc::clone(&order));
        tasks.spawn(async move {
            let send = || async {
                order.lock().unwrap().push(caller);
                Ok::<_, Failure>(())
            };
            policy.retry(send).await.unwrap();
        });
        // Each is in line before the next one comes.
        tokio::task::yield_now().await;
    }
    tasks.join_all().await;
    assert_eq!(*order.lock().unwrap(), (0..200).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_waiters_cost_at_most_three_checks_a_grant_and_lose_no_time() {
    let waiters = 1000;
    let (limiter, counts) = Counted::new(Gcra::per("100/s".parse().unwrap()));
    let policy = Policy::builder().limit(limiter).no_deadline().build().unwrap();
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..waiters {
        let policy = policy.clone();
        tasks.spawn(async move { policy.retry(|| async { Ok::<_, Failure>(()) }).await.unwrap() });
    }
    tasks.join_all().await;
    let checks = counts.checks();
    assert!(checks <= 3 * waiters, "{checks} checks for {waiters} waiters");
    // 999 intervals of 10 ms, and nothing on top.
    assert_eq!(start.elapsed(), ms(9990));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_backs_off_holds_nobody_up() {
    let policy = Policy::builder()
        .limit(Concurrency::new(1).unwrap())
        .backoff(forbear_core::backoff::Constant::new(Duration::from_secs(5)))
        .build()
        .unwrap();
    let start = Instant::now();
    let mut sends = 0;
    let failing = policy.retry(|| {
        sends += 1;
        let first = sends == 1;
        async move { if first { Err(Failure::transient()) } else { Ok(()) } }
    });
    let other = async {
        tokio::time::advance(ms(10)).await;
        policy.retry(|| async { Ok::<_, Failure>(()) }).await.unwrap();
        start.elapsed()
    };
    let (failing, other) = tokio::join!(failing.into_future(), other);
    assert!(failing.is_ok());
    assert!(other < ms(20), "waited {other:?} behind a call that backs off");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_wait_of_a_call_that_is_not_first_in_line() {
    let slow = Policy::builder()
        .limit(Concurrency::new(1).unwrap())
        .deadline(Duration::from_secs(2))
        .build()
        .unwrap();
    let start = Instant::now();
    let holder = slow.retry(|| async {
        tokio::time::sleep_until(start + Duration::from_secs(60)).await;
        Ok::<_, Failure>(())
    });
    let waiting = || async {
        let end = slow.retry(|| async { Ok::<_, Failure>(()) }).await;
        (end.unwrap_err().reason(), start.elapsed())
    };
    let (_, second, third) = tokio::join!(holder.into_future(), waiting(), waiting());
    let expected = GiveUp::Stopped(StopReason::Deadline(Duration::from_secs(2)));
    assert_eq!(second, (expected, Duration::from_secs(2)));
    assert_eq!(third, (expected, Duration::from_secs(2)));
}

#[tokio::test(start_paused = true)]
async fn a_refused_caller_holds_back_the_others_and_they_return_one_by_one() {
    let policy = Policy::builder().no_budget().no_deadline().build().unwrap();
    let start = Instant::now();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..8 {
        let (policy, sent) = (policy.clone(), Arc::clone(&sent));
        tasks.spawn(async move {
            let send = || async {
                let when = start.elapsed();
                sent.lock().unwrap().push(when);
                tokio::time::sleep_until(start + when + ms(100)).await;
                // The server is closed for seven seconds.
                let left = Duration::from_secs(7).saturating_sub(start.elapsed());
                if left.is_zero() { Ok(()) } else { Err(Failure::throttled(Some(left))) }
            };
            // The second half comes when the first has been refused.
            tokio::time::sleep_until(start + ms(500 * (caller / 4))).await;
            policy.retry(send).await.unwrap();
        });
    }
    tasks.join_all().await;
    let sent = sent.lock().unwrap();
    let (early, late): (Vec<Duration>, Vec<_>) =
        sent.iter().copied().partition(|&when| when < ms(7000));
    assert_eq!(early.len(), 4, "the second half waited for the first one's hint: {early:?}");
    assert_eq!(late.len(), 8);
    let at_opening = late.iter().filter(|&&when| when < ms(7100)).count();
    assert_eq!(at_opening, 1, "one goes first, not a herd: {late:?}");
}

#[test]
fn threads_and_their_order_are_served_too() {
    let gcra = Gcra::per("200/s".parse().unwrap());
    let (limiter, counts) = Counted::new(gcra);
    let policy = Policy::builder().limit(limiter).build().unwrap();
    let threads = 8;
    let each = 5;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..each {
                    policy.retry(|| Ok::<_, Failure>(())).blocking().unwrap();
                }
            });
        }
    });
    assert_eq!(counts.in_flight(), 0);
    assert!(counts.checks() >= threads * each);
}

#[tokio::test]
async fn a_thread_and_a_task_share_one_line() {
    let policy = Policy::builder().limit(Concurrency::new(1).unwrap()).build().unwrap();
    let in_thread = policy.clone();
    let mut attempts = policy.attempts();
    attempts.permit().await.unwrap();
    let thread = std::thread::spawn(move || {
        in_thread.retry(|| Ok::<_, Failure>("thread")).blocking().unwrap()
    });
    while !thread.is_finished() {
        if attempts.sends() == 1 {
            drop(attempts);
            break;
        }
    }
    assert_eq!(tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap(), "thread");
}
