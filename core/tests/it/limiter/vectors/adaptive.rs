//! Netflix's concurrency limits and the curve of the AWS SDKs.
#![expect(clippy::float_arithmetic, reason = "the formulas of the vectors are in floats")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_core::limiter::{Adaptive, AdaptiveLimit, Aimd, CubicCurve, Gradient, Sample, Vegas};
use forbear_core::{Limiter, Observation, Outcome, Quantity, Throttle, Timestamp};
use serde_json::Value;

use super::{list, number, requests, units};

pub(super) fn run(group: &str, vector: &Value) {
    let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
    match group {
        "aimd" => {
            let mut aimd = Aimd::new(units(&inputs["initial"])).unwrap();
            if let Some(ratio) = inputs["backoff_ratio"].as_f64() {
                aimd = aimd.cutting_to(ratio).unwrap();
            }
            aimd.update(&sample(&inputs["sample"]));
            assert_eq!(aimd.limit(), units(&expected["limit"]));
        }
        "vegas" => {
            let mut vegas = Vegas::new(units(&inputs["initial"]), units(&inputs["maxc"])).unwrap();
            for (given, limit) in list(&inputs["samples"]).iter().zip(list(&expected["limits"])) {
                vegas.update(&sample(given));
                assert_eq!(vegas.limit(), units(limit));
            }
        }
        "gradient2" => gradient(&inputs["defaults"]),
        "cubic" => cubic(inputs, expected),
        _ => tracked(inputs, expected),
    }
}

fn sample(given: &Value) -> Sample {
    let dropped = given["dropped"].as_bool().unwrap();
    Sample {
        latency: Duration::from_millis(number(&given["rtt_ms"])),
        in_flight: units(&given["inflight"]),
        dropped: dropped.then_some(Throttle::Overload),
    }
}

/// The formula of the vector in floats, beside ours in integers.
fn gradient(defaults: &Value) {
    let default = |name: &str| defaults[name].as_f64().unwrap();
    let (min, max) = (units(&defaults["min"]), units(&defaults["max"]));
    let mut ours = Gradient::new(units(&defaults["initial"]), min, max).unwrap();
    let (mut limit, mut long, mut count) = (default("initial"), 0.0_f64, 0.0_f64);
    for round in 0..2000_u64 {
        let latency_ms = 10 + (round / 100 % 7) * 4 + round % 3;
        let in_flight = limit as u32;
        ours.update(&Sample {
            latency: Duration::from_millis(latency_ms),
            in_flight,
            dropped: None,
        });
        let short = latency_ms as f64;
        if count < default("warmup") {
            count += 1.0;
            long += (short - long) / count;
        } else {
            long += (short - long) * 2.0 / (default("long_window") + 1.0);
        }
        if long / short > 2.0 {
            long *= 0.95;
        }
        let gradient = (default("tolerance") * long / short).clamp(0.5, 1.0);
        let target = limit * gradient + default("queue_size");
        let smoothing = default("smoothing");
        limit = (limit * (1.0 - smoothing) + target * smoothing).clamp(min.into(), max.into());
        assert!(limit - f64::from(ours.limit()) < 1.01, "{limit} {}", ours.limit());
        assert!(limit - f64::from(ours.limit()) > -0.01, "{limit} {}", ours.limit());
    }
}

fn cubic(inputs: &Value, expected: &Value) {
    let rate = |value: &Value| Quantity::from_micros((value.as_f64().unwrap() * 1e6) as u64);
    let seconds = |value: &Value| Timestamp::ZERO.after(Duration::from_secs(number(value)));
    let near = |got: f64, value: &Value| {
        let wanted = value.as_f64().unwrap();
        assert!((got - wanted).abs() <= wanted.abs() * 1e-6, "{got} is not {wanted}");
    };
    let micros = |quantity: Quantity| quantity.as_micros() as f64 / 1e6;
    if let Some(error) = inputs.get("error") {
        let now = seconds(&error["t"]);
        let curve = CubicCurve::cut_at(now, rate(&error["current_rate"]));
        near(micros(curve.rate(now)), &expected["new_rate"]);
        near(curve.plateau_after().as_secs_f64(), &expected["k"]);
    } else if let Some(times) = inputs.get("t") {
        let cut_at = seconds(&inputs["last_throttle_t"]);
        let curve = CubicCurve::cut_at(cut_at, rate(&inputs["w_max"]));
        for (time, wanted) in list(times).iter().zip(list(&expected["rates"])) {
            near(micros(curve.rate(seconds(time))), wanted);
        }
    } else {
        let curve = CubicCurve::cut_at(Timestamp::ZERO, rate(&inputs["w_max"]));
        near(curve.plateau_after().as_secs_f64(), &expected["k"]);
    }
}

/// A law that keeps the samples it is shown.
#[derive(Debug)]
struct Recorder(Arc<Mutex<Vec<Sample>>>);

impl AdaptiveLimit for Recorder {
    fn limit(&self) -> u32 {
        10
    }

    fn update(&mut self, sample: &Sample) {
        self.0.lock().unwrap().push(*sample);
    }
}

fn tracked(inputs: &Value, expected: &Value) {
    let samples = Arc::default();
    let mut limiter = Adaptive::new(Recorder(Arc::clone(&samples)));
    if let Some(share) = inputs["percentile"].as_f64() {
        limiter = limiter.at_percentile(share).unwrap();
    }
    let cost = requests(1);
    // The first answer ends the first round.
    let began = Timestamp::from_nanos(1_000_000);
    let rtts: Vec<_> = list(&inputs["rtts"]).iter().map(number).collect();
    let mut answer = |sent: u64, now: u64| {
        limiter.observe(
            Timestamp::from_nanos(now),
            &forbear_core::Completion {
                sent_at: Timestamp::from_nanos(sent),
                cost,
                actual: cost,
                observation: &Observation::new(Outcome::Success),
            },
        );
    };
    answer(began.as_nanos(), began.as_nanos());
    let (last, first) = rtts.split_last().unwrap();
    for rtt in first {
        answer(began.as_nanos() + 1 - rtt, began.as_nanos() + 1);
    }
    answer(began.as_nanos(), began.as_nanos() + last);
    // Those sent before the round began wait for one that was not.
    let tracked = samples.lock().unwrap()[1].latency;
    assert_eq!(tracked, Duration::from_nanos(number(&expected["tracked"])));
}
