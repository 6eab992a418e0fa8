//! Budgets: shares, windows, throttles and quotas.

use std::time::Duration;

use forbear_core::budget::{Attempt, Budget, RetryQuota, RetryThrottle, WindowedBudget};
use forbear_core::{Outcome, RetryBudget, Timestamp};
use serde_json::{Value, json};

use super::{Vector, list};

const START: Timestamp = Timestamp::ZERO;

pub(super) fn keep(v: &Vector) -> bool {
    match v.family.as_str() {
        "retry_budget" if v.name.starts_with("finagle.") => finagle(v),
        "retry_budget" => tower(v),
        "retry_budget.regression" => {
            for (percent, expected) in list(&v.inputs["percents"]).iter().zip(list(&v.expected)) {
                let (percent, expected) = (percent.as_f64().unwrap(), expected.as_f64().unwrap());
                let mut budget = RetryBudget::new(percent, 0).unwrap();
                let mut windowed = WindowedBudget::new(percent, 0, window(v)).unwrap();
                let mut retries = [0; 2];
                for _ in 0..10_000 {
                    budget.deposit();
                    windowed.deposit(START);
                    while budget.withdraw() {
                        retries[0] += 1;
                    }
                    while windowed.withdraw(START) {
                        retries[1] += 1;
                    }
                }
                for made in retries {
                    let share = f64::from(made) / 10_000.0;
                    assert!((share - expected).abs() <= v.tolerance * expected, "{percent}");
                    // To the fraction, not only to a hundredth.
                    assert!((share - expected).abs() <= 0.0001, "{percent}: {share}");
                }
            }
        }
        "retry_throttle" => grpc(v),
        "retry_quota.scenario" => smithy(v),
        "retry_quota" if v.name == "smithy.bucket.fractional" => {
            let quota = RetryQuota::new(v.u64("capacity") as u32);
            let mut quota = quota.with_reward(v.f64("reward")).unwrap().starting_at(0);
            for expected in list(&v.expected) {
                quota.observe(START, &first(Outcome::Success));
                assert_eq!(json!(quota.tokens()), *expected);
            }
        }
        "retry_quota" if v.name == "smithy.bucket.convert" => {
            for (reward, expected) in list(&v.inputs["inputs"]).iter().zip(list(&v.expected)) {
                // What is no number is refused, and not read as none.
                let Some(reward) = reward.as_f64() else {
                    assert!(RetryQuota::new(500).with_reward(f64::NAN).is_err());
                    assert!(RetryQuota::new(500).with_reward(f64::INFINITY).is_err());
                    continue;
                };
                let mut quota = RetryQuota::new(500).with_reward(reward).unwrap().starting_at(0);
                quota.observe(START, &first(Outcome::Success));
                assert_eq!(json!(quota.tokens()), expected[0]);
                // The rest is kept: ten times as many make ten times the tokens.
                (1..10).for_each(|_| quota.observe(START, &first(Outcome::Success)));
                assert_eq!(quota.tokens(), (reward * 10.0).round() as u64);
            }
        }
        _ => return false,
    }
    true
}

fn window(v: &Vector) -> Duration {
    Duration::from_secs(v.u64("ttl_s"))
}

fn first(outcome: Outcome) -> Attempt {
    Attempt { number: 1, outcome, paid: 0 }
}

fn finagle(v: &Vector) {
    let (percent, min) = (v.f64("percent"), v.u64("min_per_s"));
    let mut windowed = WindowedBudget::new(percent, min as u32, window(v)).unwrap();
    let reserve = v.u64("ttl_s") * min;
    let mut share = RetryBudget::new(percent, reserve as u32).unwrap();
    assert_eq!((windowed.available(START), share.available()), (reserve, reserve));
    let (mut by_window, mut by_share) = (0_u64, 0_u64);
    for _ in 0..v.u64("requests") {
        windowed.deposit(START);
        share.deposit();
        by_window += u64::from(windowed.withdraw(START));
        by_share += u64::from(share.withdraw());
    }
    let expected = if v.expected.is_object() { &v.expected["retried"] } else { &v.expected };
    let expected = expected.as_u64().unwrap();
    assert_eq!(by_window, expected, "{}", v.name);
    // Its reserve is a floor under a quiet client and not on top of a busy one, and a
    // deposit into a full balance is lost.
    assert!(by_share <= expected && by_share + 1 >= expected - reserve, "{}", v.name);
}

fn tower(v: &Vector) {
    let (percent, min) = (v.f64("percent"), v.u64("min_per_s") as u32);
    let mut budget = WindowedBudget::new(percent, min, window(v)).unwrap();
    let (mut now, mut got) = (START, Vec::new());
    for event in list(&v.inputs["events"]) {
        match event.as_str().unwrap() {
            "deposit" => budget.deposit(now),
            "withdraw" => got.push(budget.withdraw(now)),
            pause => {
                let millis = pause.trim_matches(['+', 'm', 's']).parse().unwrap();
                now = now.after(Duration::from_millis(millis));
            }
        }
    }
    assert_eq!(json!(got), v.expected, "{}", v.name);
}

fn grpc(v: &Vector) {
    let max = v.u64("max_tokens") as u32;
    let mut throttle = RetryThrottle::new(max, v.f64("token_ratio")).unwrap();
    let succeeds = list(&v.inputs["ok_calls"]);
    let mut calls = 0;
    for expected in list(&v.expected) {
        let mut number = 1;
        let code = loop {
            let ok = succeeds.contains(&json!(calls));
            calls += 1;
            let outcome = if ok { Outcome::Success } else { Outcome::Transient };
            throttle.observe(START, &Attempt { number, outcome, paid: 0 });
            if ok {
                break "OK";
            }
            let stopped = u64::from(number) >= v.u64("max_attempts");
            if stopped || throttle.withdraw(START, outcome).is_none() {
                break "UNAVAILABLE";
            }
            number += 1;
        };
        assert_eq!(json!([code, calls - 1]), *expected);
    }
}

/// The token part of each scenario; its delays are an exponential from the first.
fn smithy(v: &Vector) {
    let is_20 = v.inputs["spec"] == "2.0";
    let transient = v.inputs["error"].as_str().unwrap().starts_with("transient");
    let (price, throttled) = match (is_20, transient) {
        (true, true) => (10, 5),
        (true, false) => (5, 5),
        (false, _) => (14, 5),
    };
    let capacity = v.u64("quota") as u32;
    let mut quota = RetryQuota::new(capacity).with_prices(price, throttled);
    let mut paid = 0;
    for step in list(&v.expected) {
        let number = step["n"].as_u64().unwrap() as u32;
        if number == 1 {
            paid = 0;
        }
        let succeeds = step["outcome"] == "ok";
        let outcome = if succeeds { Outcome::Success } else { Outcome::Transient };
        quota.observe(START, &Attempt { number, outcome, paid });
        let retries = !succeeds
            && u64::from(number) < v.u64("max_attempts")
            && quota.withdraw(START, outcome).is_some_and(|price| {
                paid = price;
                true
            });
        assert_eq!(retries, step["stop"] == Value::Null, "{}: {step}", v.name);
        assert_eq!(json!(quota.tokens()), step["quota"], "{}: {step}", v.name);
        if retries && !transient {
            let base = Duration::from_millis(if is_20 { 1000 } else { 50 });
            let expected = super::secs(&step["delay"]);
            assert_eq!(base * 2_u32.pow(number - 1), expected, "{}: {step}", v.name);
        }
    }
}
