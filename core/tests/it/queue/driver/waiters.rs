use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_core::driver::queue::SharedQueue;
use forbear_core::limiter::Gcra;
use forbear_core::queue::{Job, QueueConfig, Scope};
use forbear_core::{Observation, Policy};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::support::Counted;

/// How a thousand callers fare at a thousand a second.
async fn a_thousand_callers() -> (Vec<u32>, Duration, u32) {
    let (limiter, counts) = Counted::new(Gcra::per("1000/s".parse().unwrap()));
    let queue = SharedQueue::new(QueueConfig::new());
    let scope = queue.add_scope(Scope::new("api", limiter), &Policy::recommended());
    let tenant = queue.add_tenant(1).unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let places: Vec<_> =
        (0..1000).map(|number| queue.stand(Job::new(scope, tenant, number)).unwrap()).collect();
    let pushed = counts.checks();
    let begin = Instant::now();
    let mut callers = JoinSet::new();
    // The last that came is polled first, which must not help it.
    for mut place in places.into_iter().rev() {
        let order = Arc::clone(&order);
        callers.spawn(async move {
            place.turn().await.unwrap();
            order.lock().unwrap().push(*place.payload().unwrap());
            let _ = place.answer(Observation::SUCCESS);
        });
    }
    callers.join_all().await;
    let order = core::mem::take(&mut *order.lock().unwrap());
    (order, begin.elapsed(), counts.checks() - pushed)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_get_the_rate_in_exact_order_at_few_checks() {
    let (order, elapsed, checks) = a_thousand_callers().await;
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(order.len(), 1000);
    // The first goes at once, the last 999 ms later.
    assert!(elapsed <= Duration::from_micros(1_009_090), "{elapsed:?}");
    assert!(elapsed >= Duration::from_millis(994), "{elapsed:?}, less than paid back");
    assert!(checks <= 3000, "{checks} checks");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_workers_get_the_rate_in_the_order_of_the_jobs() {
    let (limiter, counts) = Counted::new(Gcra::per("1000/s".parse().unwrap()));
    let queue = SharedQueue::new(QueueConfig::new());
    let scope = queue.add_scope(Scope::new("api", limiter), &Policy::recommended());
    let tenant = queue.add_tenant(1).unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut workers = JoinSet::new();
    for _ in 0..1000 {
        let (queue, order) = (queue.clone(), Arc::clone(&order));
        workers.spawn(async move {
            let turn = queue.next().await.unwrap();
            order.lock().unwrap().push(*turn.payload());
            turn.complete();
        });
    }
    tokio::task::yield_now().await;
    let begin = Instant::now();
    for number in 0..1000 {
        queue.push(Job::new(scope, tenant, number)).unwrap();
    }
    workers.join_all().await;
    let elapsed = begin.elapsed();
    assert!(order.lock().unwrap().is_sorted());
    assert!(elapsed <= Duration::from_micros(1_009_090), "{elapsed:?}");
    // Each push asks once more: whether the limiter could ever admit it.
    assert!(counts.checks() <= 4000, "{} checks", counts.checks());
}
