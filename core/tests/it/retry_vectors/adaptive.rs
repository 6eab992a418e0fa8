//! The adaptive mode of the AWS SDKs, their buckets, and the throttling of the SRE book:
//! limiters here, parts of retries there.

use std::time::Duration;

use forbear_core::atomic::AtomicGcra;
use forbear_core::limiter::{AdaptiveThrottle, Cubic, CubicCurve, Gcra, TokenBucket};
use forbear_core::{
    Completion, Cost, Decision, Limiter, Observation, Outcome, Quantity, Rate, Throttle, Timestamp,
};
use serde_json::Value;

use super::{Vector, list, secs};
use crate::limiter::vectors::{floor_of_a_rate, opens_at};

const REFUSED: Outcome = Outcome::Throttled(Throttle::RateLimit);

/// Asserts what a vector of these families says; whether it is one.
pub(super) fn keep(vector: &Vector) -> bool {
    match vector.name.as_str() {
        "cubic.k" => {
            let curve = CubicCurve::cut_at(Timestamp::ZERO, rate(vector.f64("w_max")));
            vector.is_near(curve.plateau_after().as_secs_f64(), &vector.expected);
        }
        "cubic.at_k" => at_the_plateau(vector),
        "cubic.beta06" => cut_to(vector),
        "cubic.client_sending_rates" => trace(vector),
        "cubic.acquire_concurrent" => asked_at_once(vector),
        "cubic.subnano" => short_of_a_nanosecond(),
        "rate_clocker.constant" => {
            let measured = measured(list(&vector.inputs["t"]), 20);
            // The rate is kept in millionths.
            assert!((measured - vector.expected.as_f64().unwrap()).abs() < 3e-6, "{measured}");
        }
        "rate_clocker.smooth" => {
            for (count, key) in [(7, "after7"), (8, "after8")] {
                let measured = measured(list(&vector.inputs["t"]), count);
                let within = &vector.expected[key];
                let [low, high] = [0, 1].map(|end| within[end].as_f64().unwrap());
                assert!(low <= measured && measured <= high, "{key}: {measured}");
            }
        }
        "boto_bucket.min" => {
            let cases = list(&vector.inputs["cases"]).iter().zip(list(&vector.expected));
            for (case, expected) in cases {
                let number = |value: &Value| value.as_f64().unwrap();
                let capacity = u32::try_from(expected["cap"].as_u64().unwrap()).unwrap();
                let (set, min) = (number(&case["set"]), number(&case["min"]));
                floor_of_a_rate(set, min, number(&expected["rate"]), capacity);
            }
        }
        "boto_bucket.block" => grants(vector),
        "smithy.bucket.refill" => refills(vector),
        "smithy.bucket.concurrent_refill" => refilled_by_threads(vector),
        "sre.formula" => shares(vector),
        _ => return false,
    }
    true
}

impl Vector {
    #[track_caller]
    fn is_near(&self, got: f64, expected: &Value) {
        let expected = expected.as_f64().unwrap();
        assert!((got - expected).abs() <= self.tolerance, "{}: {got} {expected}", self.name);
    }
}

fn rate(per_second: f64) -> Quantity {
    Quantity::from_micros((per_second * 1e6).round() as u64)
}

fn per_second(rate: Quantity) -> f64 {
    rate.as_micros() as f64 / 1e6
}

fn at(seconds: f64) -> Timestamp {
    Timestamp::ZERO.after(Duration::from_secs_f64(seconds))
}

fn at_the_plateau(vector: &Vector) {
    let curve = CubicCurve::cut_at(Timestamp::ZERO, rate(vector.f64("w_max")));
    let at = |part: f64| {
        let time = curve.plateau_after().mul_f64(part);
        per_second(curve.rate(Timestamp::ZERO.after(time)))
    };
    vector.is_near(at(1.0), &vector.expected);
    let peak = vector.f64("w_max");
    for before in [1.0 / 3.0, 1.0 / 2.0, 1.0 / 1.1] {
        assert!(at(before) <= peak);
    }
    for after in [1.1, 2.0] {
        assert!(at(after) >= peak);
    }
}

