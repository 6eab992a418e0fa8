//! Atomic rates against the exact one, and under threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use forbear_core::atomic::{AtomicGcra, CoarseClock, KeyedAtomicGcra};
use forbear_core::limiter::Gcra;
use forbear_core::{Clock, Cost, Decision, Limiter, Rate, Refusal, Timestamp};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq};
use proptest::{prop_oneof, proptest};

fn ns(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

/// Rates that are at most 64 units per a whole number of nanoseconds.
const EXACT: [&str; 7] = ["1/s", "7/us", "500/min", "1/d", "64/ns", "1000000000/s", "3/7ms"];
/// Rates that are rounded down.
const ROUNDED: [&str; 4] = ["999983/s", "1000003/s", "65/ns", "999999937/s"];

proptest! {
    #[test]
    fn an_exact_rate_is_answered_as_by_the_exact_limiter(
        rate in proptest::sample::select(&EXACT[..]),
        burst in prop_oneof![1_u32..=5, 1_u32..=1000],
        steps in vec((prop_oneof![0_u64..=20, 0_u64..=2_000_000_000], 0_u32..=6), 1..100),
    ) {
        let rate: Rate = rate.parse().unwrap();
        let atomic = AtomicGcra::new(rate, burst).unwrap();
        let keyed = KeyedAtomicGcra::new(rate, burst, 10).unwrap();
        let mut exact = Gcra::per(rate).with_burst(burst).unwrap();
        let mut now = 0;
        for (wait, units) in steps {
            now += wait;
            let expected = exact.acquire(ns(now), &Cost::ZERO.with(Default::default(), units));
            prop_assert_eq!(atomic.acquire(ns(now), units), expected);
            prop_assert_eq!(keyed.acquire(ns(now), "key", units), expected);
        }
    }

    #[test]
    fn no_number_makes_it_panic(
        limit in 1..=u64::MAX,
        period in 1..=u64::MAX,
        burst in 1..=u32::MAX,
        questions in vec((any::<u64>(), any::<u32>()), 1..20),
    ) {
        let rate = Rate::new(limit, Duration::from_nanos(period)).unwrap();
        let atomic = AtomicGcra::new(rate, burst).unwrap();
        let clock = CoarseClock::new(Timestamp::ZERO, Duration::MAX);
        for (time, units) in questions {
            for time in [time, u64::MAX, 0] {
                if let Decision::WaitUntil(at) = atomic.acquire(ns(time), units) {
                    assert!(at > ns(time));
                }
                clock.tick(ns(time));
                let _ = atomic.acquire_by(&clock, units);
                atomic.release(units);
            }
        }
    }
}

#[test]
fn a_rounded_rate_is_never_passed_and_nearly_reached() {
    let (burst, span) = (3, 2_000_000);
    for text in ROUNDED {
        let rate: Rate = text.parse().unwrap();
        let atomic = AtomicGcra::new(rate, burst).unwrap();
        let mut exact = Gcra::per(rate).with_burst(burst).unwrap();
        let greedy = |ask: &mut dyn FnMut(Timestamp) -> bool| {
            // At most four a nanosecond are asked for.
            (0..4 * span).filter(|&step| ask(ns(step / 4))).count()
        };
        let got = greedy(&mut |now| atomic.acquire(now, 1).is_admit());
        let most = greedy(&mut |now| exact.acquire(now, &Cost::REQUEST).is_admit());
        assert!(got <= most, "{text}: {got} above {most}");
        // 1/64 ns of an interval of 1 ns is the worst of these.
        assert!(got * 64 >= most * 63, "{text}: {got} of {most}");
    }
}

#[test]
fn a_wait_is_over_when_it_says_and_not_1_ns_before() {
    for text in EXACT.iter().chain(&ROUNDED).filter(|text| !text.ends_with("/ns")) {
        let atomic = AtomicGcra::new(text.parse().unwrap(), 1).unwrap();
        let mut now = Timestamp::ZERO;
        for _ in 0..20 {
            assert!(atomic.acquire(now, 1).is_admit(), "{text} at {now:?}");
            let Decision::WaitUntil(at) = atomic.acquire(now, 1) else { continue };
            let before = ns(at.as_nanos() - 1);
            assert!(before == now || !atomic.acquire(before, 1).is_admit(), "{text}");
            now = at;
        }
    }
}

#[test]
fn what_never_fits_and_what_is_beyond_time_is_refused() {
    let gcra = AtomicGcra::new("1/s".parse().unwrap(), 5).unwrap();
    let too_large = Decision::Refuse(Refusal::ExceedsCapacity { cost: 6, capacity: 5 });
    assert_eq!(gcra.acquire(Timestamp::ZERO, 6), too_large);
    assert_eq!(gcra.acquire(Timestamp::MAX, 1), Decision::Refuse(Refusal::BeyondTime));
    assert!(gcra.acquire(Timestamp::MAX, 0).is_admit());
    // A burst of 350 million years is cut to what 64 bits hold.
    let gcra = AtomicGcra::new("1/30d".parse().unwrap(), u32::MAX).unwrap();
    assert!(gcra.acquire(Timestamp::ZERO, 7000).is_admit());
    assert!(!gcra.acquire(Timestamp::ZERO, 1000).is_admit());
}

#[test]
fn impossible_numbers_are_refused() {
    let rate = || "1/s".parse().unwrap();
    let text = AtomicGcra::new(rate(), 0).unwrap_err().to_string();
    assert_eq!(text, "burst is 0, must be at least 1");
    let text = KeyedAtomicGcra::new(rate(), 1, 0).unwrap_err().to_string();
    assert_eq!(text, "capacity is 0, must be from 1 to 2^40");
    let gcra = AtomicGcra::new(rate(), 5).unwrap();
    for size in [0, 6] {
        let text = gcra.lease(size).unwrap_err().to_string();
        let expected = "must be at least 1 and no more than the burst";
        assert_eq!(text, format!("size is {size}, {expected}"));
    }
}

/// Four threads that ask as fast as they can while one moves the time along from
/// 0 to `end`; returns how much they were admitted.
fn storm(end: u64, ask: impl Fn(usize, Timestamp) -> bool + Sync) -> u64 {
    let (now, admitted) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (now, admitted, ask) = (&now, &admitted, &ask);
            scope.spawn(move || {
                loop {
                    let time = now.load(Ordering::Relaxed);
                    admitted.fetch_add(u64::from(ask(thread, ns(time))), Ordering::Relaxed);
                    if time == end {
                        break;
                    }
                }
            });
        }
        for time in 0..=end {
            now.store(time, Ordering::Relaxed);
        }
    });
    admitted.into_inner()
}

