//! One grant of a queue of 100,000 jobs, and 300 waiters at 1000 a second.
//!
//! The grants are of the state machine alone: who goes next of fifty tenants, of whose
//! jobs, where the order is by deadline, each has one of its own. The waiters are Tokio tasks on real timers, beside governor (whose waiters
//! each wait for themselves) and a semaphore that a task refills at each tick: all get
//! 300 permits at 1000 a second, so 299 ms is the time that the rate allows, and what is
//! more is lost.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use forbear_core::driver::queue::SharedQueue;
use forbear_core::limiter::{All, Gcra};
use forbear_core::queue::{
    Job, Next, Order, Queue, QueueConfig, Scope, ScopeId, Started, TenantId,
};
use forbear_core::{Entropy, Limiter, Observation, Policy, SplitMix64, Timestamp};
use governor::{Quota, RateLimiter};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const JOBS: u32 = 100_000;

/// Grants between two times at which the queue is filled up again.
const AT_ONCE: u32 = 1000;

struct Full {
    queue: Queue<u32>,
    scope: ScopeId,
    tenants: Vec<TenantId>,
    luck: SplitMix64,
}

impl Full {
    /// A queue that is full, of fifty tenants of weights 1, 2 and 4.
    fn new(order: Order) -> Self {
        let config = QueueConfig::new().order(order).capacity(JOBS).expect("above 0");
        let mut queue = Queue::new(config);
        let scope = queue.add_scope(Scope::new("api", All::new([]).boxed()));
        let weight = |tenant: u32| [1, 2, 4][tenant as usize % 3];
        let tenants: Vec<_> =
            (0..50).map(|tenant| queue.add_tenant(weight(tenant)).expect("above 0")).collect();
        let mut full = Self { queue, scope, tenants, luck: SplitMix64::new(1) };
        (0..JOBS).for_each(|number| full.push(number));
        full
    }

    /// Pushes a job whose deadline is within the day after the next.
    fn push(&mut self, number: u32) {
        const DAY_NS: u64 = 86_400_000_000_000;
        let deadline = Timestamp::from_nanos(DAY_NS + self.luck.next_u64() % DAY_NS);
        let job = Job::new(self.scope, self.tenants[number as usize % 50], number);
        self.queue.push(Timestamp::ZERO, job.deadline(deadline)).expect("there is room");
    }

    fn grant(&mut self) -> Started<u32> {
        let Next::Start(job) = self.queue.next(Timestamp::ZERO) else { panic!("it is full") };
        job
    }
}

fn grants(c: &mut Criterion) {
    let mut group = c.benchmark_group("100,000 queued");
    for (name, order) in
        [("first in first out", Order::Fifo), ("earliest deadline", Order::EarliestDeadline)]
    {
        let mut full = Full::new(order);
        group.bench_function(format!("{name}: grant"), |b| {
            b.iter_custom(|grants| {
                let mut took = Duration::ZERO;
                let mut left = grants;
                while left > 0 {
                    let mut granted = Vec::with_capacity(AT_ONCE as usize);
                    let since = now();
                    for _ in 0..left.min(AT_ONCE.into()) {
                        granted.push(black_box(full.grant()));
                    }
                    took += since.elapsed();
                    left -= granted.len() as u64;
                    for job in granted {
                        full.queue.complete(Timestamp::ZERO, job.id, Observation::SUCCESS);
                        full.push(job.payload);
                    }
                }
                took
            });
        });
        group.bench_function(format!("{name}: grant, complete and push"), |b| {
            b.iter(|| {
                let job = full.grant();
                full.queue.complete(Timestamp::ZERO, job.id, Observation::SUCCESS);
                full.push(job.payload);
            });
        });
    }
    group.finish();
}

#[expect(clippy::disallowed_methods, reason = "the pushes between the grants are not measured")]
fn now() -> Instant {
    Instant::now()
}

const WAITERS: u32 = 300;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

async fn forbear() {
    let queue = SharedQueue::new(QueueConfig::new());
    let rate = Gcra::per("1000/s".parse().expect("a rate"));
    let scope = queue.add_scope(Scope::new("api", rate), &Policy::recommended());
    let tenant = queue.add_tenant(1).expect("above 0");
    let mut tasks = JoinSet::new();
    for number in 0..WAITERS {
        let mut place = queue.stand(Job::new(scope, tenant, number)).expect("there is room");
        tasks.spawn(async move {
            place.turn().await.expect("nobody takes it");
            let _ = place.answer(Observation::SUCCESS);
        });
    }
    tasks.join_all().await;
}

#[expect(clippy::disallowed_methods, reason = "what governor leaves to its callers")]
async fn governor() {
    let quota = Quota::per_second(NonZeroU32::new(1000).expect("above 0"));
    let limiter = Arc::new(RateLimiter::direct(quota.allow_burst(NonZeroU32::MIN)));
    let mut tasks = JoinSet::new();
    for _ in 0..WAITERS {
        let limiter = Arc::clone(&limiter);
        tasks.spawn(async move {
            while let Err(not_until) = limiter.check() {
                let clock = governor::clock::DefaultClock::default();
                let wait = not_until.wait_time_from(governor::clock::Clock::now(&clock));
                tokio::time::sleep(wait).await;
            }
        });
    }
    tasks.join_all().await;
}

async fn semaphore() {
    let permits = Arc::new(Semaphore::new(1));
    let refill = tokio::spawn({
        let permits = Arc::clone(&permits);
        async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(1));
            ticks.tick().await;
            loop {
                ticks.tick().await;
                permits.add_permits(1);
            }
        }
    });
    let mut tasks = JoinSet::new();
    for _ in 0..WAITERS {
        let permits = Arc::clone(&permits);
        tasks.spawn(async move { permits.acquire().await.expect("it stays open").forget() });
    }
    tasks.join_all().await;
    refill.abort();
}

fn waiters(c: &mut Criterion) {
    let mut group = c.benchmark_group("300 waiters at 1000 a second");
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    let runtime = runtime();
    group.bench_function("forbear queue", |b| b.iter(|| runtime.block_on(forbear())));
    group.bench_function("governor, each for itself", |b| b.iter(|| runtime.block_on(governor())));
    group.bench_function("semaphore refilled by ticks", |b| {
        b.iter(|| runtime.block_on(semaphore()));
    });
    group.finish();
}

criterion_group!(benches, grants, waiters);
criterion_main!(benches);
