//! Token buckets and the generic cell rate algorithm.
#![expect(clippy::float_arithmetic, reason = "rates and tolerances of the vectors are floats")]

use std::time::Duration;

use forbear_core::limiter::{Carry, Cubic, Gcra, TokenBucket};
use forbear_core::{
    Completion, Cost, Limiter, Observation, Outcome, Quantity, Rate, Throttle, Timestamp,
};
use serde_json::Value;

use super::{list, millis, number, opens_at, requests, text, units, waiting};

pub(super) fn run(group: &str, vector: &Value) {
    let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
    match group {
        "gcra" => gcra(inputs, expected),
        "gcra_with_headers" => {
            assert!(expected["error"].as_bool().unwrap());
            assert!(Rate::new(0, Duration::ZERO).is_err());
        }
        "token_bucket" => token_bucket(text(&vector["name"]), inputs, expected),
        "token_bucket_greedy_integer" => greedy(inputs, expected),
        "token_bucket_reservation" => {
            waiting::reservations(text(&vector["name"]), inputs, expected)
        }
        "token_bucket_wait" => waiting::waits(inputs, expected),
        "debt_settle" => debt(inputs, expected),
        "refund_clamped" => {
            let (mut bucket, now) = advanced(inputs);
            settle(&mut bucket, now, requests(units(&inputs["add_tokens"])), Cost::ZERO);
            assert_eq!(bucket.available(now), units(&expected["tokens"]));
        }
        "rate_from_interval" => from_interval(inputs, expected),
        "reconfigure" => reconfigure(inputs, expected),
        "wait_with_timeout" => waiting::with_timeout(inputs, expected),
        _ if expected.get("max_checks_per_grant").is_some() => waiting::in_line(inputs, expected),
        _ => waiting::saturated(inputs, expected),
    }
}

fn is_allowed(word: &Value) -> bool {
    text(word) == "allow"
}

pub(super) fn bucket(inputs: &Value) -> TokenBucket {
    let period = Duration::from_nanos(number(&inputs["period_ns"]));
    let rate = Rate::new(number(&inputs["refill"]), period).unwrap();
    let bucket = TokenBucket::new(rate, units(&inputs["capacity"])).unwrap();
    bucket.starting_at(units(&inputs["initial"]))
}

fn advanced(inputs: &Value) -> (TokenBucket, Timestamp) {
    (bucket(inputs), Timestamp::from_nanos(number(&inputs["advance_ns"])))
}

pub(super) fn settle(limiter: &mut dyn Limiter, now: Timestamp, cost: Cost, actual: Cost) {
    let observation = &Observation::new(Outcome::Success);
    limiter.observe(now, &Completion { sent_at: now, cost, actual, observation });
}

fn gcra(inputs: &Value, expected: &Value) {
    if let Some(permitted) = expected.get("permitted") {
        let rate =
            Rate::new(number(&inputs["cells"]), Duration::from_secs(number(&inputs["per_s"])));
        let mut limiter = Gcra::per(rate.unwrap()).with_burst(units(&inputs["burst"])).unwrap();
        let permitted = units(permitted);
        assert!(limiter.acquire(Timestamp::ZERO, &requests(permitted)).is_admit());
        assert!(!limiter.acquire(Timestamp::ZERO, &requests(1)).is_admit());
        return;
    }
    if let Some(error) = expected.get("max_relative_error") {
        for cells in list(&inputs["cells"]).iter().map(number) {
            // Beyond the burst, in 10 ms.
            let second = Duration::from_secs(number(&inputs["per_s"]));
            let mut limiter =
                Gcra::per(Rate::new(cells, second).unwrap()).with_burst(1000).unwrap();
            let mut now = Timestamp::ZERO;
            let mut got = 0_u64;
            // In lumps that leave room, so that no refill is lost to a full bucket.
            while let Some(time) = opens_at(&limiter, now, 500)
                && time <= Timestamp::from_nanos(10_000_000)
            {
                now = time;
                limiter.commit(now, &requests(500));
                got += 500;
            }
            let left = (0..1000).filter(|_| {
                limiter.acquire(Timestamp::from_nanos(10_000_000), &requests(1)).is_admit()
            });
            let got = (got - 1000 + left.count() as u64) as f64;
            let wanted = cells as f64 / 100.0;
            assert!(
                (got - wanted).abs() <= wanted * error.as_f64().unwrap() + 1.0,
                "{got} {wanted}"
            );
        }
        return;
    }
    let period = Duration::from_millis(number(&inputs["per_ms"]));
    let rate = Rate::new(number(&inputs["cells"]), period).unwrap();
    let mut limiter = Gcra::per(rate).with_burst(units(&inputs["burst"])).unwrap();
    for (step, result) in list(&inputs["steps"]).iter().zip(list(&expected["steps"])) {
        let cost = requests(units(&step["n"]));
        let allowed = limiter.acquire(millis(&step["t_ms"]), &cost).is_admit();
        assert_eq!(allowed, is_allowed(result), "{step}");
    }
}

