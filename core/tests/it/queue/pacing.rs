use core::time::Duration;

use forbear_core::Timestamp;
use forbear_core::limiter::Gcra;
use forbear_core::queue::{Job, Next, Queue, QueueConfig, Scope};

use crate::support::Counted;

/// Serves a thousand jobs a second for ten seconds where each timer rings at the next
/// whole millisecond and 0.4 ms late; how many were started, and at how many checks.
fn serve_late(payback: Duration) -> (u32, u32) {
    let (limiter, counts) = Counted::new(Gcra::per("1000/s".parse().unwrap()));
    let mut queue = Queue::new(QueueConfig::new());
    let scope = queue.add_scope(Scope::new("api", limiter).payback(payback));
    let tenant = queue.add_tenant(1).unwrap();
    for job in 0..20_000_u32 {
        queue.push(Timestamp::ZERO, Job::new(scope, tenant, job)).unwrap();
    }
    let pushed = counts.checks();
    let (mut now, mut started) = (Timestamp::ZERO, 0);
    while now < Timestamp::from_nanos(10_000_000_000) {
        match queue.next(now) {
            Next::Start(job) => {
                assert_eq!(job.payload, started, "in the order of their coming");
                started += 1;
            }
            Next::Wait(time) => {
                let due = time.unwrap().as_nanos();
                now = Timestamp::from_nanos(due.div_ceil(1_000_000) * 1_000_000 + 400_000);
            }
            Next::Remove(removed) => panic!("{removed:?}"),
        }
    }
    (started, counts.checks() - pushed)
}

#[test]
fn a_late_timer_costs_no_rate_no_order_and_few_checks() {
    let (started, checks) = serve_late(Duration::from_millis(5));
    assert!((9_900..=10_005).contains(&started), "{started} of 10,000");
    assert!(checks <= 3 * started, "{checks} checks for {started} jobs");
}

#[test]
fn without_payback_the_same_timers_lose_a_third_of_the_rate() {
    let (started, _) = serve_late(Duration::ZERO);
    assert!(started < 7_000, "{started} of 10,000");
}

#[test]
fn after_a_long_stop_no_more_is_made_up_for_than_the_payback() {
    let mut queue = Queue::new(QueueConfig::new());
    let scope = queue.add_scope(Scope::new("api", Gcra::per("1000/s".parse().unwrap())));
    let tenant = queue.add_tenant(1).unwrap();
    for job in 0..1000 {
        queue.push(Timestamp::ZERO, Job::new(scope, tenant, job)).unwrap();
    }
    let started = |queue: &mut Queue<i32, Gcra>, now| {
        core::iter::from_fn(|| match queue.next(now) {
            Next::Start(job) => Some(job.id),
            _ => None,
        })
        .count()
    };
    assert_eq!(started(&mut queue, Timestamp::ZERO), 1);
    let later = Timestamp::from_nanos(700_000_000);
    assert_eq!(started(&mut queue, later), 6, "one, and five of 5 ms");
    queue.pause();
    let later = Timestamp::from_nanos(900_000_000);
    assert_eq!(started(&mut queue, later), 0);
    queue.resume();
    assert_eq!(started(&mut queue, later), 1, "a pause is not lateness");
}
