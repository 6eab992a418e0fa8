//! When calls end: attempts, times, and both.

use std::time::Duration;

use forbear_core::backoff::{Constant, Exponential, Factor};
use forbear_core::stop::{Deadline, Elapsed, MaxAttempts, StopCondition, TotalWait};
use forbear_core::{
    Action, Call, Cost, Engine, Observation, Outcome, Retry, SplitMix64, Timestamp,
};
use serde_json::json;

use super::{Vector, list, millis, secs, until};

const SECOND: Duration = Duration::from_secs(1);

pub(super) fn keep(v: &Vector) -> bool {
    match v.name.as_str() {
        "tenacity.stop.all" => {
            let stop = Elapsed::new(SECOND).unwrap() & attempts(4);
            for (row, expected) in v.rows() {
                let retry = at(row[0].as_u64().unwrap(), secs(&row[1]));
                assert_eq!(json!(stop.stop(&retry, Duration::ZERO).is_some()), *expected);
            }
        }
        "retry_policies.combo" => {
            // Their number counts past retries, ours sends.
            let stop = Deadline::new(v.secs("total_s")).unwrap() | attempts(v.u64("max_n") + 1);
            for (row, expected) in v.rows() {
                let retry = at(row[1].as_u64().unwrap() + 1, secs(&row[0]));
                assert_eq!(json!(stop.stop(&retry, Duration::ZERO).is_none()), *expected);
            }
        }
        "retry_policies.total_gate" => {
            let stop = Elapsed::new(Duration::from_secs(v.u64("total_h") * 3600)).unwrap();
            for (hours, expected) in list(&v.inputs["elapsed_h"]).iter().zip(list(&v.expected)) {
                let retry = at(1, Duration::from_secs(hours.as_u64().unwrap() * 3600));
                assert_eq!(json!(stop.stop(&retry, Duration::ZERO).is_none()), *expected);
            }
        }
        "grpc.unary_count" => {
            let outcome = |call| match call {
                0 | 2 | 5 => Outcome::Success,
                6 | 8 | 11 => Outcome::Permanent,
                _ => Outcome::Transient,
            };
            let mut calls = 0;
            for expected in list(&v.expected) {
                let last = run(attempts(v.u64("max_attempts")), |_| {
                    calls += 1;
                    Observation::new(outcome(calls - 1))
                });
                assert_eq!(json!(calls - 1), expected[1]);
                let code = match last.0 {
                    Outcome::Success => "OK",
                    Outcome::Permanent => "INTERNAL",
                    _ => "ALREADY_EXISTS",
                };
                assert_eq!(code, expected[0]);
            }
        }
        "backon.exp.unbounded_times" => {
            let backoff = Exponential::new(v.secs("min_s")).by(Factor::new(1.0).unwrap());
            let got = super::delays(&backoff, v.u64("n") as usize);
            assert!(got.len() == 10_000 && got.iter().all(|delay| *delay == secs(&v.expected)));
        }
        // A last wait that is cut short is an attempt that came too early; the call
        // ends before it instead, as in backon and cenkalti/backoff.
        "litl.max_time_clamp" => {
            for row in list(&v.inputs["rows"]) {
                let stop = Deadline::new(secs(&row[1])).unwrap();
                let (wait, elapsed) = (secs(&row[0]), secs(&row[2]));
                let stops = stop.stop(&at(1, elapsed), wait).is_some();
                assert_eq!(stops, elapsed + wait >= secs(&row[1]));
            }
        }
        "ihrwein.would_exceed" => {
            let stop = Deadline::new(millis(&v.inputs["max_elapsed_ms"])).unwrap();
            let retry = at(1, millis(&v.inputs["elapsed_ms"]));
            assert!(stop.stop(&retry, millis(&v.inputs["current_ms"]) / 2).is_some());
        }
        "retry_policies.sleep_past_total" => {
            let stop = Deadline::new(v.secs("total_s")).unwrap();
            assert!(stop.stop(&at(1, v.secs("elapsed_s")), v.secs("delay_s")).is_some());
        }
        "backon.exp.total_delay3" => {
            let stop = TotalWait::new(v.secs("total_s")) | attempts(v.u64("max_times") + 1);
            v.expect_secs(&until(&Constant::new(v.secs("min_s")), &stop));
        }
        "backon.adjust_exhausted" => {
            let hinted = Observation::throttled(Some(v.secs("hint_s")));
            let (_, sends) = run(attempts(v.u64("max_retries") + 1), |_| hinted);
            assert_eq!(json!(sends), v.expected["attempts"]);
        }
        _ => return false,
    }
    true
}

fn attempts(max: u64) -> MaxAttempts {
    MaxAttempts::new(u32::try_from(max).unwrap()).unwrap()
}

/// The `number`th retry, this long after the start.
fn at(number: u64, elapsed: Duration) -> Retry {
    Retry { elapsed, ..Retry::nth(u32::try_from(number).unwrap()) }
}

/// Drives one call to its end, and returns how it ended and how often it was sent.
fn run(stop: MaxAttempts, mut answer: impl FnMut(u32) -> Observation) -> (Outcome, u32) {
    let limiter = forbear_core::limiter::Concurrency::new(1).unwrap();
    let backoff = Constant::new(SECOND);
    let mut engine = Engine::new(limiter, backoff, stop, SplitMix64::new(1));
    let (mut now, mut last) = (Timestamp::ZERO, Outcome::Ignored);
    let mut call = Call::new(now, Cost::REQUEST);
    loop {
        match engine.poll(now, &mut call) {
            Action::Send => {
                let seen = answer(call.sends());
                last = seen.outcome;
                engine.complete(now, &mut call, &seen);
            }
            Action::SleepUntil(time, _) => now = time,
            Action::Park { .. } => unreachable!("one call alone waits for no other"),
            Action::Finish(_) => return (last, call.sends()),
        }
    }
}
