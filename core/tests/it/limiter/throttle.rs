//! Adaptive throttling by the formula of the SRE book.

use forbear_core::limiter::AdaptiveThrottle;
use forbear_core::{Cost, Decision, Limiter, Outcome, Refusal, Timestamp};

use super::support::{OVERLOAD, answer, millis};

/// `max(0, (requests - K * accepts) / (requests + 1))`, as long as nothing was
/// dropped before.
#[test]
fn the_share_is_the_formula() {
    for (k, accepts, refusals, millionths) in [
        (2.0, 0, 0, 0),
        (2.0, 10, 10, 0),
        (2.0, 0, 1, 1_000_000 / 2),
        (2.0, 5, 6, 1_000_000 / 12),
        (2.0, 50, 51, 1_000_000 / 102),
        (1.5, 4, 3, 1_000_000 / 8),
        (1.0, 9, 1, 1_000_000 / 11),
    ] {
        let mut throttle = AdaptiveThrottle::new(k).unwrap();
        for nth in 0..accepts + refusals {
            throttle.commit(millis(1), &Cost::REQUEST);
            let outcome = if nth < accepts { Outcome::Success } else { OVERLOAD };
            answer(&mut throttle, millis(1), millis(1), outcome);
        }
        let share = throttle.drop_millionths(millis(1));
        assert_eq!(share, millionths, "K {k}: {accepts} accepts, {refusals} refusals");
    }
}

/// A server that accepts 20 a second, asked 100 times a second for ten minutes;
/// what is sent after the first four.
fn sent_to_a_full_server(k: f64, seed: u64) -> u32 {
    let mut throttle = AdaptiveThrottle::new(k).unwrap().with_seed(seed);
    let (mut second, mut accepted, mut sent) = (0, 0, 0);
    for nth in 0..60_000 {
        // Not a round number of nanoseconds, as on a real clock.
        let now = Timestamp::from_nanos(nth * 10_000_019);
        if now.as_nanos() / 1_000_000_000 != second {
            (second, accepted) = (now.as_nanos() / 1_000_000_000, 0);
        }
        match throttle.acquire(now, &Cost::REQUEST) {
            Decision::Admit => {}
            Decision::Refuse(Refusal::Shed) => continue,
            other => panic!("{other:?}"),
        }
        sent += u32::from(nth >= 24_000);
        accepted += 1;
        answer(&mut throttle, now, now, if accepted <= 20 { Outcome::Success } else { OVERLOAD });
    }
    sent
}

#[test]
fn in_the_steady_state_k_requests_are_sent_for_each_that_is_accepted() {
    for seed in 0..5 {
        // 360 s at 20 accepted a second.
        for (k, wanted) in [(2.0, 14_400), (1.5, 10_800)] {
            let sent = sent_to_a_full_server(k, seed);
            assert!(sent.abs_diff(wanted) < wanted / 20, "K {k}, seed {seed}: {sent}");
        }
    }
}

#[test]
fn a_server_that_accepts_enough_is_not_throttled() {
    let mut throttle = AdaptiveThrottle::new(2.0).unwrap();
    for nth in 0..10_000_u64 {
        let now = Timestamp::from_nanos(nth * 1_000_003);
        assert!(throttle.acquire(now, &Cost::REQUEST).is_admit());
        let outcome = if nth % 2 == 0 { Outcome::Success } else { OVERLOAD };
        answer(&mut throttle, now, now, outcome);
    }
}

#[test]
fn two_minutes_after_the_storm_nothing_is_dropped() {
    let mut throttle = AdaptiveThrottle::new(2.0).unwrap();
    for nth in 0..1000_u64 {
        let now = Timestamp::from_nanos(nth * 1_000_003);
        if throttle.acquire(now, &Cost::REQUEST).is_admit() {
            answer(&mut throttle, now, now, OVERLOAD);
        }
    }
    assert!(throttle.drop_millionths(millis(1000)) > 900_000);
    assert_eq!(throttle.drop_millionths(millis(122_000)), 0);
}

/// One sent while a share is dropped stands for those that were.
#[test]
fn dropped_requests_are_counted_by_those_that_were_sent() {
    let mut sums = 0;
    for seed in 0..200 {
        let mut throttle = AdaptiveThrottle::new(2.0).unwrap().with_seed(seed);
        for nth in 0..200_u64 {
            let now = Timestamp::from_nanos(nth * 1_000_003);
            if throttle.acquire(now, &Cost::REQUEST).is_admit() {
                answer(&mut throttle, now, now, OVERLOAD);
            }
        }
        // From p = R / (R + 1).
        let share = u64::from(throttle.drop_millionths(millis(200)));
        sums += share / (1_000_000 - share);
    }
    let mean = sums / 200;
    assert!((100..=400).contains(&mean), "{mean} of 200 requests");
}
