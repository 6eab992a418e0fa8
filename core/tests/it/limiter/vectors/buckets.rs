//! Token buckets and the generic cell rate algorithm.
#![expect(clippy::float_arithmetic, reason = "rates and tolerances of the vectors are floats")]

use std::time::Duration;

use forbear_core::limiter::{Carry, Gcra, LeakyBucket, TokenBucket};
use forbear_core::{Completion, Cost, Decision, Limiter, Observation, Outcome, Rate, Timestamp};
use serde_json::Value;

use super::{list, millis, number, opens_at, requests, text, units};

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
        "token_bucket_reservation" => reservations(inputs, expected),
        "token_bucket_wait" => waits(inputs, expected),
        "debt_settle" => debt(inputs, expected),
        "refund_clamped" => {
            let (mut bucket, now) = advanced(inputs);
            settle(&mut bucket, now, requests(units(&inputs["add_tokens"])), Cost::ZERO);
            assert_eq!(bucket.available(now), units(&expected["tokens"]));
        }
        "rate_from_interval" => from_interval(inputs, expected),
        "reconfigure" => reconfigure(inputs, expected),
        "wait_with_timeout" => with_timeout(inputs, expected),
        _ => saturated(inputs, expected),
    }
}

fn is_allowed(word: &Value) -> bool {
    text(word) == "allow"
}

fn bucket(inputs: &Value) -> TokenBucket {
    let period = Duration::from_nanos(number(&inputs["period_ns"]));
    let rate = Rate::new(number(&inputs["refill"]), period).unwrap();
    let bucket = TokenBucket::new(rate, units(&inputs["capacity"])).unwrap();
    bucket.starting_at(units(&inputs["initial"]))
}

fn advanced(inputs: &Value) -> (TokenBucket, Timestamp) {
    (bucket(inputs), Timestamp::from_nanos(number(&inputs["advance_ns"])))
}

