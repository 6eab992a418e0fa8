//! Which rule a server's numbers are of, and what is made of it.

use std::time::Duration;

use forbear_core::limiter::{Learned, ModelKind, ServerModel};
use forbear_core::{
    Completion, Cost, Decision, Dimension, Limiter, Observation, Outcome, Quantity, Quota,
    Timestamp,
};

use super::servers::{MS, Rule, SECOND, Storm};

fn speaking(rule: Rule, callers: usize) -> Storm {
    let mut storm = Storm::new(rule, callers, (20 * MS, 5 * MS));
    storm.speaks = true;
    storm
}

fn model(storm: &Storm) -> ServerModel {
    storm.limiter.model(Dimension::Requests).unwrap()
}

#[test]
fn each_rule_is_recognised_by_its_numbers() {
    for (rule, kind) in [
        (Rule::bucket(10, 59), ModelKind::Bucket),
        (Rule::fixed(60, 10 * SECOND, 3 * SECOND), ModelKind::FixedWindow),
        (Rule::log(60, 10 * SECOND), ModelKind::SlidingWindow),
    ] {
        let mut storm = speaking(rule, 1);
        storm.run_for(30 * MS);
        assert_eq!((model(&storm).kind, model(&storm).confidence), (ModelKind::Unknown, 50));
        storm.run_for(30 * SECOND);
        let model = model(&storm);
        println!("{model:?}");
        assert_eq!(model.kind, kind);
        assert!(model.confidence >= 80, "{model:?}");
        assert_eq!(model.burst, Quantity::from_units(60));
        let rate =
            if kind == ModelKind::Bucket { 9_700_000..10_300_000 } else { 5_900_000..6_100_000 };
        assert!(rate.contains(&model.rate.as_micros()), "{model:?}");
    }
}

#[test]
fn numbers_are_used_in_full_with_many_in_flight_and_without_a_refusal() {
    for (rule, least) in [
        (Rule::bucket(10, 59), 0.98),
        (Rule::bucket(200, 99), 0.98),
        (Rule::fixed(60, 10 * SECOND, 3 * SECOND), 0.9),
        (Rule::fixed(500, 2 * SECOND, SECOND), 0.9),
    ] {
        let mut storm = speaking(rule.clone(), 32);
        storm.run_for(15 * SECOND);
        let from = storm.now;
        storm.run_for(60 * SECOND);
        let (first, later) = (storm.since(SECOND), storm.since(from));
        println!("{rule:?}: {first:?}, {later:?}");
        assert_eq!(first.refused, 0, "{rule:?}: {first:?}");
        assert!(later.used >= least, "{rule:?}: {later:?}");
    }
}

fn told(used: u64, resets_in: Duration) -> Observation {
    let mut seen = Observation::new(Outcome::Success);
    seen.quotas.push(
        Quota::new(Some(Dimension::Requests))
            .with_limit(Quantity::from_units(60))
            .with_remaining(Quantity::from_units(60 - used))
            .with_resets_in(resets_in),
    );
    seen
}

fn hear(learned: &mut Learned, sent_ms: u64, seen: &Observation) {
    let sent_at = Timestamp::from_nanos(sent_ms * MS);
    let cost = Cost::REQUEST;
    let done = Completion { sent_at, cost, actual: cost, observation: seen };
    learned.observe(Timestamp::from_nanos((sent_ms + 10) * MS), &done);
}

/// A bucket of 60 at one a second that others use as well.
fn bucket_of_60() -> Learned {
    let mut learned = Learned::new().unpaced();
    for (second, used) in [(0, 30), (3, 40), (6, 50), (9, 30), (12, 60)] {
        hear(&mut learned, second * 1000, &told(used, Duration::from_millis(1000 * used - 1)));
    }
    learned
}

#[test]
fn what_comes_back_to_a_bucket_is_used_as_it_comes() {
    let mut learned = bucket_of_60();
    let model = learned.model(Dimension::Requests).unwrap();
    assert_eq!(model.kind, ModelKind::Bucket, "{model:?}");
    // Nothing was left at 12.01 s; the reset is a minute later, the next unit a second.
    let now = Timestamp::from_nanos(12_010 * MS);
    let Decision::WaitUntil(next) = learned.check(now, &Cost::REQUEST) else { panic!("{model:?}") };
    assert!((980 * MS..1000 * MS).contains(&(next.as_nanos() - now.as_nanos())), "{next:?}");
    assert!(learned.acquire(next, &Cost::REQUEST).is_admit());
    // What is in flight is still to be paid.
    let Decision::WaitUntil(after) = learned.check(next, &Cost::REQUEST) else { panic!() };
    assert!((980 * MS..1001 * MS).contains(&(after.as_nanos() - next.as_nanos())), "{after:?}");
}

#[test]
fn a_refusal_that_no_bucket_makes_ends_the_belief_in_it() {
    let mut learned = bucket_of_60();
    let mut refused = told(60, Duration::from_secs(70));
    refused.outcome = super::support::RATE;
    hear(&mut learned, 20_000, &refused);
    let model = learned.model(Dimension::Requests).unwrap();
    assert_eq!((model.kind, model.confidence), (ModelKind::Unknown, 50));
    // The safe model: nothing before the reset.
    let reset = Timestamp::from_nanos(90_010 * MS);
    let now = Timestamp::from_nanos(20_010 * MS);
    assert_eq!(learned.check(now, &Cost::REQUEST), Decision::WaitUntil(reset));
}

#[test]
fn answers_in_whole_seconds_and_close_together_tell_nothing() {
    let mut learned = Learned::new();
    for (ms, used) in [(0, 30), (300, 31), (600, 32), (900, 33)] {
        hear(&mut learned, ms, &told(used, Duration::from_secs(60)));
    }
    assert_eq!(learned.model(Dimension::Requests).unwrap().kind, ModelKind::Unknown);
    assert_eq!(learned.model(Dimension::Tokens), None);
}
