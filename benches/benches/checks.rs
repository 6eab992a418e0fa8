//! One admission by GCRA, alone and shared by threads, beside governor's.
//!
//! The rate is so high that every request is admitted, as for a caller who keeps
//! to the limit. Both read a clock, and the clock is most of it: governor's default counts
//! cycles, by quanta, so like is compared with like, standard clock with standard clock and
//! quanta with quanta.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use forbear_core::atomic::{AtomicGcra, CoarseClock, KeyedAtomicGcra};
use forbear_core::driver::{MonotonicClock, QuantaClock};
use forbear_core::limiter::{Gcra, TokenBucket};
use forbear_core::{Clock, Cost, Limiter, Rate, Timestamp};
use governor::{Quota, RateLimiter};

fn checks(c: &mut Criterion) {
    let mut group = c.benchmark_group("one admission");
    let rate = Rate::new(1_000_000_000, Duration::from_secs(1)).expect("a rate above 0");
    let clock = MonotonicClock::start();
    let quanta = QuantaClock::start();

    let mut gcra = Gcra::per(rate).with_burst(u32::MAX).expect("a burst above 0");
    group.bench_function("forbear gcra, quanta", |b| {
        b.iter(|| gcra.acquire(quanta.now(), black_box(&Cost::REQUEST)));
    });
    let mut gcra = Gcra::per(rate).with_burst(u32::MAX).expect("a burst above 0");
    group.bench_function("forbear gcra, standard clock", |b| {
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
    group.bench_function("governor, quanta", |b| b.iter(|| black_box(&limiter).check()));
    let limiter = RateLimiter::direct_with_clock(quota, governor::clock::MonotonicClock);
    group.bench_function("governor, standard clock", |b| b.iter(|| black_box(&limiter).check()));
    group.finish();
}

const SECOND: Duration = Duration::from_secs(1);

/// A rate and a burst that no run uses up, even where the clock stands still.
fn atomic() -> AtomicGcra {
    let rate = Rate::new(1_000_000_000, SECOND).expect("a rate above 0");
    AtomicGcra::new(rate, u32::MAX).expect("a burst above 0")
}

fn shared(c: &mut Criterion) {
    let mut group = c.benchmark_group("one admission, shared");
    let clock = MonotonicClock::start();
    let gcra = atomic();
    let mut now = 0;
    group.bench_function("forbear atomic, time given", |b| {
        b.iter(|| {
            now += 10;
            gcra.acquire(Timestamp::from_nanos(now), black_box(1))
        });
    });
    let gcra = atomic();
    group.bench_function("forbear atomic, standard clock", |b| {
        b.iter(|| gcra.acquire(clock.now(), black_box(1)));
    });
    let (gcra, quanta) = (atomic(), QuantaClock::start());
    group.bench_function("forbear atomic, quanta", |b| {
        b.iter(|| gcra.acquire(quanta.now(), black_box(1)));
    });
    let (gcra, coarse) =
        (atomic(), CoarseClock::new(Timestamp::from_nanos(1 << 40), Duration::from_millis(1)));
    group.bench_function("forbear atomic, coarse clock", |b| {
        b.iter(|| gcra.acquire_by(&coarse, black_box(1)));
    });
    let gcra = atomic();
    let mut lease = gcra.lease(64).expect("a size within the burst");
    group.bench_function("forbear lease of 64", |b| {
        b.iter(|| lease.acquire_with(black_box(1), || clock.now()));
    });
    let quota = Quota::per_second(NonZeroU32::MAX);
    let limiter = RateLimiter::direct_with_clock(quota, governor::clock::MonotonicClock);
    group.bench_function("governor, standard clock", |b| b.iter(|| black_box(&limiter).check()));
    let limiter = RateLimiter::direct(quota);
    group.bench_function("governor, quanta", |b| b.iter(|| black_box(&limiter).check()));
    group.finish();
}

fn keyed(c: &mut Criterion) {
    let mut group = c.benchmark_group("one admission of 1000 keys");
    let clock = MonotonicClock::start();
    let keys: Vec<String> = (0..1000).map(|key| format!("host-{key}.example")).collect();
    let rate = Rate::new(1_000_000_000, SECOND).expect("a rate above 0");
    let table = KeyedAtomicGcra::new(rate, u32::MAX, 1000).expect("numbers above 0");
    let mut turn = keys.iter().cycle();
    group.bench_function("forbear keyed atomic, standard clock", |b| {
        b.iter(|| table.acquire(clock.now(), turn.next().map_or("", String::as_str), 1));
    });
    let quanta = QuantaClock::start();
    let mut turn = keys.iter().cycle();
    group.bench_function("forbear keyed atomic, quanta", |b| {
        b.iter(|| table.acquire(quanta.now(), turn.next().map_or("", String::as_str), 1));
    });
    let coarse = CoarseClock::new(Timestamp::from_nanos(1 << 40), Duration::from_millis(1));
    let mut turn = keys.iter().cycle();
    group.bench_function("forbear keyed atomic, coarse clock", |b| {
        b.iter(|| table.acquire_by(&coarse, turn.next().map_or("", String::as_str), 1));
    });
    let quota = Quota::per_second(NonZeroU32::MAX);
    let limiter = RateLimiter::dashmap_with_clock(quota, governor::clock::MonotonicClock);
    let mut turn = keys.iter().cycle();
    group.bench_function("governor keyed, standard clock", |b| {
        b.iter(|| limiter.check_key(&turn.next().map_or("", String::as_str)));
    });
    let limiter = RateLimiter::keyed(quota);
    let mut turn = keys.iter().cycle();
    group.bench_function("governor keyed, quanta", |b| {
        b.iter(|| limiter.check_key(&turn.next().map_or("", String::as_str)));
    });
    group.finish();
}

/// Measures `ask` while another thread does the same.
fn beside(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, ask: impl Fn() + Sync) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                ask();
            }
        });
        group.bench_function(name, |b| b.iter(&ask));
        done.store(true, Ordering::Relaxed);
    });
}

