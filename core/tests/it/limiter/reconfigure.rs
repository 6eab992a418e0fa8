//! Changing a limiter that is in use.

use forbear_core::limiter::{Gcra, LeakyBucket};
use forbear_core::{Cost, Decision, Limiter};

use super::support::{millis, send_all};

#[test]
fn a_faster_rate_keeps_what_is_owed() {
    let mut limiter = Gcra::per("1/s".parse().unwrap()).with_burst(4).unwrap();
    assert_eq!(send_all(&mut limiter, millis(0)), 4);
    limiter.set_rate(millis(0), "10/s".parse().unwrap());
    // Still empty, and one is earned in 100 ms.
    let wait = limiter.check(millis(0), &Cost::REQUEST);
    assert_eq!(wait, Decision::WaitUntil(millis(100)));
}

#[test]
fn a_larger_burst_gives_nothing_at_once() {
    let mut limiter = Gcra::per("1/s".parse().unwrap()).with_burst(2).unwrap();
    assert_eq!(send_all(&mut limiter, millis(0)), 2);
    limiter.set_burst(millis(0), 5).unwrap();
    assert_eq!(send_all(&mut limiter, millis(0)), 0);
    assert_eq!(send_all(&mut limiter, millis(3000)), 3);
    assert_eq!(send_all(&mut limiter, millis(60_000)), 5);
}

#[test]
fn a_smaller_burst_forgets_what_it_cannot_hold() {
    let mut limiter = Gcra::per("1/s".parse().unwrap()).with_burst(5).unwrap();
    assert!(limiter.acquire(millis(0), &Cost::REQUEST).is_admit());
    limiter.set_burst(millis(0), 2).unwrap();
    assert_eq!(send_all(&mut limiter, millis(0)), 2);
}

#[test]
fn a_leaky_bucket_drips_on_at_the_new_rate() {
    let mut limiter = LeakyBucket::new("1/s".parse().unwrap());
    assert!(limiter.acquire(millis(0), &Cost::REQUEST).is_admit());
    limiter.set_rate(millis(500), "10/s".parse().unwrap());
    // Half a request is left, at ten a second.
    let wait = limiter.check(millis(500), &Cost::REQUEST);
    assert_eq!(wait, Decision::WaitUntil(millis(550)));
}
