//! The mirror of the server's quotas, against a server that counts.

use std::time::Duration;

use forbear_core::limiter::Learned;
use forbear_core::{
    Cost, Decision, Dimension, Limiter, Observation, Outcome, Quantity, Quota, Refusal, Timestamp,
};

use super::support::{answer_with, millis, send_all};

/// `limit` requests in fixed windows of ten seconds.
struct Server {
    limit: u64,
    window: u64,
    used: u64,
    refused: u64,
}

const WINDOW_MS: u64 = 10_000;

impl Server {
    fn new(limit: u64) -> Self {
        Self { limit, window: 0, used: 0, refused: 0 }
    }

    /// Counts a request and writes the answer.
    fn serve(&mut self, at_ms: u64) -> Observation {
        if at_ms / WINDOW_MS != self.window {
            (self.window, self.used) = (at_ms / WINDOW_MS, 0);
        }
        let fits = self.used < self.limit;
        self.used += u64::from(fits);
        self.refused += u64::from(!fits);
        let outcome = if fits { Outcome::Success } else { super::support::RATE };
        said(outcome, self.limit, self.limit - self.used, WINDOW_MS - at_ms % WINDOW_MS)
    }
}

fn said(outcome: Outcome, limit: u64, remaining: u64, resets_in_ms: u64) -> Observation {
    let mut seen = Observation::new(outcome);
    seen.quotas.push(
        Quota::new(Some(Dimension::Requests))
            .with_limit(Quantity::from_units(limit))
            .with_remaining(Quantity::from_units(remaining))
            .with_resets_in(Duration::from_millis(resets_in_ms))
            .with_window(Duration::from_millis(WINDOW_MS)),
    );
    seen
}

/// A greedy client with round trips of `delays` in turn, for `seconds`.
fn run(learned: &mut Learned, server: &mut Server, delays: &[u64], seconds: u64) -> Vec<u64> {
    let mut sends = Vec::new();
    // (arrives, sent, answer)
    let mut in_flight: Vec<(u64, u64, Observation)> = Vec::new();
    for now_ms in 0..seconds * 1000 {
        in_flight.sort_by_key(|&(at, sent, _)| (at, sent));
        while in_flight.first().is_some_and(|&(at, ..)| at <= now_ms) {
            let (at, sent, seen) = in_flight.remove(0);
            answer_with(learned, millis(sent), millis(at), &seen);
        }
        // The first answer teaches; until then one is enough.
        while (sends.is_empty() || now_ms > 200)
            && learned.acquire(millis(now_ms), &Cost::REQUEST).is_admit()
        {
            let delay = delays[sends.len() % delays.len()];
            let seen = server.serve(now_ms);
            in_flight.push((now_ms + delay, now_ms, seen));
            sends.push(now_ms);
        }
    }
    sends
}

#[test]
fn nothing_is_refused_and_nearly_all_is_used() {
    for delays in [&[0_u64][..], &[50], &[10, 90, 30, 170], &[190, 10]] {
        let (mut learned, mut server) = (Learned::new(), Server::new(50));
        let sends = run(&mut learned, &mut server, delays, 100);
        assert_eq!(server.refused, 0, "{delays:?}");
        // Ten windows of fifty.
        assert!((450..=500).contains(&sends.len()), "{delays:?}: {}", sends.len());
    }
}

#[test]
fn sends_are_spread_over_the_window_and_not_bunched_at_the_reset() {
    let (mut learned, mut server) = (Learned::new(), Server::new(50));
    let sends = run(&mut learned, &mut server, &[20], 100);
    for window in 1..10 {
        let early = sends.iter().filter(|&&at| at / 1000 == window * 10).count();
        assert!(early <= 7, "{early} in the first second of window {window}");
    }
    let (mut unpaced, mut server) = (Learned::new().unpaced(), Server::new(50));
    let sends = run(&mut unpaced, &mut server, &[20], 100);
    assert_eq!(server.refused, 0);
    assert!(sends.iter().filter(|&&at| at / 1000 == 10).count() >= 45);
}

#[test]
fn two_clients_with_half_a_share_each_are_not_refused() {
    let make = || Learned::new().with_share(0.5).unwrap();
    let (mut one, mut two, mut server) = (make(), make(), Server::new(40));
    for now_ms in 0..60_000 {
        for client in [&mut one, &mut two] {
            if client.acquire(millis(now_ms), &Cost::REQUEST).is_admit() {
                let seen = server.serve(now_ms);
                answer_with(client, millis(now_ms), millis(now_ms), &seen);
            }
        }
    }
    assert_eq!(server.refused, 0);
}