fn settle(limiter: &mut dyn Limiter, now: Timestamp, cost: Cost, actual: Cost) {
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

fn xrate(inputs: &Value) -> (TokenBucket, impl Fn(&Value) -> Timestamp) {
    let rate = Rate::new(number(&inputs["rate_per_s"]), Duration::from_secs(1)).unwrap();
    let bucket = TokenBucket::new(rate, units(&inputs["burst"])).unwrap();
    let unit = inputs["time_unit_ms"].as_u64().unwrap_or(1);
    // Not at the origin, which is full by definition.
    let time = move |t: &Value| Timestamp::ZERO.after(Duration::from_millis(number(t) * unit));
    (bucket, time)
}

fn token_bucket(name: &str, inputs: &Value, expected: &Value) {
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

/// A reservation is a request that waits its turn and is then charged; cancelled
/// before its turn, it is taken back.
fn reservations(inputs: &Value, expected: &Value) {
    let (_, time) = xrate(inputs);
    let rate = |per_s: u64| Rate::new(per_s, Duration::from_secs(1)).unwrap();
    let mut limiter =
        Gcra::per(rate(number(&inputs["rate_per_s"]))).with_burst(units(&inputs["burst"])).unwrap();
    let mut turns: Vec<Option<(Timestamp, Cost)>> = Vec::new();
    let mut is_cancelled = false;
    for (op, result) in list(&inputs["ops"]).iter().zip(list(&expected["ops"])) {
        let now = time(&op["t"]);
        let mut turn = None;
        match text(&op["op"]) {
            "set_limit" => limiter.set_rate(now, rate(number(&op["limit"]))),
            "cancel" => {
                let place = usize::try_from(number(&op["op_index"])).unwrap();
                if let Some((at, cost)) = turns[place].filter(|&(at, _)| at >= now) {
                    is_cancelled = true;
                    settle(&mut limiter, now.max(at), cost, Cost::ZERO);
                }
            }
            "allow" => {
                let cost = requests(units(&op["n"]));
                // In turn: not before those that wait.
                let allowed = limiter.check(now, &cost).is_admit();
                assert_eq!(allowed, result["ok"].as_bool().unwrap(), "{op}");
                if allowed {
                    limiter.commit(now, &cost);
                }
            }
            _ => {
                let cost = requests(units(&op["n"]));
                let opens = opens_at(&limiter, now, units(&op["n"]));
                assert_eq!(opens.is_some(), result["ok"].as_bool().unwrap(), "{op}");
                if let Some(at) = opens {
                    limiter.commit(at, &cost);
                    turn = Some((at, cost));
                    let wanted = time(&result["act_at"]);
                    // x/time/rate gives back less than was taken where others wait
                    // behind; here a cancelled one leaves no trace.
                    assert!(at == wanted || is_cancelled && at < wanted, "{op}: {at:?}");
                }
            }
        }
        turns.push(turn);
    }
}

fn waits(inputs: &Value, expected: &Value) {
    let interval = Duration::from_millis(number(&inputs["interval_ms"]));
    let rate = Rate::new(number(&inputs["refill"]), interval).unwrap();
    let initial = units(&inputs["initial"]);
    let max = inputs["max"].as_u64().map_or(5, |max| u32::try_from(max).unwrap());
    let mut bucket = TokenBucket::new(rate, max).unwrap().starting_at(initial);
    let mut now = Timestamp::ZERO;
    let mut batch = |count: u64, now: &mut Timestamp| {
        let start = *now;
        for _ in 0..count {
            *now = opens_at(&bucket, *now, 1).unwrap();
            bucket.commit(*now, &requests(1));
        }
        now.since(start).as_millis()
    };
    if let Some(idle) = inputs["idle_ms"].as_u64() {
        now = now.after(Duration::from_millis(idle));
        for (count, elapsed) in
            list(&inputs["acquire_one"]).iter().zip(list(&expected["elapsed_ms"]))
        {
            assert_eq!(batch(number(count), &mut now), u128::from(number(elapsed)));
        }
        return;
    }
    let elapsed = batch(number(&inputs["acquire_one"]), &mut now);
    match expected["elapsed_ms"].as_array() {
        // As a range.
        Some(range) => {
            let range = u128::from(number(&range[0]))..=u128::from(number(&range[1]));
            assert!(range.contains(&elapsed), "{elapsed}");
        }
        None => assert_eq!(elapsed, u128::from(number(&expected["elapsed_ms"]))),
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
    let carry = match text(&inputs["strategy"]) {
        "PROPORTIONALLY" => Carry::Proportionally,
        "ADDITIVE" => Carry::Additively,
        "RESET" => Carry::Reset,
        _ => Carry::AsIs,
    };
    let shape = |value: &Value| {
        let period = Duration::from_nanos(number(&value[2]));
        (units(&value[0]), Rate::new(number(&value[1]), period).unwrap())
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

/// `bucket4j_reconfig_as_is`: 1.8 of 3 tokens stay 1.8 of 60, and 4 ns later are 2.04.
#[test]
fn a_part_of_a_token_survives_the_change() {
    let rate = |refill, period| Rate::new(refill, Duration::from_nanos(period)).unwrap();
    let mut bucket = TokenBucket::new(rate(3, 5), 3).unwrap().starting_at(0);
    let at = Timestamp::from_nanos;
    assert_eq!(bucket.available(at(3)), 1);
    bucket.reconfigure(at(3), rate(60, 1000), 60, Carry::AsIs).unwrap();
    assert_eq!(bucket.available(at(3)), 1);
    assert_eq!(bucket.available(at(7)), 2);
}

fn with_timeout(inputs: &Value, expected: &Value) {
    let mut bucket = bucket(inputs);
    let start = Timestamp::ZERO;
    let opens = opens_at(&bucket, start, units(&inputs["n"])).unwrap();
    let wait = u64::try_from(opens.since(start).as_nanos()).unwrap();
    let granted = wait <= number(&inputs["max_wait_ns"]);
    assert_eq!(granted, expected["granted"].as_bool().unwrap());
    assert_eq!(if granted { wait } else { 0 }, number(&expected["slept_ns"]));
    let left = bucket.available(opens);
    if granted {
        assert!(bucket.acquire(opens, &requests(units(&inputs["n"]))).is_admit());
    }
    assert_eq!(bucket.available(opens) < left, granted);
}

fn saturated(inputs: &Value, expected: &Value) {
    let end = Timestamp::ZERO.after(Duration::from_secs(number(&inputs["seconds"])));
    for rate in list(&inputs["rate_per_s"]).iter().map(number) {
        let per_second = Rate::new(rate, Duration::from_secs(1)).unwrap();
        for mut limiter in [LeakyBucket::new(per_second).boxed(), Gcra::per(per_second).boxed()] {
            let (mut now, mut got) = (Timestamp::ZERO, 0);
            while now < end {
                match limiter.acquire(now, &requests(1)) {
                    Decision::Admit => got += 1,
                    Decision::WaitUntil(time) => now = time,
                    other => panic!("{other:?}"),
                }
            }
            let percent = got * 100 / (rate * number(&inputs["seconds"]));
            let range = number(&expected["min_pct_of_nominal"])..=number(&expected["max_pct"]);
            assert!(range.contains(&percent), "{percent} %");
        }
    }
}
