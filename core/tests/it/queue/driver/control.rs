use std::time::Duration;

use forbear_core::driver::queue::{Answered, SharedQueue};
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::queue::{Job, QueueConfig, Scope, Withdrawal};
use forbear_core::{GiveUp, Observation, Outcome, Policy, StopReason};
use tokio::time::{Instant, timeout};

use super::{One, limited, patient};
use crate::support::ms;

#[tokio::test(start_paused = true)]
async fn workers_end_when_a_drained_queue_has_no_retry_left() {
    let one = One::new(&patient().build().unwrap());
    one.push(&["a"]);
    let turn = one.queue.next().await.unwrap();
    one.queue.drain();
    let waiting = tokio::spawn({
        let queue = one.queue.clone();
        async move { queue.next().await.map(forbear_core::driver::queue::Turn::complete) }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "the job may come back");
    assert!(matches!(turn.answer(&Observation::new(Outcome::Transient)), Answered::Again(_)));
    assert_eq!(waiting.await.unwrap(), Some("a"));
    assert!(one.queue.next().await.is_none());

    let one = One::new(&patient().build().unwrap());
    let waiting = tokio::spawn({
        let queue = one.queue.clone();
        async move { queue.next().await.is_none() }
    });
    tokio::task::yield_now().await;
    one.queue.drain();
    assert!(waiting.await.unwrap(), "an empty one ends at once");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_reports_what_was_left_and_sends_nothing_again() {
    let one = One::new(&limited(Concurrency::new(1).unwrap()));
    one.push(&["a", "b", "c"]);
    let a = one.queue.next().await.unwrap();
    let left = one.queue.shut_down();
    let jobs: Vec<_> = left.jobs.iter().map(|job| (job.payload, job.why)).collect();
    assert_eq!(jobs, [("b", Withdrawal::ShutDown), ("c", Withdrawal::ShutDown)]);
    let Answered::GaveUp(failed) = a.answer(&Observation::new(Outcome::Transient)) else {
        panic!("nothing is sent again");
    };
    assert_eq!((failed.payload, failed.why), ("a", GiveUp::Stopped(StopReason::Cancelled)));
    assert!(one.queue.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_notice_each_change() {
    let queue = SharedQueue::new(QueueConfig::new());
    let gcra = Gcra::per("1/h".parse().unwrap());
    let scope = queue.add_scope(Scope::new("api", gcra), &Policy::recommended());
    let tenant = queue.add_tenant(1).unwrap();
    for job in 0..4 {
        queue.push(Job::new(scope, tenant, job)).unwrap();
    }
    queue.next().await.unwrap().complete();
    let begin = Instant::now();
    let mut next = Box::pin(queue.next());
    assert!(timeout(ms(10), &mut next).await.is_err());
    let now = queue.now();
    queue.change_limiter(scope, |gcra| gcra.set_rate(now, "10/s".parse().unwrap())).unwrap();
    next.await.unwrap().complete();
    assert_eq!(begin.elapsed(), ms(110), "from when the rate was set");

    assert!(queue.pause_scope(scope));
    let mut next = Box::pin(queue.next());
    assert!(timeout(Duration::from_secs(1), &mut next).await.is_err());
    assert!(queue.resume_scope(scope));
    timeout(ms(1), next).await.unwrap().unwrap().complete();

    queue.set_cap(tenant, Some(1)).unwrap();
    for job in 4..8 {
        queue.push(Job::new(scope, tenant, job)).unwrap();
    }
    let held = queue.next().await.unwrap();
    let mut next = Box::pin(queue.next());
    assert!(timeout(Duration::from_secs(1), &mut next).await.is_err());
    queue.set_cap(tenant, None).unwrap();
    timeout(ms(1), next).await.unwrap().unwrap().complete();
    held.complete();
    queue.pause();
    assert!(queue.set_weight(tenant, 0).is_err());
    assert!(queue.set_weight(tenant, 2).unwrap());
    let mut next = Box::pin(queue.next());
    assert!(timeout(Duration::from_secs(1), &mut next).await.is_err());
    queue.resume();
    timeout(ms(1), next).await.unwrap().unwrap().complete();
}

#[tokio::test(start_paused = true)]
async fn a_scope_may_follow_another_policy() {
    let one = One::new(&limited(Gcra::per("1/h".parse().unwrap())));
    one.push(&["a", "b"]);
    one.queue.next().await.unwrap().complete();
    let faster = patient().max_attempts(1).build().unwrap();
    assert!(one.queue.change_policy(one.scope, &faster));
    let b = timeout(ms(1), one.queue.next()).await.unwrap().unwrap();
    let Answered::GaveUp(failed) = b.answer(&Observation::new(Outcome::Transient)) else {
        panic!("it has one attempt now");
    };
    assert_eq!(failed.why, GiveUp::Stopped(StopReason::MaxAttempts(1)));
}
