#![allow(clippy::float_arithmetic, reason = "expected values are written in seconds")]

mod adaptive;
mod budgets;
mod hints;
mod jitters;
mod stops;
mod waits;

use std::time::Duration;

use forbear_core::backoff::{BackoffStrategy, Delays};
use forbear_core::stop::StopCondition;
use forbear_core::{Entropy, Retry, SplitMix64};
use serde_json::Value;

/// Families that belong to forbear-http, whose tests run them
/// (`http-adapter/tests/it/retry_vectors.rs`).
const ELSEWHERE: [&str; 8] = [
    "body_replay.regression",
    "classification",
    "idempotency",
    "parse.retry_after",
    "parse.retry_after.regression",
    "retry_scope.regression",
    "server_hint.pushback",
    "server_hint.status_gate",
];

/// One vector of the file.
#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    family: String,
    tolerance: f64,
    inputs: Value,
    expected: Value,
}

#[test]
fn every_vector_is_kept_or_has_a_reason_not_to_be() {
    #[derive(serde::Deserialize)]
    struct File {
        vectors: Vec<Vector>,
    }
    let text = include_str!("../data/retry_vectors.json");
    let file: File = serde_json::from_str(text).unwrap();
    let mut kept = 0;
    for vector in &file.vectors {
        if ELSEWHERE.contains(&vector.family.as_str()) {
            continue;
        }
        let known = waits::keep(vector)
            || adaptive::keep(vector)
            || jitters::keep(vector)
            || stops::keep(vector)
            || budgets::keep(vector)
            || hints::keep(vector);
        assert!(known, "no test for {} of family {}", vector.name, vector.family);
        kept += 1;
    }
    assert_eq!((kept, file.vectors.len()), (112, 123));
}

impl Vector {
    /// A number of the inputs.
    fn f64(&self, key: &str) -> f64 {
        self.inputs[key].as_f64().unwrap_or_else(|| panic!("{}: no number {key}", self.name))
    }

    /// A whole number of the inputs.
    fn u64(&self, key: &str) -> u64 {
        self.inputs[key].as_u64().unwrap_or_else(|| panic!("{}: no number {key}", self.name))
    }

    /// Seconds of the inputs.
    fn secs(&self, key: &str) -> Duration {
        secs(&self.inputs[key])
    }

    fn rows(&self) -> impl Iterator<Item = (&Value, &Value)> {
        list(&self.inputs["rows"]).iter().zip(list(&self.expected))
    }

    /// Asserts that `got` is what is expected, in seconds, up to a `null`.
    #[track_caller]
    fn expect_secs(&self, got: &[Duration]) {
        self.expect(got, &self.expected, secs);
    }

    /// The same in another unit.
    #[track_caller]
    fn expect(&self, got: &[Duration], expected: &Value, unit: fn(&Value) -> Duration) {
        let expected: Vec<_> =
            list(expected).iter().take_while(|value| !value.is_null()).map(unit).collect();
        assert_eq!(got.len(), expected.len(), "{}: {got:?}", self.name);
        for (got, expected) in got.iter().zip(&expected) {
            // Delays are whole nanoseconds, whatever the tolerance of floats.
            let near = Duration::from_secs_f64(self.tolerance).max(Duration::from_nanos(1));
            assert!(got.abs_diff(*expected) <= near, "{}: {got:?} {expected:?}", self.name);
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn secs(value: &Value) -> Duration {
    Duration::from_secs_f64(value.as_f64().unwrap())
}

fn millis(value: &Value) -> Duration {
    Duration::from_millis(value.as_u64().unwrap())
}

fn nanos(value: &Value) -> Duration {
    Duration::from_nanos(value.as_u64().unwrap())
}

/// The first `count` delays.
fn delays(strategy: &dyn BackoffStrategy, count: usize) -> Vec<Duration> {
    Delays::new(strategy, &mut SplitMix64::new(1)).take(count).collect()
}

/// The delay before each of these retries.
fn at(strategy: &dyn BackoffStrategy, numbers: &Value) -> Vec<Duration> {
    let delay = |number: &Value| {
        let retry = Retry::nth(u32::try_from(number.as_u64().unwrap()).unwrap());
        strategy.delay(&retry, &mut SplitMix64::new(1))
    };
    list(numbers).iter().map(delay).collect()
}

/// The delays of a call whose attempts take no time and all fail.
fn until(strategy: &dyn BackoffStrategy, stop: &dyn StopCondition) -> Vec<Duration> {
    let mut retry = Retry::nth(1);
    let mut delays = Vec::new();
    loop {
        let delay = strategy.delay(&retry, &mut SplitMix64::new(1));
        if stop.stop(&retry, delay).is_some() {
            return delays;
        }
        delays.push(delay);
        retry = retry.after(delay);
    }
}

/// The delays that a strategy draws before retry `number`, sorted.
fn draws(strategy: &dyn BackoffStrategy, number: u32, count: u64) -> Vec<Duration> {
    let draw = |seed| strategy.delay(&Retry::nth(number), &mut SplitMix64::new(seed));
    let mut delays: Vec<_> = (0..count).map(draw).collect();
    delays.sort();
    delays
}

/// Entropy of one word, which stands for a draw from 0 to 1.
#[derive(Debug)]
struct Drawn(u64);

impl Drawn {
    fn new(share: f64) -> Self {
        Self((share * 18_446_744_073_709_551_616.0) as u64)
    }
}

impl Entropy for Drawn {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
}