#[test]
fn threads_together_get_no_more_than_one() {
    let (rate, burst, end) = ("1/us".parse().unwrap(), 10, 200_000);
    let most = u64::from(burst) + end / 1000;
    let direct = AtomicGcra::new(rate, burst).unwrap();
    let got = storm(end, |_, now| direct.acquire(now, 1).is_admit());
    // Who saw the end asks until the bucket is empty, unless it was the last to see it.
    assert!(got <= most, "{got} of {most}");
    let keyed = KeyedAtomicGcra::new(rate, burst, 10).unwrap();
    let got = storm(end, |thread, now| keyed.acquire(now, &(thread / 2), 1).is_admit());
    assert!(got <= 2 * most, "{got} of twice {most}");
}

#[test]
fn keys_that_take_slots_from_each_other_keep_their_rates() {
    // So few slots and such short intervals that slots change hands all the time.
    let (rate, end) = ("1/100ns".parse().unwrap(), 100_000);
    let keyed = KeyedAtomicGcra::new(rate, 1, 1).unwrap();
    let counts: [AtomicU64; 64] = std::array::from_fn(|_| AtomicU64::new(0));
    let turn = AtomicU64::new(0);
    storm(end, |_, now| {
        let key = (turn.fetch_add(1, Ordering::Relaxed) % 64) as usize;
        let admitted = keyed.acquire(now, &key, 1).is_admit();
        counts[key].fetch_add(u64::from(admitted), Ordering::Relaxed);
        admitted
    });
    for (key, count) in counts.into_iter().enumerate() {
        let count = count.into_inner();
        assert!(count <= 1 + end / 100, "key {key}: {count}");
    }
}

