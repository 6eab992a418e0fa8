//! Generated arguments: retries, observations, entropy.

pub mod traffic;

use core::num::NonZeroU32;
use core::time::Duration;

use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

use crate::{
    Cost, Dimension, Observation, Outcome, Quantity, Quota, Retry, Scope, Throttle, Timestamp,
};

/// Any retry: small numbers as often as large ones, and the edges of each part.
pub fn retry() -> impl Strategy<Value = Retry> {
    let before = (optional_duration(), duration(), duration());
    let now = (timestamp(), duration());
    (number(), before, now, outcome(), optional_duration()).prop_map(
        |(number, (previous_delay, total_delay, waited), (now, elapsed), outcome, hint)| Retry {
            number,
            previous_delay,
            total_delay,
            waited,
            now,
            elapsed,
            outcome,
            hint,
        },
    )
}

/// Any retry number: half of them small, some around the powers of two at which
/// shifts overflow, some at the end.
pub fn number() -> impl Strategy<Value = NonZeroU32> {
    prop_oneof![
        4 => 1_u32..=20,
        1 => 30_u32..=34,
        1 => 62_u32..=66,
        1 => 67_u32..=130,
        1 => (u32::MAX - 2)..=u32::MAX,
        1 => 1_u32..=u32::MAX,
    ]
    .prop_map(|number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN))
}

/// Any duration: of the size that people configure, or at an edge.
pub fn duration() -> impl Strategy<Value = Duration> {
    let nanos = Duration::from_nanos;
    prop_oneof![
        1 => Just(Duration::ZERO),
        1 => Just(nanos(1)),
        4 => (0..=120_000_u64).prop_map(Duration::from_millis),
        2 => any::<u64>().prop_map(nanos),
        1 => Just(nanos(u64::MAX)),
        1 => Just(Duration::MAX),
    ]
}

/// A duration, or none.
pub fn optional_duration() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![Just(None), duration().prop_map(Some)]
}

/// Any time.
pub fn timestamp() -> impl Strategy<Value = Timestamp> {
    duration().prop_map(|since| Timestamp::ZERO.after(since))
}

/// Any way in which a request ends.
pub fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Success),
        Just(Outcome::Throttled(Throttle::RateLimit)),
        Just(Outcome::Throttled(Throttle::Overload)),
        Just(Outcome::Throttled(Throttle::Concurrency)),
        Just(Outcome::Throttled(Throttle::QuotaExhausted)),
        Just(Outcome::Transient),
        Just(Outcome::Permanent),
        Just(Outcome::Ignored),
    ]
}

/// Any observation: with and without a wait, up to nine quotas, of which eight
/// are kept.
pub fn observation() -> impl Strategy<Value = Observation> {
    let scope = proptest::option::of("[a-z]{0,60}".prop_map(|name| Scope::new(&name)));
    let quotas = proptest::collection::vec(quota(), 0..=9);
    let (usage, code) = (proptest::option::of(cost()), any::<Option<u16>>());
    let times = (optional_duration(), optional_duration());
    (outcome(), times, quotas, scope, usage, code).prop_map(
        |(outcome, (retry_after, timed_out_after), quotas, scope, usage, code)| Observation {
            outcome,
            retry_after,
            quotas: quotas.into_iter().collect(),
            scope,
            usage,
            code,
            timed_out_after,
        },
    )
}

/// Any quota, of which any part may be missing.
pub fn quota() -> impl Strategy<Value = Quota> {
    let amount = || proptest::option::of(any::<u64>().prop_map(Quantity::from_micros));
    let dimension = proptest::option::of(dimension());
    (dimension, amount(), amount(), optional_duration(), optional_duration()).prop_map(
        |(dimension, limit, remaining, resets_in, window)| {
            let mut quota = Quota::new(dimension);
            quota = limit.map_or(quota, |limit| quota.with_limit(limit));
            quota = remaining.map_or(quota, |remaining| quota.with_remaining(remaining));
            quota = resets_in.map_or(quota, |resets_in| quota.with_resets_in(resets_in));
            window.map_or(quota, |window| quota.with_window(window))
        },
    )
}

/// Any dimension.
pub fn dimension() -> impl Strategy<Value = Dimension> {
    proptest::sample::select(&Dimension::ALL[..])
}

/// Any cost in one dimension.
pub fn cost() -> impl Strategy<Value = Cost> {
    let units = prop_oneof![4 => 0_u32..=10_000, 1 => Just(u32::MAX)];
    (dimension(), units).prop_map(|(dimension, units)| Cost::ZERO.with(dimension, units))
}
