use forbear_core::limiter::{All, Gcra};
use forbear_core::queue::{Job, Next, Order, Queue, QueueConfig, Scope};
use forbear_core::{Cost, Dimension, Timestamp};
use proptest::prelude::*;

#[test]
fn a_hundred_thousand_jobs_of_fifty_tenants_are_shared_by_weight_each_second() {
    let weights: Vec<u32> = (0..50).map(|tenant| [1, 2, 4][tenant % 3]).collect();
    let total: u32 = weights.iter().sum();
    let mut queue = Queue::new(QueueConfig::new());
    let scope = queue.add_scope(Scope::new("api", Gcra::per("10000/s".parse().unwrap())));
    let now = Timestamp::ZERO;
    let tenants: Vec<_> = weights.iter().map(|&weight| queue.add_tenant(weight).unwrap()).collect();
    for job in 0..100_000 {
        queue.push(now, Job::new(scope, tenants[job % 50], job % 50)).unwrap();
    }
    let mut now = now;
    // The heaviest have work for 5 seconds: 2000 jobs at 4/115 of 10,000 a second.
    for second in 1..=5 {
        let mut served = [0_u32; 50];
        let end = Timestamp::from_nanos(second * 1_000_000_000);
        while now < end {
            match queue.next(now) {
                Next::Start(job) => served[job.payload] += 1,
                Next::Wait(time) => now = time.unwrap(),
                Next::Remove(removed) => panic!("{removed:?}"),
            }
        }
        for (tenant, &weight) in weights.iter().enumerate() {
            let (share, fair) = (served[tenant] * total, 10_000 * weight);
            let percent = share.abs_diff(fair) * 100 / fair;
            assert!(percent < 2, "second {second}, tenant {tenant}: {} jobs", served[tenant]);
        }
    }
}

/// How many of 100,000 jobs of fifty tenants miss their deadlines. The `k`th deadline of a
/// tenant is when its share of 10,000 a second has served it `k` jobs, and a few rounds
/// more; they are pushed in no order.
fn missed(order: Order) -> u32 {
    let weights: Vec<u32> = (0..50).map(|tenant| [1, 2, 4][tenant % 3]).collect();
    let total: u32 = weights.iter().sum();
    let mut queue = Queue::new(QueueConfig::new().order(order));
    let scope = queue.add_scope(Scope::new("api", Gcra::per("10000/s".parse().unwrap())));
    for &weight in &weights {
        let tenant = queue.add_tenant(weight).unwrap();
        for number in 0..2000_u64 {
            // 2000 and 1201 have no common divisor: each comes once.
            let place = number * 1201 % 2000 + 1;
            let share_ns = place * u64::from(total) * 100_000 / u64::from(weight);
            let deadline = Timestamp::from_nanos(share_ns + 50_000_000);
            queue.push(Timestamp::ZERO, Job::new(scope, tenant, ()).deadline(deadline)).unwrap();
        }
    }
    let (mut now, mut missed) = (Timestamp::ZERO, 0);
    loop {
        match queue.next(now) {
            Next::Start(job) => assert!(now < job.deadline.unwrap()),
            Next::Remove(_) => missed += 1,
            Next::Wait(Some(time)) => now = time,
            Next::Wait(None) => return missed,
        }
    }
}

#[test]
fn no_job_with_a_feasible_deadline_misses_it_where_the_earliest_goes_first() {
    assert_eq!(missed(Order::EarliestDeadline), 0);
    assert!(missed(Order::Fifo) > 10_000, "the deadlines were no trouble");
}

proptest! {
    #[test]
    fn two_tenants_with_jobs_differ_by_at_most_three_of_the_largest_cost(
        weights in [1..8_u32, 1..8],
        costs in proptest::collection::vec((0..3_usize, 1..50_u32), 50..300),
    ) {
        let mut queue = Queue::new(QueueConfig::new().counting(Dimension::Tokens));
        let scope = queue.add_scope(Scope::new("api", All::new([])));
        let [ann, bob] = weights.map(|weight| queue.add_tenant(weight).unwrap());
        let other = queue.add_tenant(1).unwrap();
        let mut left = [0, 0, 0];
        for &(tenant, tokens) in &costs {
            let cost = Cost::REQUEST.with(Dimension::Tokens, tokens);
            let id = [ann, bob, other][tenant];
            let job = Job::new(scope, id, (tenant, i64::from(tokens))).cost(cost);
            queue.push(Timestamp::ZERO, job).unwrap();
            left[tenant] += 1;
        }
        let max = i64::from(costs.iter().map(|&(_, tokens)| tokens).max().unwrap());
        let [w, v] = weights.map(i64::from);
        // Served by weight, the difference times both weights.
        let (mut difference, mut least, mut most) = (0, 0, 0);
        while let Next::Start(job) = queue.next(Timestamp::ZERO) {
            let (tenant, tokens) = job.payload;
            left[tenant] -= 1;
            difference += match tenant { 0 => tokens * v, 1 => -tokens * w, _ => 0 };
            (least, most) = (difference.min(least), difference.max(most));
            prop_assert!(most - least <= 3 * max * w * v, "{} of {}", most - least, max * w * v);
            if left[0] == 0 || left[1] == 0 { break; }
        }
    }
}