fn contended(c: &mut Criterion) {
    let mut group = c.benchmark_group("one admission, two threads");
    let clock = QuantaClock::start();
    let gcra = atomic();
    beside(&mut group, "forbear atomic", || {
        let _ = black_box(gcra.acquire(clock.now(), 1));
    });
    let coarse = CoarseClock::new(Timestamp::from_nanos(1 << 40), Duration::from_millis(1));
    let gcra = atomic();
    beside(&mut group, "forbear atomic, coarse clock", || {
        let _ = black_box(gcra.acquire_by(&coarse, 1));
    });
    let limiter = RateLimiter::direct(Quota::per_second(NonZeroU32::MAX));
    beside(&mut group, "governor", || {
        black_box(limiter.check().is_ok());
    });

    // A lease is its thread's own, so the other thread has another.
    let (gcra, done) = (atomic(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut lease = gcra.lease(64).expect("a size within the burst");
            while !done.load(Ordering::Relaxed) {
                let _ = black_box(lease.acquire_with(1, || clock.now()));
            }
        });
        let mut lease = gcra.lease(64).expect("a size within the burst");
        group.bench_function("forbear leases of 64", |b| {
            b.iter(|| lease.acquire_with(black_box(1), || clock.now()));
        });
        done.store(true, Ordering::Relaxed);
    });

    let table = KeyedAtomicGcra::new("1000000000/s".parse().expect("a rate"), u32::MAX, 1000);
    let table = table.expect("numbers above 0");
    beside(&mut group, "forbear keyed atomic, one key", || {
        let _ = black_box(table.acquire(clock.now(), "host.example", 1));
    });
    let coarse = CoarseClock::new(Timestamp::from_nanos(1 << 40), Duration::from_millis(1));
    beside(&mut group, "forbear keyed atomic, one key, coarse clock", || {
        let _ = black_box(table.acquire_by(&coarse, "host.example", 1));
    });
    let limiter = RateLimiter::keyed(Quota::per_second(NonZeroU32::MAX));
    beside(&mut group, "governor keyed, one key", || {
        black_box(limiter.check_key(&"host.example").is_ok());
    });
    group.finish();
}

criterion_group!(benches, checks, shared, keyed, contended);
criterion_main!(benches);
