//! Schedules: what they give, where they saturate, how they combine.

use std::time::Duration;

use forbear_core::backoff::{
    self, BackoffStrategy, Constant, Exponential, ExponentialDecay, Factor, Fibonacci, Linear,
    Ratio, Schedule, Steps, Uniform,
};
use forbear_core::spec::BackoffSpec;
use forbear_core::stop::{MaxAttempts, TotalWait};
use forbear_core::{Outcome, Retry, SplitMix64};
use serde_json::{Value, json};

use super::{Vector, at, delays, draws, list, millis, nanos, secs, until};

const SECOND: Duration = Duration::from_secs(1);
/// What delays saturate at.
const LONGEST: Duration = Duration::from_nanos(u64::MAX);

pub(super) fn keep(v: &Vector) -> bool {
    let n = v.inputs["n"].as_u64().unwrap_or_default() as usize;
    match v.name.as_str() {
        "litl.expo.base3factor5" | "litl.expo.base3" => {
            v.expect_secs(&delays(&exponential(v.secs("factor"), v.f64("base")), n));
        }
        "gorh.backoff" => {
            let backoff = exponential(v.secs("min_s"), 2.0).capped_at(v.secs("max_s"));
            v.expect_secs(&at(&backoff, &plus_one(&v.inputs["i"])));
        }
        "go_retry.exp.ns" => {
            let backoff = exponential(nanos(&v.inputs["base_ns"]), 2.0);
            v.expect(&delays(&backoff, n), &v.expected, nanos);
        }
        "finagle.exp" => {
            let backoff = exponential(millis(&v.inputs["start"]), v.f64("multiplier"));
            v.expect(&delays(&backoff, n), &v.expected, millis);
        }
        "tenacity.exp.min20" => {
            let backoff = exponential(SECOND, 2.0).at_least(v.secs("min"));
            v.expect_secs(&at(&backoff, &v.inputs["attempts"]));
        }
        "tenacity.exp.default" => {
            v.expect_secs(&at(&exponential(SECOND, 2.0), &v.inputs["attempts"]));
        }
        "tenacity.exp_jitter0_mult10" => {
            let backoff = exponential(v.secs("multiplier"), 2.0)
                .capped_at(v.secs("max"))
                .additive_jitter(v.secs("jitter"));
            v.expect_secs(&at(&backoff, &v.inputs["attempts"]));
        }
        "backon.exp.max2" | "backon.exp.min500ms" | "backon.exp.factor1.5" => {
            let backoff = exponential(v.secs("min_s"), v.f64("factor")).capped_at(v.secs("max_s"));
            v.expect_secs(&until(&backoff, &max_times(v)));
        }
        "failsafe_go.backoff" => {
            let backoff = exponential(v.secs("initial"), v.f64("factor")).capped_at(v.secs("max"));
            v.expect_secs(&delays(&backoff, 5));
        }
        "smithy.backoff_fn" => {
            for (case, expected) in list(&v.inputs["cases"]).iter().zip(list(&v.expected)) {
                let backoff = exponential(secs(&case["initial"]), 2.0).capped_at(20 * SECOND);
                v.expect(&at(&backoff, &plus_one(&case["n"])), expected, secs);
            }
        }
        "polly.exponential" => {
            let backoff = exponential(v.secs("delay_s"), 2.0);
            v.expect_secs(&at(&backoff, &plus_one(&v.inputs["attempts0"])));
        }
        "boto.v20_exp" => {
            let backoff = exponential(SECOND, 2.0).capped_at(20 * SECOND);
            v.expect_secs(&at(&backoff, &v.inputs["attempts"]));
        }
        "urllib3.backoff" => {
            let backoff = Constant::new(Duration::ZERO)
                .then(1, exponential(v.secs("factor").mul_f64(2.0), 2.0))
                .capped_at(120 * SECOND);
            // Errors count from 0, and the backoff after none is that after one.
            let counted = list(&v.inputs["errors"]).iter().map(|n| n.as_u64().unwrap().max(1));
            v.expect_secs(&at(&backoff, &counted.collect()));
        }
        "backon.exp.min_gt_max" => {
            let text = r#"{"kind": "exponential", "base": "5s", "max": "1s"}"#;
            let error = serde_json::from_str::<BackoffSpec>(text).unwrap().build().unwrap_err();
            assert_eq!(error.to_string(), "base is 5s, must be no longer than max");
            let capped = exponential(5 * SECOND, 2.0).capped_at(SECOND);
            assert_eq!(delays(&capped, 3), [SECOND; 3]);
        }
        "finagle.linear" | "finagle.linear.max" => {
            let max = v.inputs["max"].as_u64().map_or(Duration::MAX, Duration::from_millis);
            let linear = Linear::new(millis(&v.inputs["start"]), millis(&v.inputs["offset"]));
            v.expect(&delays(&linear.capped_at(max), n), &v.expected, millis);
        }
        "tenacity.random" => {
            let got = draws(&Uniform::new(v.secs("min"), v.secs("max")).unwrap(), 1, 1000);
            assert!(got[0] >= v.secs("min") && got[999] <= v.secs("max") && got[0] < got[999]);
        }
        "tenacity.combine.sum2" | "tenacity.combine.sum3" => {
            let random = Uniform::new(Duration::ZERO, 3 * SECOND).unwrap();
            let fixed = Constant::new(if v.name.ends_with('3') { SECOND } else { Duration::ZERO });
            let got = draws(&(fixed + random + Constant::new(5 * SECOND)), 1, 1000);
            assert!(got[0] >= secs(&v.expected["lo_incl"]) && got[0] < got[999]);
            assert!(got[999] <= secs(&v.expected["hi_excl"]));
        }
        "finagle.concat" => {
            let backoff = Steps::new()
                .step(3, Constant::new(SECOND))
                .step(2, Linear::new(2 * SECOND, SECOND))
                .step(3, Constant::new(7 * SECOND));
            v.expect_secs(&delays(&backoff.build().unwrap(), 8));
        }
        "tenacity.chain.run" => {
            let listed: Vec<_> = list(&v.inputs["chain_fixed"]).iter().map(secs).collect();
            let stop = MaxAttempts::new(v.u64("max_attempts") as u32).unwrap();
            let schedule = Schedule::new(listed).unwrap();
            v.expect_secs(&until(&schedule, &stop));
            v.expect_secs(&until(&schedule, &stop));
        }
        "backon.fib.6" => {
            v.expect_secs(&until(&Fibonacci::new(v.secs("unit_s")), &max_times(v)));
        }
        "litl.fibo" => v.expect_secs(&delays(&Fibonacci::new(v.secs("unit")), n)),
        "litl.fibo.max8" => {
            v.expect_secs(&delays(&Fibonacci::new(v.secs("unit")).capped_at(v.secs("max")), n));
        }
        "backon.fib.cap_respected" => {
            let backoff = Fibonacci::new(v.secs("unit_s")).capped_at(v.secs("max_s"));
            v.expect_secs(&delays(&backoff, 9));
        }
        // Another convention, which has a name of its own here.
        "go_retry.fib" => {
            let backoff = Fibonacci::distinct(nanos(&v.inputs["base_ns"]));
            v.expect(&delays(&backoff, n), &v.expected, nanos);
        }
        "backon.fib.jitter_no_panic" => {
            let backoff = Fibonacci::new(v.secs("unit_s"));
            delays(&backoff.full_jitter(), 200);
            delays(&backoff.upward_jitter(Ratio::ONE), 200);
            assert_eq!(delays(&backoff, 200)[199], LONGEST);
        }
        "litl.decay" => {
            for (case, expected) in list(&v.inputs["cases"]).iter().zip(list(&v.expected)) {
                let decay = case["decay"].as_f64().unwrap();
                let min = case["min"].as_f64().map_or(Duration::ZERO, Duration::from_secs_f64);
                let backoff = ExponentialDecay::new(secs(&case["initial"]), decay).unwrap();
                v.expect(&delays(&backoff.at_least(min), 10), expected, secs);
            }
        }
        "backon.exp.saturates" => {
            let backoff = exponential(v.secs("min_s"), 8e9);
            let got = until(&backoff, &max_times(v));
            assert_eq!(got, [SECOND, Duration::from_secs(8_000_000_000), LONGEST, LONGEST]);
        }
        "tokio_retry.saturates" => {
            let base = Duration::from_millis(v.u64("base_ms"));
            assert_eq!(delays(&exponential(base, 1.0), n), [LONGEST; 3]);
        }
        "backon.exp.max_6e10" => {
            // Ten times the longest delay that is counted here, on both sides.
            let backoff = exponential(v.secs("min_s"), 8e9).capped_at(v.secs("max_s"));
            let got = until(&backoff, &max_times(v));
            assert_eq!(got, [v.secs("min_s"), LONGEST, LONGEST]);
        }
        "polly.overflow" => {
            let day = 86_400 * SECOND;
            let attempt = json!([v.u64("attempt0") + 1]);
            assert_eq!(at(&exponential(day, 2.0), &attempt), [LONGEST]);
            assert_eq!(at(&exponential(day, 2.0).capped_at(2 * day), &attempt), [2 * day]);
        }
        "go_retry.exp.overflow" => {
            // Nanoseconds are unsigned here, so there is one doubling more.
            let got = delays(&exponential(nanos(&v.inputs["base_ns"]), 2.0), n);
            for (got, expected) in got.iter().zip(list(&v.expected)) {
                assert_eq!(*got.min(&Duration::from_nanos(i64::MAX as u64)), nanos(expected));
            }
            assert_eq!(got[9], LONGEST);
        }
        "tokio_retry.base2x1000" => {
            let base = millis(&v.inputs["base_ms"]) * v.u64("factor") as u32;
            v.expect(&delays(&exponential(base, 2.0), n), &v.expected, millis);
        }
        "tokio_retry.max" => {
            for (case, expected) in list(&v.inputs["cases"]).iter().zip(list(&v.expected)) {
                let (base, n) = (case["base_ms"].as_u64().unwrap(), case["n"].as_u64().unwrap());
                let backoff = exponential(Duration::from_millis(base), base as f64);
                let backoff = backoff.capped_at(millis(&case["max_ms"]));
                v.expect(&delays(&backoff, n as usize), expected, millis);
            }
        }
        "polly.max" => {
            let (base, max) = (v.secs("base_s"), v.secs("max_s"));
            let number = json!([v.u64("attempt0") + 1]);
            let kinds: [&dyn BackoffStrategy; 3] = [
                &Constant::new(base).capped_at(max),
                &Linear::new(base, base).capped_at(max),
                &exponential(base, 2.0).capped_at(max),
            ];
            for kind in kinds {
                v.expect_secs_each(&at(kind, &number));
                // Jittered, it is below the cap and not at it, so as to have spread.
                assert!(at(&kind.proportional_jitter(Ratio::HALF), &number)[0] <= max);
            }
        }
        "tenacity.wait_from_error" => {
            let backoff = backoff::from_fn(|retry| match retry.outcome {
                Outcome::Transient => Duration::from_millis(3500),
                _ => 10 * SECOND,
            });
            let after = |outcome| {
                let retry = Retry { outcome, ..Retry::nth(1) };
                backoff.delay(&retry, &mut SplitMix64::new(0))
            };
            v.expect_secs(&[after(Outcome::Transient), after(Outcome::Permanent)]);
        }
        "retry_policies.max_n_24h" => {
            let backoff = exponential(v.secs("min_s"), v.f64("base")).capped_at(v.secs("max_s"));
            let retries = until(&backoff, &TotalWait::new(v.secs("total_s")));
            assert_eq!(json!(retries.len()), v.expected);
        }
        "retry_policies.zero_min_build" => {
            // No conversion from a time to a number of attempts exists here; what
            // would never reach the time is refused where it is read.
            let text = r#"{"kind": "exponential", "base": "0s", "max": "1s"}"#;
            assert!(serde_json::from_str::<BackoffSpec>(text).unwrap().build().is_err());
        }
        "r4j.invalid" => {
            for factor in list(&v.inputs["factors"]) {
                assert!(Ratio::new(factor.as_f64().unwrap()).is_err());
            }
            assert!(MaxAttempts::new(v.u64("attempt") as u32).is_err());
        }
        _ => return false,
    }
    true
}

impl Vector {
    /// Asserts that every delay is the one that is expected.
    #[track_caller]
    fn expect_secs_each(&self, got: &[Duration]) {
        assert!(got.iter().all(|got| *got == secs(&self.expected)), "{}: {got:?}", self.name);
    }
}

fn exponential(base: Duration, factor: f64) -> Exponential {
    Exponential::new(base).by(Factor::new(factor).unwrap())
}

/// As many retries, and the first send.
fn max_times(v: &Vector) -> MaxAttempts {
    MaxAttempts::new(v.u64("max_times") as u32 + 1).unwrap()
}

fn plus_one(numbers: &Value) -> Value {
    list(numbers).iter().map(|number| number.as_u64().unwrap() + 1).collect()
}
