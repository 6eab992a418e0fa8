//! Even pace, warm-up, and several limits at once.
#![expect(clippy::float_arithmetic, reason = "waits of the vectors are in seconds")]

use std::time::Duration;

use forbear_core::limiter::{All, Gcra, LeakyBucket, TokenBucket, WarmUp};
use forbear_core::{Limiter, Rate, Timestamp};
use serde_json::Value;

use super::{list, millis, number, opens_at, requests, text, units};

pub(super) fn run(group: &str, vector: &Value) {
    let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
    match group {
        "leaky_paced" => paced(inputs, expected),
        "smooth_rate" => smooth(inputs, expected),
        "multi_limit" => {
            let limits = list(&inputs["limits"]).iter().map(|rate| {
                let rate: Rate = text(rate).parse().unwrap();
                let burst = u32::try_from(rate.limit().get()).unwrap();
                Gcra::per(rate).with_burst(burst).unwrap().boxed()
            });
            let mut all = All::new(limits);
            let times = list(&inputs["requests_at_ms"]).iter().map(millis);
            for (time, result) in times.zip(list(&expected["results"])) {
                let allowed = all.acquire(time, &requests(1)).is_admit();
                assert_eq!(allowed, text(result) == "allow");
            }
        }
        _ => {
            let buckets = || {
                list(&inputs["limits"]).iter().map(|limit| {
                    let period = Duration::from_nanos(number(&limit["period_ns"]));
                    let rate = Rate::new(number(&limit["refill"]), period).unwrap();
                    TokenBucket::new(rate, units(&limit["capacity"]))
                        .unwrap()
                        .starting_at(units(&limit["tokens"]))
                        .boxed()
                })
            };
            let consume = units(&inputs["consume"]);
            let wanted = Some(Timestamp::from_nanos(number(&expected["wait_ns"])));
            assert_eq!(opens_at(&All::new(buckets()), Timestamp::ZERO, consume), wanted);
            assert_eq!(opens_at(&All::new(buckets().rev()), Timestamp::ZERO, consume), wanted);
        }
    }
}

/// `rate` a second with a slack of so many intervals, as uber-go truncates it: the
/// exact 7 a minute lets the eighth go at 60 s, theirs 3 ns before.
fn uber(rate: u64, per_s: u64, slack: u32) -> Box<dyn Limiter> {
    let interval = Duration::from_nanos(per_s * 1_000_000_000 / rate);
    let rate = Rate::new(1, interval).unwrap();
    if slack == 0 {
        LeakyBucket::new(rate).boxed()
    } else {
        Gcra::per(rate).with_burst(slack + 1).unwrap().boxed()
    }
}

fn paced(inputs: &Value, expected: &Value) {
    let slack = units(&inputs["slack"]);
    let mut sends = Vec::new();
    let end = list(&inputs["at_s"]).iter().map(number).max().unwrap();
    let end = Timestamp::ZERO.after(Duration::from_secs(end));
    let mut limiter = uber(
        inputs["rate"].as_u64().or(inputs["fast"].as_u64()).unwrap(),
        inputs["per_s"].as_u64().unwrap_or(1),
        slack,
    );
    let greedy = |limiter: &mut dyn Limiter,
                  mut now: Timestamp,
                  until: Timestamp,
                  sends: &mut Vec<Timestamp>| {
        while let Some(time) = opens_at(limiter, now, 1).filter(|&time| time < until) {
            now = time;
            limiter.commit(now, &requests(1));
            sends.push(now);
        }
    };
    if let Some(times) = inputs.get("take_at_ns") {
        // Each take waits for the one before it.
        let mut now = Timestamp::ZERO;
        for time in list(times).iter().map(number).map(Timestamp::from_nanos) {
            now = opens_at(&*limiter, now.max(time), 1).unwrap();
            limiter.commit(now, &requests(1));
            sends.push(now);
        }
    } else if let Some(switch) = inputs["switch_at_s"].as_u64() {
        let mut slow = uber(number(&inputs["slow"]), 1, 0);
        let switch = Timestamp::ZERO.after(Duration::from_secs(switch));
        let mut now = Timestamp::ZERO;
        // One after each that the slow one lets through.
        while let Some(time) = opens_at(&*slow, now, 1).filter(|&time| time < switch) {
            slow.commit(time, &requests(1));
            now = opens_at(&*limiter, time, 1).unwrap();
            limiter.commit(now, &requests(1));
            sends.push(now);
        }
        greedy(&mut *limiter, switch, end, &mut sends);
    } else {
        greedy(&mut *limiter, Timestamp::ZERO, end, &mut sends);
    }
    for (second, wanted) in list(&inputs["at_s"]).iter().zip(list(&expected["count"])) {
        let until = Timestamp::ZERO.after(Duration::from_secs(number(second)));
        let count = sends.iter().filter(|&&at| at < until).count() as u64;
        assert_eq!(count, number(wanted), "{} at {until:?}", inputs);
    }
}

fn smooth(inputs: &Value, expected: &Value) {
    let rate = Rate::new(number(&inputs["rate"]), Duration::from_secs(1)).unwrap();
    let mut now = Timestamp::ZERO;
    let mut waits = Vec::new();
    let mut acquire = |limiter: &mut dyn Limiter, now: &mut Timestamp| {
        let time = opens_at(limiter, *now, 1).unwrap();
        waits.push(time.since(*now));
        *now = time;
        limiter.commit(time, &requests(1));
    };
    if let Some(phases) = inputs.get("phases") {
        let warm_up = Duration::from_secs(number(&inputs["warmup_s"]));
        let mut limiter =
            WarmUp::new(rate, warm_up).unwrap().from_cold(units(&inputs["cold_factor"])).unwrap();
        for phase in list(phases) {
            if text(&phase[0]) == "acquire" {
                for _ in 0..number(&phase[1]) {
                    acquire(&mut limiter, &mut now);
                }
            } else {
                now = now.after(Duration::from_secs_f64(phase[1].as_f64().unwrap()));
            }
        }
    } else if let Some(permits) = inputs.get("acquire") {
        let mut limiter = LeakyBucket::new(rate);
        for _ in list(permits) {
            acquire(&mut limiter, &mut now);
        }
    } else {
        return tries(rate, inputs, expected);
    }
    for (wait, wanted) in waits.iter().zip(list(&expected["wait_s"])) {
        let wanted = wanted.as_f64().unwrap();
        // Rounded to hundredths there.
        assert!((wait.as_secs_f64() - wanted).abs() <= 0.005_001, "{wait:?} is not {wanted} s");
    }
    assert_eq!(waits.len(), list(&expected["wait_s"]).len());
}

fn tries(rate: Rate, inputs: &Value, expected: &Value) {
    let mut limiter = LeakyBucket::new(rate);
    let mut now = Timestamp::ZERO;
    for (step, result) in list(&inputs["steps"]).iter().zip(list(&expected["results"])) {
        let time = Duration::from_millis(number(&step[1]));
        if text(&step[0]) == "sleep_ms" {
            now = now.after(time);
            continue;
        }
        let opens = opens_at(&limiter, now, 1).unwrap();
        let goes = opens.since(now) <= time;
        assert_eq!(goes, result.as_bool().unwrap(), "{step}");
        if goes {
            now = opens;
            limiter.commit(now, &requests(1));
        }
    }
}
