//! The window guarantee: a declared rule is never broken, and wholly used.

use std::time::Duration;

use forbear_core::limiter::{FixedWindow, Gcra, SlidingCounter, SlidingLog, Window};
use forbear_core::testkit::{check, laws};
use forbear_core::{Cost, Decision, Dimension, Limiter, Timestamp};

const MINUTE: Duration = Duration::from_secs(60);

/// `limit` in each half-open window of `period`, wherever it begins.
fn rule(limit: u64, period: Duration) -> impl Fn(Duration) -> u64 {
    move |span| limit * (whole(span, period) + 1)
}

fn whole(span: Duration, period: Duration) -> u64 {
    u64::try_from(span.as_nanos() / period.as_nanos()).unwrap()
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::ZERO.after(Duration::from_secs(seconds))
}

#[test]
fn no_window_of_a_minute_has_more_than_sixty() {
    laws::limiter_within(
        || Window::unknown(60, MINUTE).unwrap(),
        Dimension::Requests,
        rule(60, MINUTE),
    );
    laws::limiter_within(
        || Window::sliding(7, Duration::from_nanos(1001)).unwrap(),
        Dimension::Requests,
        rule(7, Duration::from_nanos(1001)),
    );
    laws::limiter_within(
        || SlidingCounter::new(60, MINUTE, 6).unwrap(),
        Dimension::Requests,
        rule(60, MINUTE),
    );
}

#[test]
fn a_log_on_a_grid_is_as_safe_as_an_exact_one() {
    let make = || SlidingLog::new(5000, Duration::from_micros(10)).unwrap();
    laws::limiter_within(make, Dimension::Requests, rule(5000, Duration::from_micros(10)));
}

#[test]
fn a_greedy_client_sends_the_whole_limit_in_each_period() {
    let least = |limit: u64| move |span| limit * (whole(span, MINUTE) + 1);
    let unknown = || Window::unknown(60, MINUTE).unwrap();
    laws::limiter_reaches(unknown, Dimension::Requests, least(60));
    // The first window may be nearly over.
    let fixed = || Window::fixed(60, MINUTE, at(0)).unwrap();
    laws::limiter_reaches(fixed, Dimension::Requests, least(60));
}

#[test]
fn a_counter_wastes_at_most_one_step_in_each_period() {
    let make = || SlidingCounter::new(60, MINUTE, 6).unwrap();
    laws::limiter_reaches(make, Dimension::Requests, |span| {
        60 * whole(span, Duration::from_secs(70))
    });
}

#[test]
fn no_aligned_window_has_more_than_its_limit() {
    let edge = Timestamp::from_nanos(17);
    let period = Duration::from_nanos(100);
    let mut window = Window::fixed(3, period, edge).unwrap();
    let mut sends = std::collections::BTreeMap::<u64, u32>::new();
    for nanos in 0..2000 {
        let now = Timestamp::from_nanos(nanos);
        while window.acquire(now, &Cost::REQUEST).is_admit() {
            *sends.entry((nanos + 100 - 17) / 100).or_default() += 1;
        }
    }
    assert!(sends.values().all(|&count| count == 3), "{sends:?}");
    assert_eq!(sends.len(), 21);
}

/// Sends are counted up to the margin later, in the worst order there is.
#[test]
fn a_margin_covers_the_way_to_the_server() {
    let (period, margin) = (100_u64, 30_u64);
    for early in 0..=margin {
        for late in 0..=margin {
            let mut window = Window::fixed(2, Duration::from_nanos(period), Timestamp::ZERO)
                .unwrap()
                .with_margin(Duration::from_nanos(margin))
                .unwrap();
            let mut counted = std::collections::BTreeMap::<u64, u32>::new();
            for nanos in 0..1000 {
                while window.acquire(Timestamp::from_nanos(nanos), &Cost::REQUEST).is_admit() {
                    let delay = if (nanos / period).is_multiple_of(2) { late } else { early };
                    *counted.entry((nanos + delay) / period).or_default() += 1;
                }
            }
            assert!(counted.values().all(|&count| count <= 2), "{early} {late} {counted:?}");
        }
    }
    let sliding = Window::sliding(60, MINUTE).unwrap().with_margin(Duration::from_secs(5)).unwrap();
    laws::limiter_within(
        move || sliding.clone(),
        Dimension::Requests,
        rule(60, Duration::from_secs(65)),
    );
    let too_long = Window::unknown(1, MINUTE).unwrap().with_margin(MINUTE).unwrap_err();
    assert_eq!(too_long.to_string(), "margin is 1m, must be shorter than the period");
}

/// Measured on peers with the same numbers: 119 (governor, ratelimit,
/// leaky-bucket, tower, a sliding counter of two windows).
#[test]
fn a_token_bucket_does_not_keep_a_window() {
    let bucket = || Gcra::per("60/min".parse().unwrap()).with_burst(60).unwrap();
    let broken = check::limiter_within(bucket, Dimension::Requests, rule(60, MINUTE)).unwrap_err();
    assert_eq!(broken.law(), "a greedy client gets no more than the envelope");
}

#[test]
fn one_then_a_burst_at_the_end_of_the_minute_is_sixty_in_all() {
    for mut window in [
        Window::unknown(60, MINUTE).unwrap(),
        Window::sliding(60, MINUTE).unwrap(),
        Window::fixed(60, MINUTE, Timestamp::ZERO).unwrap(),
    ] {
        assert!(window.acquire(at(0), &Cost::REQUEST).is_admit());
        let burst_at = Timestamp::from_nanos(59_900_000_000);
        let burst = (0..200).filter(|_| window.acquire(burst_at, &Cost::REQUEST).is_admit());
        assert_eq!(burst.count(), 59);
        assert_eq!(window.check(burst_at, &Cost::REQUEST), Decision::WaitUntil(at(60)));
    }
}

#[test]
fn a_window_from_the_first_send_lasts_a_period() {
    let mut window = FixedWindow::new(2, MINUTE).unwrap().from_first_send();
    assert!(window.acquire(at(59), &Cost::REQUEST).is_admit());
    assert!(window.acquire(at(118), &Cost::REQUEST).is_admit());
    assert_eq!(window.acquire(at(118), &Cost::REQUEST), Decision::WaitUntil(at(119)));
    assert_eq!(window.available(at(119)), 2);
}

#[test]
fn a_smaller_limit_counts_what_was_sent_before() {
    for mut window in
        [Window::unknown(10, MINUTE).unwrap(), Window::fixed(10, MINUTE, at(0)).unwrap()]
    {
        for _ in 0..8 {
            assert!(window.acquire(at(1), &Cost::REQUEST).is_admit());
        }
        window.set_limit(5).unwrap();
        assert_eq!(window.available(at(2)), 0);
        assert!(!window.acquire(at(59), &Cost::REQUEST).is_admit());
        window.set_limit(9).unwrap();
        assert_eq!(window.available(at(59)), 1);
        assert!(window.set_limit(0).is_err());
    }
}

#[test]
fn memory_is_bounded_whatever_the_limit() {
    let mut log = SlidingLog::new(1_000_000, MINUTE).unwrap();
    for nanos in (0..60_000_000_000).step_by(1_000_000) {
        assert!(log.acquire(Timestamp::from_nanos(nanos), &Cost::REQUEST).is_admit());
    }
    let entries = format!("{log:?}").matches("Entry").count();
    assert!(entries <= 4097, "{entries}");
}
