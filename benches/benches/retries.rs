//! What wrapping a call costs that succeeds at once, beside tokio-retry and backon.
//!
//! Each future is made, pinned on the stack and polled once, by hand: a runtime would
//! cost several times what is measured. Every call allocates nothing.

use std::future::{Future, IntoFuture};
use std::hint::black_box;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use criterion::{Criterion, criterion_group, criterion_main};
use forbear_core::Policy;
use forbear_core::limiter::Gcra;
use tokio_retry::strategy::ExponentialBackoff;

async fn fetch() -> io::Result<u64> {
    Ok(black_box(7))
}

/// What a future comes to that is ready when it is first polled.
fn poll_once<F: IntoFuture>(future: F) -> F::Output {
    let future = pin!(future.into_future());
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("it succeeds at once"),
    }
}

fn retries(c: &mut Criterion) {
    let mut group = c.benchmark_group("a call that succeeds at once");

    group.bench_function("bare", |b| b.iter(|| poll_once(fetch())));
    let policy = Policy::recommended();
    group.bench_function("forbear", |b| b.iter(|| poll_once(policy.retry(fetch)).ok()));
    let rate = "1000000000/s".parse().expect("a rate");
    let limited = Policy::builder()
        .limit(Gcra::per(rate).with_burst(u32::MAX).expect("a burst above 0"))
        .build()
        .expect("a policy");
    group.bench_function("forbear, rate limited", |b| {
        b.iter(|| poll_once(limited.retry(fetch)).ok());
    });
    group.bench_function("tokio-retry", |b| {
        b.iter(|| {
            let strategy = ExponentialBackoff::from_millis(black_box(100)).take(5);
            poll_once(tokio_retry::Retry::start(strategy, fetch)).ok()
        });
    });
    let builder = ExponentialBuilder::new().with_min_delay(Duration::from_millis(100));
    group.bench_function("backon", |b| {
        b.iter(|| poll_once(fetch.retry(black_box(builder))).ok());
    });
    group.finish();
}

criterion_group!(benches, retries);
criterion_main!(benches);