/// The curve begins where the cut ends.
fn cut_to(vector: &Vector) {
    let (now, peak, beta) = (at(vector.f64("t")), rate(vector.f64("rate")), vector.f64("beta"));
    let curve = CubicCurve::cut_to(now, peak, beta).unwrap();
    let after = per_second(peak) * beta;
    assert_eq!(Some(after), vector.expected["after_throttle"].as_f64());
    assert_eq!(Some(per_second(curve.rate(now))), vector.expected["success_same_t"].as_f64());
    assert!(CubicCurve::cut_to(now, peak, 1.0).is_err());
}

/// Sends a request and answers it at once.
fn step(limiter: &mut Cubic, now: Timestamp, outcome: Outcome) {
    let (cost, observation) = (Cost::REQUEST, &Observation::new(outcome));
    limiter.commit(now, &cost);
    limiter.observe(now, &Completion { sent_at: now, cost, actual: cost, observation });
}

/// From the first refusal on: before it there is no rate to compare.
fn trace(vector: &Vector) {
    let mut limiter = Cubic::new();
    // The SDK's clocker counts from its making, ours from the first send.
    limiter.commit(Timestamp::ZERO, &Cost::ZERO);
    let mut compared = 0;
    for (given, expected) in list(&vector.inputs["steps"]).iter().zip(list(&vector.expected)) {
        let outcome = if given[1].as_bool().unwrap() { REFUSED } else { Outcome::Success };
        step(&mut limiter, at(given[0].as_f64().unwrap()), outcome);
        if let Some(rate) = limiter.rate() {
            let expected = expected["fill_rate"].as_f64().unwrap();
            // Ours is in millionths, rounded down at each step.
            let off = per_second(rate) - expected;
            assert!(off.abs() < 5e-6, "{given}: {rate} is not {expected}");
            compared += 1;
        }
    }
    assert_eq!(compared, 8);
}

/// What the meter says after `count` answers at these times: of it a cut keeps 0.7.
fn measured(times: &[Value], count: usize) -> f64 {
    let mut limiter = Cubic::new().cutting_to(0.999_999_999).unwrap();
    limiter.commit(Timestamp::ZERO, &Cost::ZERO);
    let (last, before) = times[..count].split_last().unwrap();
    for time in before {
        step(&mut limiter, at(time.as_f64().unwrap()), Outcome::Success);
    }
    // A refusal is an answer, and shows what was measured.
    step(&mut limiter, at(last.as_f64().unwrap()), REFUSED);
    per_second(limiter.rate().unwrap())
}

/// Those that ask at the same time are told the same, and nothing is charged for it.
fn asked_at_once(vector: &Vector) {
    let mut limiter = Cubic::new();
    step(&mut limiter, at(0.1), REFUSED);
    let asked = (0..vector.u64("n")).map(|_| limiter.check(at(0.1), &Cost::REQUEST));
    let told: Vec<_> = asked.collect();
    assert!(matches!(told[0], Decision::WaitUntil(_)));
    let all_equal = told.iter().all(|decision| *decision == told[0]);
    assert_eq!(Some(all_equal), vector.expected["all_equal"].as_bool());
}

/// A wait of 0 ns would spin; what is missing takes at least one.
fn short_of_a_nanosecond() {
    let second = Duration::from_secs(1);
    for units in [1, 3, 999_999_999, 4_000_000_000] {
        let rate = Rate::new(units, second).unwrap();
        for mut limiter in [Gcra::per(rate).boxed(), TokenBucket::new(rate, 1).unwrap().boxed()] {
            let mut now = at(1.0);
            for _ in 0..100 {
                if let Decision::WaitUntil(time) = limiter.check(now, &Cost::REQUEST) {
                    assert!(time > now);
                    now = time;
                }
                assert!(limiter.acquire(now, &Cost::REQUEST).is_admit());
            }
        }
    }
}

