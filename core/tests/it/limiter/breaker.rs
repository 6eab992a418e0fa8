//! The states of the breaker.

use std::time::Duration;

use forbear_core::limiter::Breaker;
use forbear_core::{Cost, Decision, Limiter, Outcome};

use super::support::{OVERLOAD, RATE, answer, millis, send_all};

const SECOND: Duration = Duration::from_secs(1);

fn opened() -> Breaker {
    let mut breaker = Breaker::after(3, SECOND).unwrap().with_probes(2).unwrap();
    for _ in 0..3 {
        assert!(breaker.acquire(millis(10), &Cost::REQUEST).is_admit());
        answer(&mut breaker, millis(10), millis(20), Outcome::Transient);
    }
    breaker
}

#[test]
fn failures_in_a_row_open_it() {
    let breaker = opened();
    assert!(breaker.is_open(millis(1019)));
    assert_eq!(breaker.check(millis(20), &Cost::REQUEST), Decision::WaitUntil(millis(1020)));
}

#[test]
fn a_success_between_failures_starts_the_count_again() {
    let mut breaker = Breaker::after(3, SECOND).unwrap();
    for outcome in [OVERLOAD, OVERLOAD, Outcome::Permanent, OVERLOAD, OVERLOAD] {
        answer(&mut breaker, millis(1), millis(1), outcome);
    }
    assert!(!breaker.is_open(millis(1)));
}

#[test]
fn a_refusal_for_rate_and_a_cancelled_request_are_no_failures() {
    let mut breaker = Breaker::after(1, SECOND).unwrap();
    for outcome in [RATE, Outcome::Ignored, Outcome::Success] {
        answer(&mut breaker, millis(1), millis(1), outcome);
    }
    assert!(!breaker.is_open(millis(1)));
}

#[test]
fn probes_that_succeed_close_it() {
    let mut breaker = opened();
    assert_eq!(send_all(&mut breaker, millis(1020)), 2);
    answer(&mut breaker, millis(1020), millis(1030), Outcome::Success);
    assert_eq!(breaker.check(millis(1030), &Cost::REQUEST), Decision::Admit);
    answer(&mut breaker, millis(1020), millis(1030), Outcome::Success);
    assert_eq!(send_all(&mut breaker, millis(1030)), 10_000);
}

#[test]
fn a_probe_that_fails_opens_it_again() {
    let mut breaker = opened();
    assert_eq!(send_all(&mut breaker, millis(1020)), 2);
    answer(&mut breaker, millis(1020), millis(1500), OVERLOAD);
    assert_eq!(breaker.check(millis(1500), &Cost::REQUEST), Decision::WaitUntil(millis(2500)));
    // The other probe was sent before that.
    answer(&mut breaker, millis(1020), millis(1501), Outcome::Success);
    assert!(breaker.is_open(millis(2499)));
}

#[test]
fn a_probe_that_is_cancelled_gives_its_place_back() {
    let mut breaker = opened();
    assert_eq!(send_all(&mut breaker, millis(1020)), 2);
    answer(&mut breaker, millis(1020), millis(1030), Outcome::Ignored);
    assert_eq!(send_all(&mut breaker, millis(1030)), 1);
}

#[test]
fn answers_from_before_it_opened_are_no_news() {
    let mut breaker = opened();
    assert_eq!(send_all(&mut breaker, millis(1020)), 2);
    for outcome in [Outcome::Success, Outcome::Success, Outcome::Transient] {
        answer(&mut breaker, millis(15), millis(1021), outcome);
    }
    assert_eq!(breaker.check(millis(1021), &Cost::REQUEST), Decision::WaitForCompletion);
}

#[test]
fn a_share_of_failures_opens_it_once_there_are_enough() {
    let ten_seconds = Duration::from_secs(10);
    let mut breaker = Breaker::at_share(50, 10, ten_seconds, SECOND).unwrap();
    for nth in 0..9 {
        let outcome = if nth % 2 == 0 { OVERLOAD } else { Outcome::Success };
        answer(&mut breaker, millis(100), millis(100), outcome);
    }
    assert!(!breaker.is_open(millis(100)));
    answer(&mut breaker, millis(101), millis(101), OVERLOAD);
    assert!(breaker.is_open(millis(101)));
}

#[test]
fn what_is_older_than_the_window_does_not_count() {
    let ten_seconds = Duration::from_secs(10);
    let mut breaker = Breaker::at_share(50, 2, ten_seconds, SECOND).unwrap();
    answer(&mut breaker, millis(0), millis(0), OVERLOAD);
    answer(&mut breaker, millis(10_000), millis(10_000), OVERLOAD);
    assert!(!breaker.is_open(millis(10_000)));
    answer(&mut breaker, millis(19_999), millis(19_999), OVERLOAD);
    assert!(breaker.is_open(millis(19_999)));
}

#[test]
fn a_share_of_the_last_requests_opens_it_once_there_were_as_many() {
    let mut breaker = Breaker::at_share_of_last(50, 10, SECOND).unwrap();
    // Nine, of which five failed: too few to tell.
    for nth in 0..9 {
        let outcome = if nth % 2 == 0 { OVERLOAD } else { Outcome::Success };
        answer(&mut breaker, millis(nth), millis(nth), outcome);
    }
    assert!(!breaker.is_open(millis(9)));
    // The tenth makes it five of ten, but a success opens nothing.
    answer(&mut breaker, millis(9), millis(9), Outcome::Success);
    assert!(!breaker.is_open(millis(9)));
    // Over the first, which failed too: still five of ten.
    answer(&mut breaker, millis(10), millis(10), OVERLOAD);
    assert!(breaker.is_open(millis(10)));
}

#[test]
fn what_is_older_than_the_last_requests_does_not_count_however_young_it_is() {
    let mut breaker = Breaker::at_share_of_last(50, 100, SECOND).unwrap();
    // Forty-nine failures, and then one after every hundred successes.
    for _ in 0..49 {
        answer(&mut breaker, millis(1), millis(1), OVERLOAD);
    }
    for _ in 0..5 {
        for _ in 0..100 {
            answer(&mut breaker, millis(1), millis(1), Outcome::Success);
        }
        answer(&mut breaker, millis(1), millis(1), OVERLOAD);
    }
    assert!(!breaker.is_open(millis(1)));
}

#[test]
fn a_breaker_that_closes_counts_anew() {
    let mut breaker = Breaker::at_share_of_last(50, 2, SECOND).unwrap();
    for _ in 0..2 {
        answer(&mut breaker, millis(1), millis(1), OVERLOAD);
    }
    assert!(breaker.is_open(millis(1000)));
    assert_eq!(send_all(&mut breaker, millis(1001)), 1);
    answer(&mut breaker, millis(1001), millis(1002), Outcome::Success);
    // Those from before it opened are gone: one failure is too few.
    answer(&mut breaker, millis(1002), millis(1003), OVERLOAD);
    assert!(!breaker.is_open(millis(1003)));
    answer(&mut breaker, millis(1002), millis(1003), OVERLOAD);
    assert!(breaker.is_open(millis(1003)));
}