pub(super) fn xrate(inputs: &Value) -> (TokenBucket, impl Fn(&Value) -> Timestamp) {
    let rate = Rate::new(number(&inputs["rate_per_s"]), Duration::from_secs(1)).unwrap();
    let bucket = TokenBucket::new(rate, units(&inputs["burst"])).unwrap();
    let unit = inputs["time_unit_ms"].as_u64().unwrap_or(1);
    // Not at the origin, which is full by definition.
    let time = move |t: &Value| Timestamp::ZERO.after(Duration::from_millis(number(t) * unit));
    (bucket, time)
}

fn token_bucket(name: &str, inputs: &Value, expected: &Value) {
    if inputs.get("min_rate").is_some() {
        let [set, min] = ["set", "min_rate"].map(|name| inputs[name].as_f64().unwrap());
        return floor_of_a_rate(
            set,
            min,
            expected["rate"].as_f64().unwrap(),
            units(&expected["capacity"]),
        );
    }
    let (mut bucket, time) = xrate(inputs);
    if let Some(total) = expected.get("total_allowed") {
        let asked = number(&inputs["threads"]) * number(&inputs["each"]);
        let got = (0..asked).filter(|_| bucket.acquire(Timestamp::ZERO, &requests(1)).is_admit());
        assert_eq!(got.count() as u64, number(total));
        return;
    }
    let mut total = (0, 0);
    for (step, result) in list(&inputs["steps"]).iter().zip(list(&expected["steps"])) {
        let now = time(&step["t"]);
        let before = bucket.available(now);
        let allowed = bucket.acquire(now, &requests(units(&step["n"]))).is_admit();
        if name == "xrate_clock_jumps_backwards" {
            // x/time/rate pays out the time between the jumps once more; here it is
            // paid once, so that the sum is what is compared.
            total.0 += u32::from(allowed);
            total.1 += u32::from(result["allowed"].as_bool().unwrap());
            assert!(total.0 <= total.1, "{step}");
        } else {
            assert_eq!(u64::from(before), number(&result["tokens_before"]), "{step}");
            assert_eq!(allowed, result["allowed"].as_bool().unwrap(), "{step}");
        }
    }
}

/// The rate of the AWS SDKs' adaptive mode has a floor, and its bucket holds a unit.
pub(crate) fn floor_of_a_rate(set: f64, min: f64, rate: f64, capacity: u32) {
    let micros = |rate: f64| Quantity::from_micros((rate * 1e6).round() as u64);
    let mut cubic = Cubic::new().cutting_to(0.5).unwrap().never_below(micros(min)).unwrap();
    // An answer each `1 / (2 * set)` s, until a refusal cuts that rate to a half.
    let answer_ns = (0.5e9 / set).round() as u64;
    for nth in 1..=60 {
        let sent = Timestamp::from_nanos((nth - 1) * answer_ns);
        cubic.commit(sent, &requests(1));
        let outcome =
            if nth == 60 { Outcome::Throttled(Throttle::RateLimit) } else { Outcome::Success };
        let now = Timestamp::from_nanos(nth * answer_ns);
        let (cost, observation) = (requests(1), &Observation::new(outcome));
        cubic.observe(now, &Completion { sent_at: sent, cost, actual: cost, observation });
    }
    let got = cubic.rate().unwrap().as_micros();
    assert!(got.abs_diff(micros(rate).as_micros()) <= 1, "{got} {rate}");
    let later = Timestamp::from_nanos(u64::MAX / 2);
    let sends = (0..10).take_while(|_| cubic.acquire(later, &requests(1)).is_admit());
    assert_eq!(sends.count(), capacity as usize);
}

