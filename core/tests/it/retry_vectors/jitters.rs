//! Jitters: their ranges, their means, and that they have spread.

use std::time::Duration;

use forbear_core::backoff::{
    BackoffStrategy, Constant, DecorrelatedJitter, DecorrelatedJitterV2, Delays, Exponential,
    Linear, Ratio, Uniform,
};
use forbear_core::{Retry, SplitMix64};

use super::{Drawn, Vector, draws, list, millis, secs};

const SECOND: Duration = Duration::from_secs(1);

pub(super) fn keep(v: &Vector) -> bool {
    match v.name.as_str() {
        "boto.uniform" => {
            let count = v.u64("draws");
            let backoff = Exponential::new(SECOND).capped_at(v.secs("max")).full_jitter();
            let got = draws(&backoff, v.u64("attempt") as u32, count);
            let mut histogram = [0_u32; 20];
            for delay in &got {
                histogram[(delay.as_secs() as usize).min(19)] += 1;
            }
            let even = count as f64 / 20.0;
            let tolerance = even * v.expected["hist_tol"].as_f64().unwrap();
            assert!(histogram.iter().all(|n| (f64::from(*n) - even).abs() <= tolerance));
        }
        "tenacity.full_jitter.means" => {
            let backoff = Exponential::new(v.secs("multiplier")).capped_at(v.secs("max"));
            let expected = list(&v.expected["mean"]).iter().zip(list(&v.expected["abs_tol"]));
            for (number, (mean, tolerance)) in (1..).zip(expected) {
                let got = draws(&backoff.full_jitter(), number, v.u64("draws"));
                let got = got.iter().sum::<Duration>() / got.len() as u32;
                assert!(got.abs_diff(secs(mean)) <= secs(tolerance), "{number}: {got:?}");
            }
        }
        "litl.full_jitter" => {
            for value in list(&v.inputs["values"]) {
                let got = draws(&Constant::new(secs(value)).full_jitter(), 1, v.u64("draws"));
                assert!(got[got.len() - 1] <= secs(value));
            }
        }
        "tenacity.exp_plus_jitter.min" => {
            let backoff = Exponential::new(v.secs("multiplier"))
                .capped_at(v.secs("max"))
                .additive_jitter(v.secs("jitter"))
                .at_least(v.secs("min"));
            let range = list(&v.expected["lo"]).iter().zip(list(&v.expected["hi"]));
            for (number, (low, high)) in (1..).zip(range) {
                let got = draws(&backoff, number, 1000);
                assert!(got[0] >= secs(low) && got[999] <= secs(high), "{number}");
            }
        }
        // `d + U(0, d)`, by a name that says so.
        "backon.exp.jitter_ranges" => {
            let backoff = Exponential::new(v.secs("min_s")).upward_jitter(Ratio::ONE);
            let range = list(&v.expected["lo_incl"]).iter().zip(list(&v.expected["hi_excl"]));
            for (number, (low, high)) in (1..).zip(range) {
                let got = draws(&backoff, number, 1000);
                assert!(got[0] >= secs(low) && got[999] <= secs(high), "{number}");
            }
        }
        "backon.exp.jitter_never_exceeds_max" => {
            let max = secs(&v.expected["hi_incl"]);
            let capped = Exponential::new(v.secs("min_s")).capped_at(v.secs("max_s"));
            for number in 1..=v.u64("max_times") as u32 {
                for seed in 0..v.u64("seeds") {
                    let retry = Retry::nth(number);
                    let delay = |backoff: &dyn BackoffStrategy| {
                        backoff.delay(&retry, &mut SplitMix64::new(seed))
                    };
                    assert!(delay(&capped.upward_jitter(Ratio::ONE)) <= max);
                    assert!(delay(&capped.additive_jitter(10 * SECOND)) <= max);
                }
            }
        }
        // The lower end is chosen by name here; theirs is half the minimum.
        "retry_policies.bounded_jitter" => {
            let (low, high) = (secs(&v.expected["lo"]), secs(&v.expected["hi"]));
            let got = draws(&Constant::new(v.secs("interval_s")).bounded_jitter(low), 1, 1000);
            assert!(low <= got[0] && got[999] <= high && got[0] < got[999]);
        }
        "failsafe.factor" => {
            for (row, expected) in v.rows() {
                let ratio = Ratio::new(row[1].as_f64().unwrap()).unwrap();
                let backoff = Constant::new(millis(&row[0])).proportional_jitter(ratio);
                near(mirrored(&backoff, row[2].as_f64().unwrap()), millis(expected));
            }
        }
        "failsafe.abs" => {
            for (row, expected) in v.rows() {
                let backoff = Constant::new(millis(&row[0])).absolute_jitter(millis(&row[1]));
                near(mirrored(&backoff, row[2].as_f64().unwrap()), millis(expected));
            }
        }
        "failsafe.range" => {
            for (row, expected) in v.rows() {
                let backoff = Uniform::new(millis(&row[0]), millis(&row[1])).unwrap();
                near(drawn(&backoff, 1, row[2].as_f64().unwrap()), millis(expected));
            }
        }
        "r4j.randomized" => {
            let ratio = Ratio::new(v.f64("factor")).unwrap();
            let interval = millis(&v.inputs["interval_ms"]);
            let got = draws(&Constant::new(interval).proportional_jitter(ratio), 1, 49);
            assert!(millis(&v.expected["lo"]) <= got[0] && got[48] <= millis(&v.expected["hi"]));
        }
        "polly.linear_jitter" => {
            let backoff = Linear::new(v.secs("delay_s"), v.secs("delay_s"))
                .proportional_jitter(Ratio::new(0.25).unwrap());
            let number = v.u64("attempt0") as u32 + 1;
            let at = |share: &serde_json::Value| drawn(&backoff, number, share.as_f64().unwrap());
            let got: Vec<_> = list(&v.inputs["random"]).iter().map(at).collect();
            v.expect_secs(&got);
        }
        "finagle.decorrelated" => {
            for start in (1..=1000).step_by(37) {
                let (start, max) = (Duration::from_millis(start), Duration::from_millis(2 * start));
                let backoff = DecorrelatedJitter::new(start, max).unwrap();
                let mut entropy = SplitMix64::new(7);
                let got: Vec<_> = Delays::new(&backoff, &mut entropy).take(50).collect();
                assert!(got.iter().all(|delay| start <= *delay && *delay <= max));
                assert!(got.windows(2).all(|pair| pair[1] <= 3 * pair[0]));
            }
        }
        // Finagle's equal jitter goes from a delay to the next, ours from half of a
        // delay to it: the same ranges, one retry later.
        "finagle.equal" => {
            for start in (1..=1000).step_by(37) {
                let (start, max) = (Duration::from_millis(start), Duration::from_millis(2 * start));
                let backoff = Exponential::new(start).capped_at(max).equal_jitter();
                for number in 2..=7 {
                    let got = draws(&backoff, number, 50);
                    assert!(max / 2 <= got[0] && got[49] <= max, "{number}");
                }
            }
        }
        "polly.decorrelated_v2.ramp" => {
            let backoff = DecorrelatedJitterV2::new(v.secs("base_s"), Duration::MAX).unwrap();
            let mut retry = Retry::nth(1);
            let mut got = Vec::new();
            for share in list(&v.inputs["random"]) {
                let delay = backoff.delay(&retry, &mut Drawn::new(share.as_f64().unwrap()));
                retry = retry.after(delay);
                got.push(delay);
            }
            v.expect_secs(&got);
        }
        "polly.decorrelated_v2.bound" => {
            let backoff = DecorrelatedJitterV2::new(SECOND, Duration::MAX).unwrap();
            for number in 1..=10 {
                let got = draws(&backoff, number, v.u64("draws") / 10);
                assert!(got[got.len() - 1] <= SECOND * 2_u32.pow(number - 1) * 4, "{number}");
            }
        }
        "stripe.floor" => {
            let backoff = Exponential::new(Duration::from_millis(500)).full_jitter();
            let floored = backoff.at_least(Duration::from_millis(500));
            let got: Vec<_> = (1..=5).map(|n| drawn(&floored, n, v.f64("factor"))).collect();
            v.expect_secs(&got);
        }
        "tower.backoff.jitter_spread" => {
            let ratio = Ratio::new(v.f64("jitter")).unwrap();
            let backoff = Exponential::new(millis(&v.inputs["base_ms"])).upward_jitter(ratio);
            let mut got = draws(&backoff, 1, v.u64("makers"));
            assert!(secs(&v.expected["lo"]) <= got[0]);
            assert!(got[got.len() - 1] <= secs(&v.expected["hi"]));
            got.dedup();
            assert!(got.len() as u64 > v.expected["distinct_gt"].as_u64().unwrap());
        }
        _ => return false,
    }
    true
}

/// The delay for a draw from 0 to 1.
fn drawn(backoff: &dyn BackoffStrategy, number: u32, share: f64) -> Duration {
    backoff.delay(&Retry::nth(number), &mut Drawn::new(share))
}

/// The same for a peer that counts down from the upper end.
fn mirrored(backoff: &dyn BackoffStrategy, share: f64) -> Duration {
    drawn(backoff, 1, 1.0 - share)
}

/// Peers cut to whole milliseconds.
#[track_caller]
fn near(got: Duration, expected: Duration) {
    assert!(got.abs_diff(expected) < Duration::from_millis(1), "{got:?} {expected:?}");
}
