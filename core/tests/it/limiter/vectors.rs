//! Vectors of other limiters' test-suites, by algorithm.
//!
//! `tests/data/README.md` names the sources. A group is either run here or listed
//! in [`LEFT_OUT`] with the reason; so is a single vector of a group that is run.

mod adaptive;
mod buckets;
mod several;
mod windows;

use std::time::Duration;

use forbear_core::{Cost, Decision, Dimension, Limiter, Timestamp};
use serde_json::Value;

/// Groups that are not run, and why.
const LEFT_OUT: [(&str, &str); 5] = [
    (
        "aligned_window_initial_tokens",
        "a bucket that is refilled at a stroke with more or less than it holds is no rule of any \
         server that we know; FixedWindow refills what it holds",
    ),
    ("exp_avg", "is run where it is private, in limiter/adaptive/average.rs"),
    ("sample_window_percentile", "a round is averaged; the laws are not given percentiles"),
    ("scheduler", "is about the queue in front of the limiters"),
    ("server_headers", "is about scopes, for each of which there is a limiter of its own"),
];

/// Vectors of groups that are run which are not, and why.
const EXCEPTIONS: [(&str, &str); 6] = [
    ("aws_bucket_min_rate", "the floor of Cubic is half a unit a second, not a parameter"),
    ("bucket4j_half_max_period", "a count of units has 32 bits"),
    ("bucket4j_reconfig_as_is", "is run by name, since its steps are words"),
    ("own_no_quadratic_wakeups", "is about the driver's line, and is run there"),
    (
        "xrate_set_burst_while_reserved",
        "its clock goes back behind a refill that x/time/rate then pays out twice",
    ),
    ("xrate_reserve_jump_back", "pays out a refill twice when the clock goes back"),
];

fn run(group: &str, vector: &Value) {
    match group {
        "aimd" | "vegas" | "gradient2" | "cubic" | "sample_window_average" => {
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
    let (mut run_through, mut left_out) = (0, 0);
    for vector in file["vectors"].as_array().unwrap() {
        let (group, name) = (text(&vector["algorithm"]), text(&vector["name"]));
        let is_left_out = LEFT_OUT.iter().any(|&(left, _)| left == group);
        if is_left_out || EXCEPTIONS.iter().any(|&(left, _)| left == name) {
            left_out += 1;
            continue;
        }
        println!("{group}: {name}");
        run(group, vector);
        run_through += 1;
    }
    assert_eq!((run_through, left_out), (76, 19));
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
fn opens_at(limiter: &dyn Limiter, now: Timestamp, units: u32) -> Option<Timestamp> {
    match limiter.check(now, &requests(units)) {
        Decision::Admit => Some(now),
        Decision::WaitUntil(time) => Some(time),
        Decision::WaitForCompletion | Decision::Refuse(_) => None,
    }
}
