//! What a check costs that is served from the lease, beside one of `Gcra`; and how many
//! calls of Redis a permit costs, as printed.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use forbear_core::limiter::Gcra;
use forbear_core::{Cost, Limiter, Policy, Timestamp};
use forbear_redis::testing::{Ledger, Plan, Pool, Reply, Settings};
use forbear_redis::{SharedLimit, SharedLimiter, SharedQuota};
use forbear_redis_testing::Server;

const SPAN: Duration = Duration::from_secs(2);

/// A lease that is not used up by any bench.
fn leased() -> SharedLimiter {
    let limit = SharedLimit::rate("1000000000/s".parse().unwrap());
    let mut ledger = Ledger::new(Settings::new(&[limit]).unwrap());
    assert!(matches!(ledger.plan(Timestamp::ZERO), Plan::Call(_)));
    let reply = Reply {
        epoch: "1:a".to_owned(),
        seq: 1,
        members: 1,
        waiting: 0,
        hold_ms: 0,
        retry_us: 0,
        ttl_ms: 10_000,
        lost: false,
        differs: false,
        granted: vec![1 << 50],
    };
    ledger.answered(Timestamp::ZERO, &reply);
    SharedLimiter::over(Arc::new(Pool::new(ledger)))
}

fn checks(c: &mut Criterion) {
    let mut group = c.benchmark_group("acquire");
    let mut shared = leased();
    group.bench_function("shared, from the lease", |b| {
        b.iter(|| black_box(shared.acquire(black_box(Timestamp::ZERO), &Cost::REQUEST)));
    });
    let mut gcra = Gcra::per("1000000000/s".parse().unwrap()).with_burst(u32::MAX).unwrap();
    group.bench_function("gcra", |b| {
        b.iter(|| black_box(gcra.acquire(black_box(Timestamp::ZERO), &Cost::REQUEST)));
    });
    group.finish();
}

/// Members that send as often as they may; prints what each permit cost.
fn round_trips(_: &mut Criterion) {
    let Some(server) = Server::start() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (rate, members) in [("100/s", 3), ("1000/s", 3), ("10000/s", 1), ("10000/s", 10)] {
        let (sends, calls) = runtime.block_on(drain(&server.url(), rate, members));
        let per_second = calls / SPAN.as_secs();
        println!("{rate}, {members} members: {sends} sends and {calls} calls ({per_second}/s)");
    }
}

async fn drain(url: &str, rate: &str, members: usize) -> (u64, u64) {
    let sends = Arc::new(AtomicU64::new(0));
    let (mut tasks, mut quotas) = (Vec::new(), Vec::new());
    for _ in 0..members {
        let name = format!("{rate}-{members}");
        let quota = SharedQuota::connect(url, name, rate.parse().unwrap()).await.unwrap();
        let policy = Policy::builder().limit(quota.limiter()).build().unwrap();
        quotas.push(quota);
        let sends = Arc::clone(&sends);
        tasks.push(tokio::spawn(async move {
            loop {
                let _ = policy.retry(async || Ok::<_, std::io::Error>(())).await;
                sends.fetch_add(1, Ordering::Relaxed);
                tokio::task::consume_budget().await;
            }
        }));
    }
    let mut span = tokio::time::interval(SPAN);
    span.tick().await;
    span.tick().await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    let calls = quotas.iter().map(|quota| quota.status().round_trips).sum();
    (sends.load(Ordering::Relaxed), calls)
}

criterion_group!(benches, checks, round_trips);
criterion_main!(benches);
