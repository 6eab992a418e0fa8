//! Adaptive throttling by the formula of the SRE book.

use forbear_core::limiter::AdaptiveThrottle;
use forbear_core::{Cost, Decision, Limiter, Outcome, Refusal, Timestamp};

use super::support::{OVERLOAD, answer, millis};

/// `max(0, (requests - K * accepts) / (requests + 1))`
#[test]
fn the_share_is_the_formula() {
    for (accepts, refusals, millionths) in [
        (0_u64, 0_u64, 0_u64),
        (10, 0, 0),
        (10, 10, 0),
        (0, 1, 500_000),
        // (12 - 2 * 1) / 13; what is sent while a share is dropped counts for more.
        (100, 100, 0),
    ] {
        let mut throttle = AdaptiveThrottle::new(2.0).unwrap();
        for nth in 0..accepts + refusals {
            throttle.commit(millis(1), &Cost::REQUEST);
            let outcome = if nth < accepts { Outcome::Success } else { OVERLOAD };
            answer(&mut throttle, millis(1), millis(1), outcome);
        }
        let share = u64::from(throttle.drop_millionths(millis(1)));
        assert_eq!(share, millionths, "{accepts} accepts, {refusals} refusals");
    }
}

/// A server that accepts one in five, asked 100 times a second.
fn steady(k: f64, seed: u64) -> (u64, u64, u32) {
    let mut throttle = AdaptiveThrottle::new(k).unwrap().with_seed(seed);
    let (mut sent, mut accepted) = (0, 0);
    let seconds = 240;
    for nth in 0..seconds * 100 {
        // Not a round number of nanoseconds, as on a real clock.
        let now = Timestamp::from_nanos(nth * 10_000_019);
        match throttle.acquire(now, &Cost::REQUEST) {
            Decision::Admit => {}
            Decision::Refuse(Refusal::Shed) => continue,
            other => panic!("{other:?}"),
        }
        let accept = nth % 5 == 0;
        if nth >= 120 * 100 {
            sent += 1;
            accepted += u64::from(accept);
        }
        answer(&mut throttle, now, now, if accept { Outcome::Success } else { OVERLOAD });
    }
    (sent, accepted, throttle.drop_millionths(Timestamp::from_nanos(seconds * 100 * 10_000_019)))
}

#[test]
fn in_the_steady_state_k_requests_are_sent_for_each_that_is_accepted() {
    for seed in 0..5 {
        // With R asked and A = S / 5 accepted, S = R * (1 - p) = K * A = 2 * S / 5
        // has no solution above 0 but the floor: the share goes towards 1 slowly.
        let (sent, accepted, share) = steady(2.0, seed);
        assert!(share > 600_000, "seed {seed}: {share}");
        assert!(sent < 5_000 && accepted > 0, "seed {seed}: {sent} {accepted}");
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