fn grants(vector: &Vector) {
    let rate = Rate::new(vector.u64("rate"), Duration::from_secs(1)).unwrap();
    let mut bucket = TokenBucket::new(rate, 1).unwrap().starting_at(0);
    let expected: Vec<_> = list(&vector.expected["grants"]).iter().map(secs).collect();
    // When each asks: at the start, halfway to the next, and when the third is granted.
    let asks = [Duration::ZERO, Duration::from_millis(150), expected[2]];
    for (ask, expected) in asks.into_iter().zip(expected) {
        let ask = Timestamp::ZERO.after(ask);
        let granted = opens_at(&bucket, ask, 1).unwrap();
        assert_eq!(granted, Timestamp::ZERO.after(expected));
        bucket.commit(granted, &Cost::REQUEST);
    }
}

fn refills(vector: &Vector) {
    let cases = list(&vector.inputs["cases"]).iter().zip(list(&vector.expected));
    for (case, expected) in cases {
        let [rate, elapsed] = [0, 1].map(|place| case[place].as_f64().unwrap());
        let [whole, fraction] = [0, 1].map(|place| expected[place].as_f64().unwrap());
        let period = Duration::from_secs_f64(1.0 / rate);
        let bucket = TokenBucket::new(Rate::new(1, period).unwrap(), 1000).unwrap();
        let bucket = bucket.starting_at(0);
        let now = at(elapsed);
        let units = bucket.available(now);
        assert_eq!(f64::from(units), whole);
        // The fraction that is there is what the next unit is the sooner for.
        let next = opens_at(&bucket, now, units + 1).unwrap();
        let missing = next.since(now).as_secs_f64() / period.as_secs_f64();
        assert!((1.0 - missing - fraction).abs() <= vector.tolerance, "{case}: {missing}");
    }
}

fn refilled_by_threads(vector: &Vector) {
    let (elapsed, threads) = (vector.u64("elapsed"), vector.u64("threads"));
    let rate = Rate::new(vector.u64("rate"), Duration::from_secs(1)).unwrap();
    let gcra = AtomicGcra::new(rate, 1000).unwrap();
    let start = at(10_000.0);
    assert!(gcra.acquire(start, 1000).is_admit(), "it is empty");
    let now = start.after(Duration::from_secs(elapsed));
    let got: usize = std::thread::scope(|scope| {
        let take = || (0..3).filter(|_| gcra.acquire(now, 1).is_admit()).count();
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(got as u64, vector.expected.as_u64().unwrap());
}

/// A request that is sent while a share `p` is dropped stands for `1 / (1 - p)` of them,
/// so the count of requests goes in steps where much is dropped: up to the row's, or
/// the first step beyond.
fn shares(vector: &Vector) {
    for (row, expected) in vector.rows() {
        let [requests, accepts, k] = [0, 1, 2].map(|place| row[place].as_f64().unwrap());
        let mut throttle = AdaptiveThrottle::new(k).unwrap();
        let (now, cost) = (at(0.001), Cost::REQUEST);
        let share = |throttle: &AdaptiveThrottle| f64::from(throttle.drop_millionths(now)) / 1e6;
        let (mut sends, mut counted) = (0.0, 0.0);
        while counted < requests {
            counted += 1.0 / (1.0 - share(&throttle));
            throttle.commit(now, &cost);
            // The accepted first, so that nothing is dropped while they are counted.
            let outcome = if sends < accepts { Outcome::Success } else { REFUSED };
            let observation = &Observation::new(outcome);
            throttle.observe(now, &Completion { sent_at: now, cost, actual: cost, observation });
            sends += 1.0;
        }
        let formula = ((counted - k * accepts) / (counted + 1.0)).max(0.0);
        let (got, expected) = (share(&throttle), expected.as_f64().unwrap());
        assert!((got - formula).abs() < 3e-6, "{row}: {got} {formula}");
        let is_exact = counted == requests;
        assert!(
            if is_exact { (got - expected).abs() < 1e-6 } else { got > expected - 1e-6 },
            "{row}: {got}"
        );
    }
}
