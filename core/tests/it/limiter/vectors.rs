//! Vectors of other limiters' test-suites, by algorithm.
//!
//! `tests/data/README.md` names the sources. A vector is either run here or listed
//! in [`LEFT_OUT`] with the reason.

mod adaptive;
mod buckets;
mod peers;
mod several;
mod waiting;
mod windows;

pub(crate) use self::buckets::floor_of_a_rate;

use std::time::Duration;

use forbear_core::{Cost, Decision, Dimension, Limiter, Timestamp};
use serde_json::Value;

/// Vectors that are not run here, and why. Where this file of vectors has no mark for
/// it, these are the ones not to adopt.
const LEFT_OUT: [(&str, &str); 2] = [
    ("bucket4j_half_max_period", "not to adopt: a count of units has 32 bits"),
    ("netflix_exp_avg_warmup", "is run where it is private, in limiter/adaptive/average.rs"),
];

fn run(group: &str, vector: &Value) {
    match group {
        "aimd"
        | "vegas"
        | "gradient2"
        | "cubic"
        | "sample_window_average"
        | "sample_window_percentile" => {
            adaptive::run(group, vector);
        }
        "gcra"
        | "gcra_with_headers"
        | "token_bucket"
        | "token_bucket_greedy_integer"
        | "token_bucket_reservation"
        | "token_bucket_wait"
        | "debt_settle"
        | "refund_clamped"
        | "rate_from_interval"
        | "reconfigure"
        | "wait_with_timeout"
        | "waiters" => {
            buckets::run(group, vector);
        }
        "aligned_window_initial_tokens" | "scheduler" | "server_headers" => {
            peers::run(group, vector);
        }
        "leaky_paced" | "smooth_rate" | "multi_limit" | "multi_limit_wait" => {
            several::run(group, vector);
        }
        "fixed_cycle" | "fixed_window" | "token_bucket_interval" | "window_guarantee" => {
            windows::run(group, vector);
        }
        _ => panic!("no runner for the group {group}"),
    }
}

#[test]
fn every_vector_is_run_or_left_out_for_a_reason() {
    let file: Value =
        serde_json::from_str(include_str!("../../data/limiter_vectors.json")).unwrap();
    let (mut run_through, mut left_out, mut broken) = (0, 0, Vec::new());
    for vector in file["vectors"].as_array().unwrap() {
        let (group, name) = (text(&vector["algorithm"]), text(&vector["name"]));
        if LEFT_OUT.iter().any(|&(left, _)| left == name) {
            left_out += 1;
            continue;
        }
        // A panic says what is wrong with one; the others are run all the same.
        if std::panic::catch_unwind(|| run(group, vector)).is_err() {
            broken.push(name);
        }
        run_through += 1;
    }
    assert!(broken.is_empty(), "{broken:?}");
    assert_eq!((run_through, left_out), (93, 2));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no whole number"))
}

fn units(value: &Value) -> u32 {
    u32::try_from(number(value)).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

fn requests(units: u32) -> Cost {
    Cost::ZERO.with(Dimension::Requests, units)
}

fn millis(value: &Value) -> Timestamp {
    Timestamp::ZERO.after(Duration::from_millis(number(value)))
}

/// When `limiter` admits `units` that ask at `now`; `None` for never.
pub(crate) fn opens_at(limiter: &dyn Limiter, now: Timestamp, units: u32) -> Option<Timestamp> {
    match limiter.check(now, &requests(units)) {
        Decision::Admit => Some(now),
        Decision::WaitUntil(time) => Some(time),
        Decision::WaitForCompletion | Decision::Refuse(_) => None,
    }
}
