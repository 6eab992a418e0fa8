//! Decisions allocate nothing.
//!
//! A binary of its own: the counting allocator is one for the whole process.

use std::hint::black_box;
use std::time::Duration;

use forbear_core::limiter::{Concurrency, Gcra, Learned, TokenBucket};
use forbear_core::queue::{Job, Order, Queue, QueueConfig, Scope};
use forbear_core::{
    Action, Call, Completion, Cost, Decision, Dimension, Limiter, Observation, Outcome, Policy,
    Quantity, Quota, RetryBudget, SplitMix64, Timestamp,
};

#[test]
fn a_whole_storm_is_decided_without_the_heap() {
    let policy = Policy::builder()
        .limit(Gcra::per("100/s".parse().unwrap()).with_burst(10).unwrap())
        .limit(TokenBucket::new("100/s".parse().unwrap(), 10).unwrap())
        .limit(Concurrency::new(4).unwrap())
        .budget(RetryBudget::new(1.0, 10).unwrap())
        .build()
        .unwrap();
    let mut engine = policy.engine(Box::new(SplitMix64::new(1)));
    let mut refused = Observation::throttled(Some(Duration::from_millis(50)));
    refused.quotas.push(Quota::new(None).with_resets_in(Duration::from_secs(1)));
    let done = Observation::new(Outcome::Success);

    let mut sends = 0;
    let counted = allocation_counter::measure(|| {
        let mut now = Timestamp::ZERO;
        for n in 0..1000_u32 {
            let mut call = Call::new(now, Cost::REQUEST);
            loop {
                match engine.poll(now, &mut call) {
                    Action::Send => {
                        sends += 1;
                        let seen = if n % 3 == 0 && call.sends() == 1 { &refused } else { &done };
                        engine.complete(now, &mut call, seen);
                    }
                    Action::SleepUntil(time, reason) => {
                        black_box(reason);
                        now = time;
                    }
                    Action::Park { .. } => unreachable!("one call at a time"),
                    Action::Finish(end) => {
                        black_box(end).ok();
                        break;
                    }
                }
            }
        }
    });
    assert!(sends > 1000, "some were sent again: {sends}");
    assert_eq!(counted.count_total, 0, "{counted:?}");
}

/// A mirror is made where a window is first heard of; there are at most sixteen.
#[test]
fn what_is_learned_of_a_server_is_kept_without_the_heap() {
    let cost = Cost::REQUEST;
    let mut said = Observation::new(Outcome::Success);
    said.quotas.push(
        Quota::new(Some(Dimension::Requests))
            .with_limit(Quantity::from_units(100))
            .with_remaining(Quantity::from_units(70))
            .with_resets_in(Duration::from_secs(3)),
    );
    let (refused, silent) = (Observation::throttled(None), Observation::new(Outcome::Success));
    for says in [&said, &silent] {
        let mut learned = Learned::new();
        learned.commit(Timestamp::ZERO, &cost);
        let first = Completion { sent_at: Timestamp::ZERO, cost, actual: cost, observation: says };
        learned.observe(Timestamp::ZERO, &first);
        let (mut now, mut sends) = (Timestamp::ZERO, 0_u32);
        let counted = allocation_counter::measure(|| {
            while sends < 2000 {
                match learned.acquire(now, &cost) {
                    Decision::Admit => {}
                    Decision::WaitUntil(time) => {
                        now = time;
                        continue;
                    }
                    other => unreachable!("{other:?} with nothing in flight"),
                }
                sends += 1;
                let (sent_at, observation) =
                    (now, if sends.is_multiple_of(9) { &refused } else { says });
                now = now.after(Duration::from_millis(1));
                learned.observe(now, &Completion { sent_at, cost, actual: cost, observation });
            }
        });
        black_box(learned.model(Dimension::Requests));
        assert_eq!(counted.count_total, 0, "{counted:?}");
    }
}

#[cfg(feature = "std")]
#[test]
fn a_call_that_succeeds_at_once_has_no_history_on_the_heap() {
    let policy = Policy::recommended();
    // The state of the policy, and the waker of this thread.
    let call = || policy.retry(|| Ok::<_, std::io::Error>(())).blocking();
    call().unwrap();
    let first = allocation_counter::measure(|| call().unwrap());
    assert_eq!(first.count_total, 0, "{first:?}");
    let mut attempts = policy.attempts();
    let waited = allocation_counter::measure(|| attempts.permit_blocking().unwrap());
    let recorded = allocation_counter::measure(|| {
        let _ = black_box(attempts.record(&Observation::new(Outcome::Success)));
        black_box(attempts.history().is_empty());
    });
    assert_eq!((waited.count_total, recorded.count_total), (0, 0));
}

/// Bytes a job, of so many in a queue of fifty tenants that are pushed by `push`.
#[expect(clippy::unwrap_used, reason = "a test may panic")]
fn bytes_a_job(jobs: u32, order: Order) -> u64 {
    let config = QueueConfig::new().order(order).capacity(jobs).unwrap();
    let mut queue = Queue::<()>::new(config);
    let scope = Scope::new("api", Gcra::per("1/s".parse().unwrap()).boxed());
    let scope = queue.add_scope(scope);
    let tenants: Vec<_> = (1..=50).map(|weight| queue.add_tenant(weight).unwrap()).collect();
    let counted = allocation_counter::measure(|| {
        for number in 0..jobs {
            let tenant = tenants[number as usize % 50];
            // Deadlines in no order.
            let deadline = Timestamp::from_nanos(u64::from(number.wrapping_mul(0x9e37_79b9)) << 32);
            let job = Job::new(scope, tenant, ()).deadline(deadline.after(YEAR));
            queue.push(Timestamp::ZERO, job).unwrap();
        }
    });
    u64::try_from(counted.bytes_current).unwrap() / u64::from(jobs)
}

const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[test]
fn a_queued_job_takes_less_than_200_bytes_beyond_its_payload() {
    // Also where everything that grows has just grown.
    for jobs in [10_000, 65_537, 100_000, 131_073] {
        for order in [Order::Fifo, Order::EarliestDeadline] {
            let bytes = bytes_a_job(jobs, order);
            assert!((100..200).contains(&bytes), "{bytes} of each of {jobs}, {order:?}");
        }
    }
}

#[cfg(feature = "std")]
#[test]
fn a_job_in_a_shared_queue_takes_less_than_200_bytes_too() {
    use forbear_core::driver::queue::SharedQueue;

    let queue = SharedQueue::<()>::new(QueueConfig::new());
    let scope = queue.add_policy("api", &Policy::recommended());
    let tenants: Vec<_> = (1..=50).map(|weight| queue.add_tenant(weight).unwrap()).collect();
    let counted = allocation_counter::measure(|| {
        for number in 0..100_000 {
            queue.push(Job::new(scope, tenants[number % 50], ())).unwrap();
        }
    });
    let bytes = counted.bytes_current / 100_000;
    assert!((100..200).contains(&bytes), "{bytes} bytes a job");
}

#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| drop(black_box(Box::new(1))));
    assert_eq!(counted.count_total, 1);
}
