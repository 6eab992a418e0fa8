use std::sync::Arc;
use std::time::Duration;

use forbear_core::backoff::{
    self, BackoffStrategy, Constant, DecorrelatedJitter, DecorrelatedJitterV2, Exponential,
    ExponentialDecay, Factor, Fibonacci, Linear, Polynomial, Ratio, Schedule, Steps, Uniform,
};
use forbear_core::testkit::{any, laws};
use forbear_core::{Outcome, Policy, Retry};
use proptest::prelude::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::backoff_file::{self, ALL};
use crate::support::ms;

const SECOND: Duration = Duration::from_secs(1);

/// Runs the laws on each expression, made anew each time.
macro_rules! keep_the_laws {
    ($($strategy:expr),* $(,)?) => {$( laws::backoff(|| $strategy); )*};
}

/// Runs the laws on schedules that grow.
macro_rules! keep_growing {
    ($($strategy:expr),* $(,)?) => {$(
        laws::backoff(|| $strategy);
        laws::growing_backoff(|| $strategy);
    )*};
}

fn factor(factor: f64) -> Factor {
    Factor::new(factor).unwrap()
}

fn ratio(ratio: f64) -> Ratio {
    Ratio::new(ratio).unwrap()
}

fn doubling() -> Exponential {
    Exponential::new(SECOND)
}

#[test]
fn schedules_keep_the_laws() {
    keep_growing![
        Constant::new(Duration::ZERO),
        Constant::new(SECOND),
        Constant::new(Duration::MAX),
        Linear::new(SECOND, ms(250)),
        Linear::new(Duration::ZERO, Duration::MAX),
        doubling(),
        doubling().by(factor(1.0)),
        doubling().by(factor(1.1)),
        doubling().by(factor(3.0)),
        doubling().by(factor(8e9)),
        Exponential::new(Duration::from_nanos(1)),
        Exponential::new(Duration::MAX),
        Fibonacci::new(SECOND),
        Fibonacci::distinct(SECOND),
        Fibonacci::new(Duration::MAX),
        Polynomial::new(SECOND, 0),
        Polynomial::new(SECOND, 2),
        Polynomial::new(SECOND, u32::MAX),
        Schedule::new([1, 5, 30].map(Duration::from_secs)).unwrap(),
        backoff::from_fn(|retry: &Retry| ms(u64::from(retry.number.get()))),
    ];
    keep_the_laws![
        ExponentialDecay::new(SECOND, 1.0).unwrap(),
        ExponentialDecay::new(Duration::MAX, 0.0).unwrap(),
        ExponentialDecay::new(Duration::MAX, 8.9e9).unwrap(),
        doubling().by(factor(0.5)),
        Schedule::new([SECOND, Duration::ZERO]).unwrap(),
        backoff::from_fn(|retry: &Retry| match retry.outcome {
            Outcome::Throttled(_) => SECOND,
            _ => ms(50),
        }),
    ];
}

#[test]
fn jitters_keep_the_laws_under_a_cap_and_without() {
    let capped = || doubling().capped_at(60 * SECOND);
    let clamped = || doubling().at_least(2 * SECOND).capped_at(60 * SECOND);
    macro_rules! each_jitter {
        ($($inner:expr),*) => {$( keep_growing![
            $inner.full_jitter(),
            $inner.equal_jitter(),
            $inner.proportional_jitter(ratio(0.25)),
            $inner.proportional_jitter(Ratio::ONE),
            $inner.upward_jitter(ratio(0.99)),
            $inner.absolute_jitter(ms(500)),
            $inner.absolute_jitter(Duration::MAX),
            $inner.additive_jitter(ms(500)),
            $inner.additive_jitter(100 * SECOND),
            $inner.additive_jitter(Duration::MAX),
            $inner.bounded_jitter(ms(500)),
        ]; )*};
    }
    each_jitter![doubling(), capped(), clamped(), Constant::new(SECOND)];
    keep_the_laws![
        Uniform::new(SECOND, 20 * SECOND).unwrap(),
        Uniform::new(Duration::ZERO, Duration::MAX).unwrap(),
        DecorrelatedJitter::new(SECOND, 60 * SECOND).unwrap(),
        DecorrelatedJitter::new(Duration::from_nanos(1), Duration::MAX).unwrap(),
        DecorrelatedJitterV2::new(SECOND, 60 * SECOND).unwrap(),
        DecorrelatedJitterV2::new(SECOND, Duration::MAX).unwrap(),
        DecorrelatedJitterV2::new(Duration::MAX, Duration::MAX).unwrap(),
    ];
}

