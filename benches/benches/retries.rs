//! What wrapping a call costs that succeeds at once, beside tokio-retry and backon.

use std::hint::black_box;
use std::io;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use criterion::{Criterion, criterion_group, criterion_main};
use forbear_core::Policy;
use forbear_core::limiter::Gcra;
use tokio_retry::strategy::ExponentialBackoff;

async fn fetch() -> io::Result<u64> {
    Ok(black_box(7))
}

fn retries(c: &mut Criterion) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut group = c.benchmark_group("a call that succeeds at once");

    group.bench_function("bare", |b| b.iter(|| runtime.block_on(fetch())));
    let policy = Policy::recommended();
    group.bench_function("forbear", |b| {
        b.iter(|| runtime.block_on(async { policy.retry(fetch).await.ok() }));
    });
    let rate = "1000000000/s".parse().expect("a rate");
    let limited = Policy::builder()
        .limit(Gcra::per(rate).with_burst(u32::MAX).expect("a burst above 0"))
        .build()
        .expect("a policy");
    group.bench_function("forbear, rate limited", |b| {
        b.iter(|| runtime.block_on(async { limited.retry(fetch).await.ok() }));
    });
    group.bench_function("tokio-retry", |b| {
        b.iter(|| {
            let strategy = ExponentialBackoff::from_millis(100).take(5);
            runtime.block_on(tokio_retry::Retry::start(strategy, fetch)).ok()
        });
    });
    let builder = ExponentialBuilder::new().with_min_delay(Duration::from_millis(100));
    group.bench_function("backon", |b| {
        b.iter(|| runtime.block_on(async { fetch.retry(builder).await.ok() }));
    });
    group.finish();
}

criterion_group!(benches, retries);
criterion_main!(benches);
