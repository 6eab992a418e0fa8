//! What a limiter commonly sees: whole costs, plausible quotas, and now and then
//! an extreme.

use alloc::vec::Vec;
use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::{option, prop_oneof};

use super::{duration, optional_duration, outcome};
use crate::{Cost, Dimension, Observation, Quantity, Quota};

/// Any cost, the same in every dimension: mostly 1, sometimes nothing, sometimes
/// more than any limiter holds.
pub fn cost() -> impl Strategy<Value = Cost> {
    let units = prop_oneof![
        6 => Just(1_u32),
        1 => Just(0_u32),
        3 => 2_u32..=8,
        1 => 9_u32..=2000,
        1 => any::<u32>(),
        1 => Just(u32::MAX),
    ];
    units.prop_map(|units| {
        Dimension::ALL.into_iter().fold(Cost::ZERO, |cost, dimension| cost.with(dimension, units))
    })
}

/// Any time to pass: nothing, the smallest there is, what people wait, or for ever.
pub(in crate::testkit) fn pass() -> impl Strategy<Value = Duration> {
    prop_oneof![
        1 => Just(Duration::ZERO),
        2 => Just(Duration::from_nanos(1)),
        4 => (0..=5_000_u64).prop_map(Duration::from_micros),
        8 => (0..=3_000_u64).prop_map(Duration::from_millis),
        4 => (0..=200_u64).prop_map(Duration::from_secs),
        1 => duration(),
    ]
}

/// Any answer; every third one has a quota or two.
pub fn observation() -> impl Strategy<Value = Observation> {
    let quotas = prop_oneof![2 => Just(Vec::new()), 1 => vec(quota(), 1..=2)];
    (outcome(), optional_duration(), quotas).prop_map(|(outcome, retry_after, quotas)| {
        let mut seen = Observation::new(outcome);
        seen.retry_after = retry_after;
        seen.quotas = quotas.into_iter().collect();
        seen
    })
}

/// Any quota, of which any part may be missing.
pub fn quota() -> impl Strategy<Value = Quota> {
    let dimension = prop_oneof![Just(None), (0..3_usize).prop_map(|n| Some(Dimension::ALL[n]))];
    let quantity = || {
        prop_oneof![
            4 => (0..=100_u64).prop_map(Quantity::from_units),
            1 => any::<u64>().prop_map(Quantity::from_micros),
        ]
    };
    let window = || {
        prop_oneof![
            4 => (0..=120_u64).prop_map(Duration::from_secs),
            1 => duration(),
        ]
    };
    (
        dimension,
        option::of(quantity()),
        option::of(quantity()),
        option::of(window()),
        option::of(window()),
    )
        .prop_map(|(dimension, limit, remaining, resets_in, window)| {
            let quota = Quota::new(dimension);
            let quota = limit.map_or(quota, |limit| quota.with_limit(limit));
            let quota = remaining.map_or(quota, |remaining| quota.with_remaining(remaining));
            let quota = resets_in.map_or(quota, |resets_in| quota.with_resets_in(resets_in));
            window.map_or(quota, |window| quota.with_window(window))
        })
}