#[test]
fn combinations_keep_the_laws() {
    let jittered = || doubling().capped_at(60 * SECOND).full_jitter();
    keep_growing![
        doubling().capped_at(SECOND),
        doubling().at_least(3 * SECOND),
        Constant::new(Duration::MAX) + Constant::new(SECOND),
        Constant::new(SECOND) + jittered(),
        Constant::new(SECOND).then(3, doubling()),
        Constant::new(Duration::ZERO).then(u32::MAX, doubling()),
        doubling().floored_by_hint(),
        doubling().unless_hinted(),
        jittered().additive_jitter(SECOND),
        Box::new(doubling()),
        Arc::new(jittered()) as Arc<dyn BackoffStrategy>,
        Arc::clone(Policy::recommended().backoff()),
    ];
    keep_the_laws![
        jittered().then(2, Constant::new(SECOND)),
        Constant::new(SECOND).then(0, jittered()),
        Steps::new().step(0, doubling()).step(2, jittered()).step(1, doubling()).build().unwrap(),
        Steps::new().step(u32::MAX, doubling()).step(u32::MAX, doubling()).build().unwrap(),
        Uniform::new(SECOND, 2 * SECOND).unwrap().floored_by_hint(),
        jittered().unless_hinted(),
    ];
}

#[test]
fn the_hint_is_a_floor_for_those_who_say_so() {
    laws::hint_floor(|| doubling().floored_by_hint());
    laws::hint_floor(|| doubling().capped_at(SECOND).full_jitter().floored_by_hint());
    laws::hint_floor(|| doubling().unless_hinted());
}

#[test]
fn strategies_of_the_policy_file_keep_the_laws() {
    for text in ALL {
        let spec = backoff_file::read(text).unwrap();
        laws::backoff(|| spec.build().unwrap());
    }
}

/// Any composition, up to five deep.
fn composition() -> impl Strategy<Value = Arc<dyn BackoffStrategy>> {
    type Any = Arc<dyn BackoffStrategy>;
    let leaf = (any::duration(), any::duration(), 0_u32..=5, 0.001..4.0_f64).prop_map(
        |(base, step, kind, number)| -> Any {
            match kind {
                0 => Arc::new(Constant::new(base)),
                1 => Arc::new(Linear::new(base, step)),
                2 => Arc::new(Exponential::new(base).by(factor(number))),
                3 => Arc::new(Fibonacci::new(base)),
                4 => Arc::new(ExponentialDecay::new(base, number).unwrap()),
                _ => Uniform::new(base, step).map_or_else(
                    |_| Arc::new(Polynomial::new(base, 3)) as Any,
                    |uniform| Arc::new(uniform),
                ),
            }
        },
    );
    leaf.prop_recursive(5, 16, 2, |inner| {
        (inner.clone(), inner, any::duration(), 0_u32..=9, 0.01..=1.0_f64).prop_map(
            |(a, b, time, kind, share)| -> Any {
                match kind {
                    0 => Arc::new(a.plus(b)),
                    1 => Arc::new(a.then(3, b)),
                    2 => Arc::new(a.capped_at(time)),
                    3 => Arc::new(a.at_least(time)),
                    4 => Arc::new(a.full_jitter()),
                    5 => Arc::new(a.equal_jitter()),
                    6 => Arc::new(a.proportional_jitter(ratio(share))),
                    7 => Arc::new(a.additive_jitter(time)),
                    8 => Arc::new(a.floored_by_hint()),
                    _ => Arc::new(a.unless_hinted()),
                }
            },
        )
    })
}

#[test]
fn no_composition_panics_or_leaves_its_limits() {
    let config = Config { cases: 10_000, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::XorShift, &[7; 16]);
    let arguments = (composition(), any::retry(), proptest::num::u64::ANY);
    TestRunner::new_with_rng(config, rng)
        .run(&arguments, |(strategy, retry, seed)| {
            let delay = strategy.delay(&retry, &mut forbear_core::SplitMix64::new(seed));
            let limits = strategy.limits(&retry);
            proptest::prop_assert!(limits.min <= delay && delay <= limits.max);
            Ok(())
        })
        .unwrap();
}
