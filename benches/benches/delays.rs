//! The delay before the fourth retry, beside backon's.
//!
//! backon's strategies are iterators that one call steps through, so a fair
//! round is a whole call: a fresh iterator and its first four delays; here a fresh
//! [`Retry`], which says at each delay which retry it is.

use std::hint::black_box;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use criterion::{Criterion, criterion_group, criterion_main};
use forbear_core::backoff::{BackoffStrategy, Exponential};
use forbear_core::{Retry, SplitMix64};

const RETRIES: u32 = 4;

fn four_delays(backoff: &dyn BackoffStrategy, entropy: &mut SplitMix64) -> Duration {
    let (mut retry, mut sum) = (Retry::nth(1), Duration::ZERO);
    for _ in 0..RETRIES {
        sum += black_box(backoff.delay(&retry, entropy));
        retry.number = retry.number.saturating_add(1);
    }
    sum
}

fn delays(c: &mut Criterion) {
    let (base, max) = (Duration::from_millis(100), Duration::from_secs(20));
    let mut entropy = SplitMix64::new(7);

    let mut plain = c.benchmark_group("four delays, exponential");
    let ours = Exponential::new(base).capped_at(max);
    plain.bench_function("forbear", |b| b.iter(|| four_delays(black_box(&ours), &mut entropy)));
    let theirs = ExponentialBuilder::new().with_min_delay(base).with_max_delay(max);
    plain.bench_function("backon", |b| {
        b.iter(|| {
            black_box(theirs).build().take(4).fold(Duration::ZERO, |sum, d| sum + black_box(d))
        });
    });
    plain.finish();

    let mut jittered = c.benchmark_group("four delays, jittered");
    let ours = Exponential::new(base).capped_at(max).full_jitter();
    jittered.bench_function("forbear", |b| b.iter(|| four_delays(black_box(&ours), &mut entropy)));
    let theirs = theirs.with_jitter();
    jittered.bench_function("backon", |b| {
        b.iter(|| {
            black_box(theirs).build().take(4).fold(Duration::ZERO, |sum, d| sum + black_box(d))
        });
    });
    jittered.finish();
}

criterion_group!(benches, delays);
criterion_main!(benches);
