//! One admission by GCRA, beside governor's.
//!
//! The rate is so high that every request is admitted, as for a caller who keeps
//! to the limit. Both read a clock: governor has its own, forbear's `Limiter` is
//! told the time, so the standard monotonic clock is read for it.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use forbear_core::driver::MonotonicClock;
use forbear_core::limiter::{Gcra, TokenBucket};
use forbear_core::{Clock, Cost, Limiter, Rate, Timestamp};
use governor::{Quota, RateLimiter};

fn checks(c: &mut Criterion) {
    let mut group = c.benchmark_group("one admission");
    let rate = Rate::new(1_000_000_000, Duration::from_secs(1)).expect("a rate above 0");
    let clock = MonotonicClock::start();

    let mut gcra = Gcra::per(rate).with_burst(u32::MAX).expect("a burst above 0");
    group.bench_function("forbear gcra", |b| {
        b.iter(|| gcra.acquire(clock.now(), black_box(&Cost::REQUEST)));
    });
    let mut now = 0;
    group.bench_function("forbear gcra, time given", |b| {
        b.iter(|| {
            now += 10;
            gcra.acquire(Timestamp::from_nanos(now), black_box(&Cost::REQUEST))
        });
    });
    let mut bucket = TokenBucket::new(rate, u32::MAX).expect("a burst above 0");
    group.bench_function("forbear token bucket", |b| {
        b.iter(|| bucket.acquire(clock.now(), black_box(&Cost::REQUEST)));
    });
    let quota = Quota::per_second(NonZeroU32::MAX);
    let limiter = RateLimiter::direct(quota);
    group.bench_function("governor", |b| b.iter(|| black_box(&limiter).check()));
    let limiter = RateLimiter::direct_with_clock(quota, governor::clock::MonotonicClock);
    group.bench_function("governor, standard clock", |b| b.iter(|| black_box(&limiter).check()));
    group.finish();
}

criterion_group!(benches, checks);
criterion_main!(benches);