#[test]
fn the_headroom_stays_untouched() {
    let mut learned = Learned::new().with_headroom(0.2).unwrap().unpaced();
    answer_with(&mut learned, millis(0), millis(0), &said(Outcome::Success, 100, 30, 5000));
    assert_eq!(send_all(&mut learned, millis(0)), 10);
    assert_eq!(
        learned.check(millis(0), &Cost::ZERO.with(Dimension::Requests, 81)),
        Decision::Refuse(Refusal::ExceedsCapacity { cost: 81, capacity: 80 })
    );
}

#[test]
fn what_is_in_flight_is_taken_off_what_is_left() {
    let mut learned = Learned::new().unpaced();
    answer_with(&mut learned, millis(0), millis(0), &said(Outcome::Success, 10, 5, 5000));
    assert_eq!(send_all(&mut learned, millis(1)), 5);
    // The server counted three of them when it wrote this answer to the first.
    answer_with(&mut learned, millis(1), millis(10), &said(Outcome::Success, 10, 2, 4990));
    assert_eq!(send_all(&mut learned, millis(10)), 0);
}

#[test]
fn of_answers_that_overtook_each_other_the_lower_counts() {
    let mut learned = Learned::new().unpaced();
    answer_with(&mut learned, millis(0), millis(0), &said(Outcome::Success, 10, 9, 5000));
    for _ in 0..2 {
        assert!(learned.acquire(millis(1), &Cost::REQUEST).is_admit());
    }
    answer_with(&mut learned, millis(1), millis(10), &said(Outcome::Success, 10, 7, 4990));
    answer_with(&mut learned, millis(1), millis(11), &said(Outcome::Success, 10, 8, 4989));
    assert_eq!(send_all(&mut learned, millis(11)), 7);
}

#[test]
fn an_answer_of_the_last_window_says_nothing_about_this_one() {
    let mut learned = Learned::new().unpaced();
    answer_with(&mut learned, millis(0), millis(1), &said(Outcome::Success, 10, 1, 5000));
    assert!(learned.acquire(millis(4999), &Cost::REQUEST).is_admit());
    assert!(learned.acquire(millis(5001), &Cost::REQUEST).is_admit());
    answer_with(&mut learned, millis(5001), millis(5010), &said(Outcome::Success, 10, 9, 9991));
    answer_with(&mut learned, millis(4999), millis(5011), &said(Outcome::Success, 10, 0, 0));
    assert_eq!(send_all(&mut learned, millis(5011)), 9);
}

#[test]
fn an_answer_without_a_word_still_costs() {
    let mut learned = Learned::new().unpaced();
    answer_with(&mut learned, millis(0), millis(0), &said(Outcome::Success, 10, 3, 5000));
    for _ in 0..3 {
        assert!(learned.acquire(millis(1), &Cost::REQUEST).is_admit());
        answer_with(&mut learned, millis(1), millis(1), &Observation::new(Outcome::Transient));
    }
    let reset = learned.check(millis(2), &Cost::REQUEST);
    assert_eq!(reset, Decision::WaitUntil(millis(5000)));
}

#[test]
fn each_dimension_has_its_own_window() {
    let mut learned = Learned::new().unpaced();
    let mut seen = said(Outcome::Success, 100, 50, 5000);
    seen.quotas.push(
        Quota::new(Some(Dimension::Tokens))
            .with_limit(Quantity::from_units(1000))
            .with_remaining(Quantity::from_units(10))
            .with_resets_in(Duration::from_secs(1)),
    );
    answer_with(&mut learned, millis(0), millis(0), &seen);
    let large = Cost::REQUEST.with(Dimension::Tokens, 11);
    assert_eq!(learned.check(millis(0), &large), Decision::WaitUntil(millis(1000)));
    assert_eq!(learned.check(millis(0), &Cost::REQUEST), Decision::Admit);
}

#[test]
fn without_a_reset_one_request_at_a_time_asks() {
    let mut learned = Learned::new();
    let mut seen = Observation::new(Outcome::Success);
    let quota = Quota::new(Some(Dimension::Requests)).with_remaining(Quantity::ZERO);
    seen.quotas.push(quota);
    answer_with(&mut learned, Timestamp::ZERO, Timestamp::ZERO, &seen);
    assert_eq!(send_all(&mut learned, millis(1)), 1);
    assert_eq!(learned.check(millis(1), &Cost::REQUEST), Decision::WaitForCompletion);
}

