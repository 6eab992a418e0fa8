//! Servers that give no numbers: what is refused while learning, and afterwards.
#![expect(clippy::float_arithmetic, reason = "shares of a quota are only reported")]

use std::time::Duration;

use forbear_core::limiter::{Learned, ModelKind};
use forbear_core::{
    Completion, Cost, Decision, Dimension, Limiter, Observation, Outcome, Quantity, Quota,
    Throttle, Timestamp,
};

use super::servers::{MS, Rule, SECOND, Storm};

/// A round trip and how much longer it may be; and how many callers there are.
const NEAR: (u64, u64, usize) = (MS, MS / 5, 32);
const FAR: (u64, u64, usize) = (50 * MS, 10 * MS, 100);
const HINT: Option<Duration> = Some(Duration::from_secs(1));

fn storm(rule: &Rule, (trip, more, callers): (u64, u64, usize), hint: Option<Duration>) -> Storm {
    let mut storm = Storm::new(rule.clone(), callers, (trip, more));
    storm.hint = hint;
    storm
}

/// The rule's name, the rule, and the seconds to learn it in.
fn rules() -> [(&'static str, Rule, u64); 10] {
    [
        ("bucket of 21, 100/s", Rule::bucket(100, 20), 10),
        ("bucket of 6, 10/s", Rule::bucket(10, 5), 100),
        ("bucket of 101, 1000/s", Rule::bucket(1000, 100), 10),
        ("bucket of 301, 5/s", Rule::bucket(5, 300), 100),
        ("HAProxy, 50 in 1 s", Rule::counter(50, SECOND), 10),
        ("HAProxy, 100 in 10 s", Rule::counter(100, 10 * SECOND), 100),
        ("fixed, 50 in 1 s", Rule::fixed(50, SECOND, 700 * MS), 10),
        ("fixed, 600 in 60 s", Rule::fixed(600, 60 * SECOND, 20 * SECOND), 100),
        ("sliding, 50 in 1 s", Rule::log(50, SECOND), 10),
        ("sliding, 600 in 60 s", Rule::log(600, 60 * SECOND), 100),
    ]
}

#[test]
fn after_learning_two_in_a_hundred_are_refused_at_most_and_nearly_all_is_used() {
    for (name, rule, learning) in rules() {
        // Far away, a storm is as long as a round trip, and so is what is not seen yet.
        for (path, least, most) in [(NEAR, 0.94, 0.01), (FAR, 0.87, 0.01)] {
            for hint in [None, HINT] {
                let mut storm = storm(&rule, path, hint);
                storm.run_for(learning * SECOND);
                let learned = storm.since(SECOND);
                let from = storm.now;
                storm.run_for(12 * learning * SECOND);
                let later = storm.since(from);
                println!("{name}, {} ms, {hint:?}: {learned:?}, then {later:?}", path.0 / MS);
                // Learning has its price, once.
                assert!(8 * learned.refused <= learned.sends, "{name}: {learned:?}");
                assert!(later.refused as f64 <= most * later.sends as f64, "{name}: {later:?}");
                assert!(later.used >= least, "{name}: {later:?}");
            }
        }
    }
}

/// One unit at a time leaves nothing for a late or early arrival, so some is lost.
#[test]
fn a_bucket_without_a_burst_is_not_stormed() {
    for (path, hint, least) in [(NEAR, None, 0.9), (NEAR, HINT, 0.55), (FAR, None, 0.6)] {
        let mut storm = storm(&Rule::bucket(100, 0), path, hint);
        storm.run_for(10 * SECOND);
        let from = storm.now;
        storm.run_for(120 * SECOND);
        let later = storm.since(from);
        assert!(50 * later.refused <= later.sends && later.used >= least, "{hint:?}: {later:?}");
    }
}

#[test]
fn a_limit_that_is_cut_is_found_again() {
    for (from, to) in [
        (Rule::bucket(100, 20), Rule::bucket(30, 20)),
        (Rule::bucket(100, 20), Rule::bucket(5, 20)),
        (Rule::fixed(50, SECOND, 0), Rule::fixed(20, SECOND, 0)),
        (Rule::counter(50, SECOND), Rule::counter(20, SECOND)),
    ] {
        let mut storm = storm(&from, (10 * MS, 2 * MS, 64), None);
        storm.run_for(60 * SECOND);
        storm.rule = to;
        let cut_at = storm.now;
        storm.run_for(30 * SECOND);
        let during = storm.since(cut_at);
        let found_at = storm.now;
        storm.run_for(60 * SECOND);
        let after = storm.since(found_at);
        println!("{from:?}: {during:?}, then {after:?}");
        assert!(during.refused <= 20, "{from:?}: {during:?}");
        assert!(50 * after.refused <= after.sends && after.used >= 0.8, "{from:?}: {after:?}");
    }
}

#[test]
fn a_limit_that_is_raised_is_found_again() {
    for (from, to) in [
        (Rule::bucket(100, 20), Rule::bucket(150, 20)),
        (Rule::bucket(100, 20), Rule::bucket(1000, 20)),
        (Rule::fixed(50, SECOND, 0), Rule::fixed(200, SECOND, 0)),
        (Rule::counter(50, SECOND), Rule::counter(200, SECOND)),
    ] {
        let mut storm = storm(&from, (10 * MS, 2 * MS, 64), None);
        storm.run_for(60 * SECOND);
        storm.rule = to;
        storm.run_for(60 * SECOND);
        let found_at = storm.now;
        storm.run_for(60 * SECOND);
        let after = storm.since(found_at);
        println!("{from:?}: {after:?}");
        assert!(50 * after.refused <= after.sends && after.used >= 0.9, "{from:?}: {after:?}");
    }
}

#[test]
fn a_limit_that_is_gone_holds_nothing_back_for_long() {
    let mut storm = storm(&Rule::bucket(100, 20), (10 * MS, 2 * MS, 64), None);
    storm.run_for(60 * SECOND);
    storm.rule = Rule::Unlimited;
    storm.run_for(30 * SECOND);
    let from = storm.now;
    storm.run_for(10 * SECOND);
    // 64 callers with a round trip of 11 ms: 5800 a second.
    assert!(storm.since(from).sends > 50_000, "{:?}", storm.since(from));
}

#[test]
fn a_server_without_a_limit_is_soon_used_in_full() {
    let mut storm = storm(&Rule::Unlimited, (50 * MS, 10 * MS, 1000), None);
    storm.run_for(10 * SECOND);
    let from = storm.now;
    storm.run_for(SECOND);
    // 1000 callers with a round trip of 55 ms: 18 200 a second.
    assert!(storm.since(from).sends > 17_000, "{:?}", storm.since(from));
}

#[test]
fn what_others_use_of_a_shared_key_is_left_to_them() {
    for (others_each, left) in [(20, 0.5), (100, 0.9), (15, 0.33)] {
        let mut storm = storm(&Rule::bucket(100, 20), (10 * MS, 2 * MS, 64), None);
        storm.others = Some(others_each * MS);
        storm.run_for(15 * SECOND);
        let from = storm.now;
        storm.run_for(60 * SECOND);
        let later = storm.since(from);
        assert!(50 * later.refused <= later.sends, "{others_each} ms: {later:?}");
        assert!((0.95 * left..1.05 * left).contains(&later.used), "{others_each} ms: {later:?}");
    }
}

fn answer(learned: &mut Learned, sent: u64, now: u64, seen: &Observation) {
    let (sent_at, cost) = (Timestamp::from_nanos(sent * MS), Cost::REQUEST);
    let done = Completion { sent_at, cost, actual: cost, observation: seen };
    learned.observe(Timestamp::from_nanos(now * MS), &done);
}

fn check(learned: &Learned, now: u64) -> Decision {
    learned.check(Timestamp::from_nanos(now * MS), &Cost::REQUEST)
}

#[test]
fn nothing_is_sent_before_the_wait_that_a_refusal_names() {
    let mut learned = Learned::new();
    answer(&mut learned, 0, 1, &Observation::throttled(Some(Duration::from_secs(7))));
    let until = Decision::WaitUntil(Timestamp::from_nanos(7001 * MS));
    assert_eq!(check(&learned, 1), until);
    assert_eq!(check(&learned, 7000), until);
    assert_eq!(check(&learned, 7001), Decision::Admit);
    // A later one of the same storm names a longer wait.
    answer(&mut learned, 0, 2, &Observation::throttled(Some(Duration::from_secs(9))));
    assert_eq!(check(&learned, 7001), Decision::WaitUntil(Timestamp::from_nanos(9002 * MS)));
}

#[test]
fn one_request_asks_whether_it_is_open_again_and_later_each_time() {
    let mut learned = Learned::new();
    let refused = Observation::throttled(None);
    answer(&mut learned, 0, 1, &refused);
    let (mut now, mut waits) = (1, Vec::new());
    for _ in 0..6 {
        let Decision::WaitUntil(at) = check(&learned, now) else { panic!("{learned:?}") };
        assert!(learned.acquire(at, &Cost::REQUEST).is_admit());
        assert_eq!(learned.check(at, &Cost::REQUEST), Decision::WaitForCompletion);
        let sent = at.as_nanos() / MS;
        waits.push(sent - now);
        now = sent + 1;
        answer(&mut learned, sent, now, &refused);
    }
    assert_eq!(waits, [1, 4, 16, 64, 128, 256]);
}

#[test]
fn a_probe_that_fails_is_not_followed_at_once() {
    let mut learned = Learned::new();
    answer(&mut learned, 0, 1, &Observation::throttled(None));
    assert!(learned.acquire(Timestamp::from_nanos(2 * MS), &Cost::REQUEST).is_admit());
    answer(&mut learned, 2, 3, &Observation::new(Outcome::Transient));
    assert_eq!(check(&learned, 3), Decision::WaitUntil(Timestamp::from_nanos(4 * MS)));
}

#[test]
fn a_refusal_that_is_explained_or_not_for_rate_is_no_evidence() {
    let mut said = Observation::throttled(None);
    said.quotas.push(
        Quota::new(Some(Dimension::Requests))
            .with_limit(Quantity::from_units(10))
            .with_remaining(Quantity::ZERO)
            .with_resets_in(Duration::from_secs(5)),
    );
    let mut learned = Learned::new();
    answer(&mut learned, 0, 1, &said);
    // The reset that it named, and then all of it.
    assert_eq!(check(&learned, 1), Decision::WaitUntil(Timestamp::from_nanos(5001 * MS)));
    assert_eq!(check(&learned, 5001), Decision::Admit);
    for kind in [Throttle::Concurrency, Throttle::QuotaExhausted] {
        let mut learned = Learned::new();
        answer(&mut learned, 0, 1, &Observation::new(Outcome::Throttled(kind)));
        assert_eq!(check(&learned, 1), Decision::Admit, "{kind:?}");
        assert_eq!(learned.model(Dimension::Requests), None);
    }
}

#[test]
fn what_a_server_is_taken_for_can_be_asked() {
    let model = |rule: Rule, seconds: u64| {
        let mut storm = storm(&rule, NEAR, None);
        assert_eq!(storm.limiter.model(Dimension::Requests), None);
        storm.run_for(seconds * SECOND);
        storm.limiter.model(Dimension::Requests).unwrap()
    };
    let bucket = model(Rule::bucket(100, 20), 60);
    assert_eq!(bucket.kind, ModelKind::Bucket);
    assert!((97_000_000..103_000_000).contains(&bucket.rate.as_micros()), "{bucket:?}");
    assert!((15..=26).contains(&bucket.burst.whole()) && bucket.confidence >= 70, "{bucket:?}");
    let window = model(Rule::fixed(50, SECOND, 0), 60);
    assert_eq!(window.kind, ModelKind::Window);
    assert!((45_000_000..55_000_000).contains(&window.rate.as_micros()), "{window:?}");
    assert!(window.confidence >= 60, "{window:?}");
}

/// One of the buckets, each with room for the variation of the round trip, and how it is
/// met.
fn any_bucket(lot: &mut impl FnMut(u64, u64) -> u64) -> (Storm, u64, f64) {
    let (per_s, room, trip_ms) = (lot(2, 400), lot(2, 200), lot(1, 150));
    let callers = usize::try_from(lot(1, 100)).unwrap();
    let more = trip_ms * MS / 10;
    let burst = room + per_s * more / SECOND;
    let path = (trip_ms * MS, more, callers);
    let storm = storm(&Rule::bucket(per_s, burst), path, HINT.filter(|_| lot(0, 2) == 1));
    // As many as the callers can send, or as the server lets through.
    let able = callers as f64 * 1e9 / (trip_ms * MS + more) as f64;
    (storm, per_s, (able / per_s as f64).min(1.0))
}

/// The lowest are those with the least room, far away and with a wait of a second.
#[test]
fn any_bucket_is_learned() {
    let mut lots = 88_172_645_463_325_252_u64;
    let mut lot = |least: u64, below: u64| {
        // Xorshift, of Marsaglia.
        lots ^= lots << 13;
        lots ^= lots >> 7;
        lots ^= lots << 17;
        least + (lots >> 20) % (below - least)
    };
    let (mut shares, mut much_refused) = (Vec::new(), 0);
    for _ in 0..400 {
        let (mut storm, per_s, able) = any_bucket(&mut lot);
        // Until the burst is gone and as much again and more was let through.
        storm.run_for((20 + 1600 / per_s) * SECOND);
        let from = storm.now;
        storm.run_for(60 * SECOND + 1500 * SECOND / per_s);
        let later = storm.since(from);
        assert!(20 * later.refused <= later.sends, "{:?}: {later:?}", storm.rule);
        much_refused += u32::from(50 * later.refused > later.sends);
        shares.push(later.used / able);
    }
    shares.sort_by(f64::total_cmp);
    println!("{:.3}, {:.3}, {:.3}, {much_refused}", shares[0], shares[40], shares[200]);
    assert!(shares[0] >= 0.45 && shares[40] >= 0.78 && shares[200] >= 0.98, "{shares:?}");
    assert!(much_refused <= 1, "{much_refused} of 400");
}
