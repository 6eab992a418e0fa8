//! Windows that refill at a stroke, and windows that slide.

use std::time::Duration;

use forbear_core::limiter::{FixedWindow, Window};
use forbear_core::{Limiter, Timestamp};
use serde_json::Value;

use super::{number, opens_at, requests, units};

pub(super) fn run(group: &str, vector: &Value) {
    let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
    match group {
        "fixed_cycle" => cycle(inputs),
        "fixed_window" => {
            let period = Duration::from_millis(number(&inputs["per_ms"]));
            let mut window = FixedWindow::new(units(&inputs["num"]), period).unwrap();
            let hundred = Timestamp::ZERO.after(Duration::from_millis(100));
            assert!(window.acquire(Timestamp::ZERO, &requests(1)).is_admit());
            assert!(window.acquire(hundred, &requests(1)).is_admit());
            assert!(window.acquire(hundred, &requests(1)).is_admit());
            let ready = window.check(hundred, &requests(1)).is_admit();
            assert_eq!(ready, expected["last_ready"].as_bool().unwrap());
        }
        "token_bucket_interval" => interval(inputs, expected),
        _ => guarantee(inputs, expected),
    }
}

fn cycle(inputs: &Value) {
    let cycle = Duration::from_millis(number(&inputs["cycle_ms"]));
    let mut window = FixedWindow::new(units(&inputs["permits"]), cycle).unwrap();
    let second = Timestamp::ZERO.after(cycle);
    assert!(window.acquire(second, &requests(1)).is_admit());
    assert!(!window.acquire(second, &requests(1)).is_admit());
    let before = Timestamp::from_nanos(second.after(cycle).as_nanos() - 1);
    assert_eq!(window.available(before), 0);
    let wait = opens_at(&window, before, 1).unwrap().since(before);
    assert_eq!(wait, Duration::from_nanos(1));
}

fn interval(inputs: &Value, expected: &Value) {
    let (capacity, refill) = (units(&inputs["capacity"]), units(&inputs["refill"]));
    assert_eq!(capacity, refill, "a window holds what it is refilled with");
    let period = Duration::from_nanos(number(&inputs["period_ns"]));
    let mut window = FixedWindow::new(capacity, period).unwrap();
    let start = Timestamp::ZERO;
    assert!(window.acquire(start, &requests(capacity - units(&inputs["initial"]))).is_admit());
    let opens = opens_at(&window, start, units(&inputs["estimate"]));
    assert_eq!(opens == Some(start), expected["can_consume"].as_bool().unwrap());
    let wait = opens.map(|time| u64::try_from(time.since(start).as_nanos()).unwrap());
    assert_eq!(wait, expected["wait_ns"].as_u64());
}

fn guarantee(inputs: &Value, expected: &Value) {
    let period = Duration::from_secs(number(&inputs["window_s"]));
    let most = number(&expected["max_sends_in_any_60s"]) as usize;
    let end = Duration::from_secs(number(&inputs["duration_s"]));
    let limit = units(&inputs["limit"]);
    let burst_at = Timestamp::from_nanos(59_900_000_000);
    for begins_with_a_burst in [true, false] {
        let mut window = Window::unknown(limit, period).unwrap();
        let mut now = Timestamp::ZERO;
        let mut sends = Vec::new();
        while now.since(Timestamp::ZERO) < end {
            match opens_at(&window, now, 1) {
                Some(time) if time == now => {
                    window.commit(now, &requests(1));
                    sends.push(now);
                    if !begins_with_a_burst && sends.len() == 1 {
                        now = burst_at;
                    }
                }
                Some(time) => now = time,
                None => panic!("refused"),
            }
        }
        let worst = sends
            .iter()
            .map(|&from| sends.iter().filter(|&&at| at >= from && at.since(from) < period).count());
        assert_eq!(worst.max(), Some(most));
    }
}