#[test]
fn one_request_asks_before_the_others_follow() {
    let mut learned = Learned::new();
    assert_eq!(send_all(&mut learned, millis(0)), 1);
    assert_eq!(learned.check(millis(0), &Cost::REQUEST), Decision::WaitForCompletion);
    // A failure says nothing of quotas, nor does a caller that went away.
    for end in [Outcome::Transient, Outcome::Ignored] {
        answer_with(&mut learned, millis(0), millis(1), &Observation::new(end));
        assert_eq!(send_all(&mut learned, millis(1)), 1);
    }
    // A server that counts nothing: one more for each sixteen that it served.
    answer_with(&mut learned, millis(1), millis(2), &Observation::new(Outcome::Success));
    for _ in 1..16 {
        assert_eq!(send_all(&mut learned, millis(2)), 1);
        answer_with(&mut learned, millis(2), millis(3), &Observation::new(Outcome::Success));
    }
    assert_eq!(send_all(&mut learned, millis(3)), 2);
}

/// As express-rate-limit counts and rounds: each window begins with the first request
/// after the last, and the reset is in whole seconds, rounded up.
#[test]
fn resets_in_whole_seconds_do_not_lengthen_the_window() {
    const LENGTH_MS: u64 = 2_000;
    for delay in [1, 30] {
        let mut learned = Learned::new();
        let (mut ends, mut used, mut refused, mut served) = (0, 0, 0, 0);
        let mut in_flight = Vec::new();
        for now_ms in 0..40_000 {
            in_flight.retain(|(sent, seen)| {
                let is_due = sent + delay <= now_ms;
                if is_due {
                    answer_with(&mut learned, millis(*sent), millis(now_ms), seen);
                }
                !is_due
            });
            while learned.acquire(millis(now_ms), &Cost::REQUEST).is_admit() {
                // Counted when it arrives, half a round trip later.
                let arrives = now_ms + delay / 2;
                if arrives >= ends {
                    (ends, used) = (arrives + LENGTH_MS, 0);
                }
                let fits = used < 50;
                used += u64::from(fits);
                served += u64::from(fits);
                refused += u64::from(!fits);
                let mut seen =
                    Observation::new(if fits { Outcome::Success } else { super::support::RATE });
                seen.quotas.push(
                    Quota::new(Some(Dimension::Requests))
                        .with_limit(Quantity::from_units(50))
                        .with_remaining(Quantity::from_units(50 - used))
                        .with_resets_in(Duration::from_secs((ends - arrives).div_ceil(1000)))
                        .with_window(Duration::from_millis(LENGTH_MS)),
                );
                in_flight.push((now_ms, seen));
            }
        }
        assert_eq!(refused, 0, "round trips of {delay} ms");
        // Twenty windows; with the later bound of each reset it was 31 of 50.
        assert!((950..=1000).contains(&served), "round trips of {delay} ms: {served}");
    }
}

#[test]
fn an_answer_from_before_the_reset_does_not_shut_the_next_window() {
    let mut learned = Learned::new().unpaced();
    let seen = |remaining, resets_in_ms| said(Outcome::Success, 10, remaining, resets_in_ms);
    answer_with(&mut learned, millis(0), millis(1), &seen(1, WINDOW_MS));
    assert!(learned.acquire(millis(9_990), &Cost::REQUEST).is_admit());
    // In the next window by our clock; the answer says a second for 5 ms.
    assert!(learned.acquire(millis(10_002), &Cost::REQUEST).is_admit());
    answer_with(&mut learned, millis(9_990), millis(10_003), &seen(0, 1000));
    assert_eq!(send_all(&mut learned, millis(10_003)), 9);
}

#[test]
fn nothing_left_and_a_reset_in_zero_seconds_is_asked_about_a_second_later() {
    let mut learned = Learned::new().unpaced();
    answer_with(&mut learned, millis(0), millis(1), &said(super::support::RATE, 10, 0, 0));
    assert_eq!(learned.check(millis(1), &Cost::REQUEST), Decision::WaitUntil(millis(1001)));
}

#[test]
fn it_is_idle_ten_minutes_after_its_windows_are_over() {
    let mut learned = Learned::new();
    answer_with(&mut learned, millis(0), millis(0), &said(Outcome::Success, 10, 5, 5000));
    // What was learned is evidence for a while after the window that it is about.
    assert!(!learned.is_idle(millis(5000)));
    assert!(!learned.is_idle(millis(604_999)));
    assert!(learned.is_idle(millis(605_000)));
}