#[test]
fn a_new_key_finds_a_slot_as_soon_as_a_bucket_is_full() {
    let capacity = 1000;
    let keyed = KeyedAtomicGcra::new("1/s".parse().unwrap(), 1, capacity).unwrap();
    assert_eq!(keyed.capacity(), capacity);
    for second in 0..20 {
        let now = ns(second * 1_000_000_000);
        for key in 0..capacity as u64 {
            let key = second * 1_000_000 + key;
            assert!(keyed.acquire(now, &key, 1).is_admit(), "key {key} of second {second}");
            assert!(!keyed.acquire(now, &key, 1).is_admit(), "key {key} of second {second}");
        }
    }
    // Far beyond the capacity, it refuses; it does not forget who used up his rate.
    let now = ns(100_000_000_000);
    let full = Decision::Refuse(Refusal::TooManyKeys { capacity });
    let refused = (0..100_000_u64).filter(|key| keyed.acquire(now, key, 1) == full).count();
    assert!(refused >= 100_000 - 4096 * 4, "{refused}");
    assert!((0..100_000_u64).all(|key| !keyed.acquire(now, &key, 1).is_admit()));
}

#[test]
fn a_late_clock_admits_nothing_too_early() {
    let (resolution, interval) = (100, 1000);
    let clock = CoarseClock::new(Timestamp::ZERO, Duration::from_nanos(resolution));
    let rate = Rate::new(1, Duration::from_nanos(interval)).unwrap();
    let gcra = AtomicGcra::new(rate, 3).unwrap();
    let keyed = KeyedAtomicGcra::new(rate, 3, 1).unwrap();
    let mut sends = Vec::new();
    for now in 0..200_000 {
        if now % resolution == 0 {
            clock.tick(ns(now));
        }
        // Long pauses, so that the burst comes just before and just after a tick.
        if now % 10_000 > 5_000 - 1 {
            let decision = gcra.acquire_by(&clock, 1);
            assert_eq!(keyed.acquire_by(&clock, "key", 1), decision);
            sends.extend(decision.is_admit().then_some(now));
        }
    }
    for (first, &from) in sends.iter().enumerate() {
        for (last, &to) in sends.iter().enumerate().skip(first) {
            let most = 3 + (to - from) / interval;
            assert!((last - first + 1) as u64 <= most, "{from}..={to}");
        }
    }
    // Three and then one every interval in each half-period of 5000.
    assert!(sends.len() >= 20 * 7, "{}", sends.len());
    clock.tick(ns(7));
    assert!(clock.now() > ns(7), "an earlier time is ignored");
}

#[test]
fn leases_add_no_more_than_they_hold() {
    let (rate, burst, end, size) = ("1/us".parse().unwrap(), 64, 200_000, 8);
    let gcra = AtomicGcra::new(rate, burst).unwrap();
    let leases = [(); 4].map(|()| std::sync::Mutex::new(gcra.lease(size).unwrap()));
    let got = storm(end, |thread, now| leases[thread].lock().unwrap().acquire(now, 1).is_admit());
    // They begin empty, so what they spend was charged after the start.
    let most = u64::from(burst) + end / 1000;
    assert!(got <= most, "{got} of {most}");
    let held: u32 = leases.iter().map(|lease| lease.lock().unwrap().left()).sum();
    assert!(held < 4 * size);
    drop(leases);
    let mut back = 0;
    while gcra.acquire(ns(end), 1).is_admit() {
        back += 1;
    }
    // What a full bucket could not hold is lost.
    assert!(got + back <= most, "{got} and {back} of {most}");
}
