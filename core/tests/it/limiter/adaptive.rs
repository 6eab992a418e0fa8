//! Where the adaptive bounds settle.

use std::time::Duration;

use forbear_core::limiter::{Adaptive, AdaptiveLimit, Aimd, Gradient, Sample, Vegas};
use forbear_core::{Outcome, Throttle};

use super::support::{OVERLOAD, RATE, answer, millis, send_all};

/// A server that takes `capacity` at once and refuses the rest: one round trip of
/// 10 ms each, all that may go at its start.
fn rounds<A: AdaptiveLimit>(limiter: &mut Adaptive<A>, capacity: u32, rounds: u64) -> Vec<u32> {
    (1..=rounds)
        .map(|round| {
            let (sent, now) = (millis(round * 10), millis(round * 10 + 9));
            for nth in 0..send_all(limiter, sent) {
                answer(
                    limiter,
                    sent,
                    now,
                    if nth < capacity { Outcome::Success } else { OVERLOAD },
                );
            }
            limiter.limit()
        })
        .collect()
}

#[test]
fn aimd_draws_a_sawtooth() {
    let mut limiter = Adaptive::new(Aimd::new(10).unwrap().cutting_to(0.5).unwrap());
    let limits = rounds(&mut limiter, 20, 60);
    // Up by one each round trip, the one in which 22 is cut to its half included.
    let tooth: Vec<u32> = (11..=21).collect();
    assert_eq!(limits[11..33], [&tooth[..], &tooth[..]].concat(), "{limits:?}");
}

#[test]
fn a_bound_that_is_not_in_use_does_not_grow() {
    let mut limiter = Adaptive::new(Aimd::new(10).unwrap());
    for round in 1..100 {
        use forbear_core::{Cost, Limiter};
        assert!(limiter.acquire(millis(round), &Cost::REQUEST).is_admit());
        answer(&mut limiter, millis(round), millis(round), Outcome::Success);
    }
    assert_eq!(limiter.limit(), 10);
}

#[test]
fn refusals_of_what_was_sent_before_the_cut_do_not_cut_again() {
    let mut limiter = Adaptive::new(Aimd::new(100).unwrap());
    assert_eq!(send_all(&mut limiter, millis(1)), 100);
    for _ in 0..50 {
        answer(&mut limiter, millis(1), millis(5), RATE);
    }
    assert_eq!(limiter.limit(), 90);
    // What is sent after it may cut again.
    assert_eq!(send_all(&mut limiter, millis(6)), 40);
    answer(&mut limiter, millis(6), millis(9), RATE);
    assert_eq!(limiter.limit(), 81);
    answer(&mut limiter, millis(1), millis(9), RATE);
    assert_eq!(limiter.limit(), 81);
}

#[test]
fn a_quota_that_is_used_up_is_no_overload() {
    let mut limiter = Adaptive::new(Aimd::new(10).unwrap());
    send_all(&mut limiter, millis(1));
    answer(&mut limiter, millis(1), millis(2), Outcome::Throttled(Throttle::QuotaExhausted));
    answer(&mut limiter, millis(1), millis(2), Outcome::Transient);
    assert_eq!(limiter.limit(), 10);
    assert_eq!(limiter.in_flight(), 8);
}

/// A server with room for `room` at 10 ms: beyond it requests queue.
fn queueing<A: AdaptiveLimit>(mut law: A, room: u64, rounds: u32) -> Vec<u32> {
    (0..rounds)
        .map(|_| {
            let in_flight = law.limit();
            let latency = Duration::from_micros(10_000 * u64::from(in_flight).max(room) / room);
            law.update(&Sample { latency, in_flight, dropped: None });
            law.limit()
        })
        .collect()
}

#[test]
fn vegas_settles_with_a_short_queue() {
    let limits = queueing(Vegas::new(10, 1000).unwrap(), 100, 300);
    // Between alpha and beta, 6 and 12 at this size, wait.
    assert!(limits[50..].iter().all(|limit| (100..=118).contains(limit)), "{limits:?}");
}

#[test]
fn gradient_settles_where_the_latency_is_tolerable() {
    let limits = queueing(Gradient::new(20, 20, 1000).unwrap(), 100, 300);
    assert!(limits[100..].iter().all(|limit| (100..=400).contains(limit)), "{limits:?}");
}

/// Theirs grows here: <https://github.com/Netflix/concurrency-limits/issues/176>.
#[test]
fn gradient_does_not_take_a_fast_refusal_for_a_fast_answer() {
    let mut limiter = Adaptive::new(Gradient::new(100, 1, 200).unwrap());
    for round in 1..20 {
        let sent = millis(round * 10);
        for _ in 0..send_all(&mut limiter, sent) {
            answer(&mut limiter, sent, millis(round * 10 + 1), RATE);
        }
    }
    assert!(limiter.limit() < 20, "{}", limiter.limit());
}

#[test]
fn a_few_slow_answers_move_the_mean_and_not_the_median() {
    let law = || Gradient::new(50, 1, 200).unwrap();
    let after = |mut limiter: Adaptive<Gradient>| {
        for round in 1..=40_u64 {
            let sent = millis(round * 1000);
            let count = send_all(&mut limiter, sent);
            for number in 0..count {
                // From the twentieth round on, one answer in ten takes 20 times as long.
                let is_slow = round > 20 && number % 10 == 9;
                let latency = if is_slow { 200 } else { 10 };
                answer(&mut limiter, sent, millis(round * 1000 + latency), Outcome::Success);
            }
        }
        limiter.limit()
    };
    let by_mean = after(Adaptive::new(law()));
    let by_median = after(Adaptive::new(law()).at_percentile(0.5).unwrap());
    let by_slowest = after(Adaptive::new(law()).at_percentile(1.0).unwrap());
    assert!(by_mean < 40, "{by_mean}");
    assert!(by_median > 70, "{by_median}");
    assert!(by_slowest <= by_mean, "{by_slowest} {by_mean}");
}
