//! The rate that follows refusals.

use forbear_core::limiter::Cubic;
use forbear_core::{Cost, Limiter, Outcome, Quantity};

use super::support::{RATE, answer, millis, send_all};

/// A server that takes ten a second and refuses the rest.
#[test]
fn the_rate_stays_near_what_the_server_takes() {
    let mut limiter = Cubic::new();
    let (mut taken, mut refused) = (0, 0);
    for tick in 0..30_000 {
        let now = millis(tick * 10);
        if tick % 100 == 0 {
            taken = 0;
        }
        // It asks for a hundred a second.
        if limiter.acquire(now, &Cost::REQUEST).is_admit() {
            let fits = taken < 10;
            taken += u32::from(fits);
            refused += u32::from(!fits && tick > 10_000);
            answer(&mut limiter, now, now, if fits { Outcome::Success } else { RATE });
        }
    }
    let rate = limiter.rate().unwrap();
    assert!(rate >= Quantity::from_units(4) && rate <= Quantity::from_units(16), "{rate}");
    // 200 s at about ten a second.
    assert!(refused < 200, "{refused}");
}

#[test]
fn a_storm_cuts_once() {
    let mut limiter = Cubic::new();
    for nth in 0..100 {
        limiter.commit(millis(nth * 10), &Cost::REQUEST);
        answer(&mut limiter, millis(nth * 10), millis(nth * 10), Outcome::Success);
    }
    for _ in 0..50 {
        limiter.commit(millis(1000), &Cost::REQUEST);
    }
    for _ in 0..50 {
        answer(&mut limiter, millis(1000), millis(1010), RATE);
    }
    let after = limiter.rate().unwrap();
    assert!(after > Quantity::from_units(30), "{after}");
}

#[test]
fn the_rate_never_falls_below_half_a_request_a_second() {
    let mut limiter = Cubic::new();
    for nth in 1..50 {
        answer(&mut limiter, millis(nth * 5000), millis(nth * 5000), RATE);
    }
    assert_eq!(limiter.rate(), Some(Quantity::from_micros(500_000)));
    assert_eq!(send_all(&mut limiter, millis(1_000_000)), 1);
}

#[test]
fn what_a_cut_keeps_and_the_floor_may_be_set() {
    let floor = Quantity::from_micros(20_000);
    let mut limiter = Cubic::new().cutting_to(0.25).unwrap().never_below(floor).unwrap();
    // Eight answers a second, and one of them refuses.
    for nth in 1..=200 {
        let (sent, now) = (millis((nth - 1) * 125), millis(nth * 125));
        limiter.commit(sent, &Cost::REQUEST);
        answer(&mut limiter, sent, now, if nth == 200 { RATE } else { Outcome::Success });
    }
    // A quarter of eight, up to what the meter rounds down.
    let rate = limiter.rate().unwrap().as_micros();
    assert!((1_999_990..=2_000_000).contains(&rate), "{rate}");
    // Refusals only, ever more slowly.
    for nth in 1..200 {
        let now = millis(25_000 + nth * 500_000);
        limiter.commit(now, &Cost::REQUEST);
        answer(&mut limiter, now, now, RATE);
    }
    assert_eq!(limiter.rate(), Some(floor));
}