fn greedy(inputs: &Value, expected: &Value) {
    if let Some(steps) = expected.get("steps") {
        let mut bucket = bucket(inputs);
        for (step, result) in list(&inputs["steps"]).iter().zip(list(steps)) {
            let now = Timestamp::from_nanos(number(&step["t_ns"]));
            let allowed = bucket.acquire(now, &requests(units(&step["n"]))).is_admit();
            assert_eq!(allowed, is_allowed(result), "{step}");
        }
        return;
    }
    let (refill, period) = (number(&inputs["refill_tokens"]), number(&inputs["refill_period_ns"]));
    let rate = Rate::new(refill, Duration::from_nanos(period)).unwrap();
    let capacity = units(&inputs["capacity"]);
    let mut bucket = TokenBucket::new(rate, capacity).unwrap();
    let start = Timestamp::from_nanos(number(&inputs["t0_ns"]));
    assert!(bucket.acquire(start, &requests(capacity - units(&inputs["initial"]))).is_admit());
    let now = Timestamp::from_nanos(number(&inputs["t_ns"]));
    let tokens = bucket.available(now);
    assert_eq!(tokens, units(&expected["tokens"]));
    if tokens < capacity && now >= start {
        // The part of a token that is there is what the next one is the sooner for.
        let rest = period - number(&expected["rounding_error_numerator"]);
        let next = now.after(Duration::from_nanos(rest.div_ceil(refill)));
        assert_eq!(opens_at(&bucket, now, tokens + 1), Some(next));
    }
}

fn debt(inputs: &Value, expected: &Value) {
    let (mut bucket, now) = advanced(inputs);
    settle(&mut bucket, now, Cost::ZERO, requests(units(&inputs["consume_ignoring_limits"])));
    let tokens = expected["tokens"].as_i64().unwrap();
    assert_eq!(i64::from(bucket.available(now)), tokens.max(0));
    // Until nothing is owed, and then for one token.
    let token_ns = number(&inputs["period_ns"]) / number(&inputs["refill"]);
    let wait = Duration::from_nanos(number(&expected["penalty_ns"]) + token_ns);
    assert_eq!(opens_at(&bucket, now, 1), Some(now.after(wait)));
}

fn from_interval(inputs: &Value, expected: &Value) {
    let Ok(interval) = u64::try_from(inputs["interval_ns"].as_i64().unwrap()) else {
        // No duration is negative.
        return;
    };
    let rate = Rate::new(1, Duration::from_nanos(interval));
    match expected["rate_per_s"].as_f64() {
        Some(per_s) => {
            let got = 1e9 / rate.unwrap().period().as_nanos() as f64;
            assert!((got - per_s).abs() < 1e-9 * per_s, "{got} {per_s}");
        }
        // No rate is infinite: it is refused, not taken for none.
        None => assert!(rate.is_err()),
    }
}

fn reconfigure(inputs: &Value, expected: &Value) {
    if let Some(steps) = inputs["advance_ns"].as_array() {
        return reconfigured_between(inputs, steps, list(&expected["available"]));
    }
    let carry = match text(&inputs["strategy"]) {
        "PROPORTIONALLY" => Carry::Proportionally,
        "ADDITIVE" => Carry::Additively,
        "RESET" => Carry::Reset,
        _ => Carry::AsIs,
    };
    let (mut bucket, now, burst, rate) = if let Some(old) = inputs.get("old") {
        let ((capacity, rate), (burst, new)) = (shape(old), shape(&inputs["new"]));
        let initial = units(&inputs["initial"]);
        let bucket = TokenBucket::new(rate, capacity).unwrap().starting_at(initial);
        (bucket, Timestamp::from_nanos(number(&inputs["advance_ns"])), burst, new)
    } else {
        let rate = Rate::new(1, Duration::from_secs(1)).unwrap();
        let bucket = TokenBucket::new(rate, units(&inputs["old_capacity"])).unwrap();
        let bucket = bucket.starting_at(units(&inputs["tokens"]));
        (bucket, Timestamp::ZERO, units(&inputs["new_capacity"]), rate)
    };
    bucket.reconfigure(now, rate, burst, carry).unwrap();
    assert_eq!(bucket.available(now), units(&expected["available"]));
}

/// A bucket of `[capacity, refill, period_ns]`.
fn shape(value: &Value) -> (u32, Rate) {
    let period = Duration::from_nanos(number(&value[2]));
    (units(&value[0]), Rate::new(number(&value[1]), period).unwrap())
}

/// A part of a token survives the change.
fn reconfigured_between(inputs: &Value, steps: &[Value], available: &[Value]) {
    let ((capacity, rate), (burst, new)) = (shape(&inputs["old"]), shape(&inputs["new"]));
    let mut bucket = TokenBucket::new(rate, capacity).unwrap();
    bucket = bucket.starting_at(units(&inputs["initial"]));
    let [before, change, after] = steps else { panic!("not three steps: {steps:?}") };
    assert_eq!(text(change), "replace AS_IS");
    let at = Timestamp::from_nanos(number(before));
    assert_eq!(bucket.available(at), units(&available[0]));
    bucket.reconfigure(at, new, burst, Carry::AsIs).unwrap();
    let at = at.after(Duration::from_nanos(number(after)));
    assert_eq!(bucket.available(at), units(&available[1]));
}
