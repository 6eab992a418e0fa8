//! Requests that wait their turn: reservations, elapsed times, lines.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_core::limiter::{Gcra, LeakyBucket, TokenBucket};
use forbear_core::{Cost, Decision, Limiter, Policy, Rate, Timestamp};
use serde_json::Value;

use super::buckets::{bucket, settle, xrate};
use super::{list, number, opens_at, requests, text, units};
use crate::support::Counted;

/// A reservation is a request that waits its turn and is then charged; cancelled
/// before its turn, it is taken back.
pub(super) fn reservations(name: &str, inputs: &Value, expected: &Value) {
    let (_, time) = xrate(inputs);
    let rate = |per_s: u64| Rate::new(per_s, Duration::from_secs(1)).unwrap();
    let mut limiter =
        Gcra::per(rate(number(&inputs["rate_per_s"]))).with_burst(units(&inputs["burst"])).unwrap();
    let mut turns: Vec<Option<(Timestamp, Cost)>> = Vec::new();
    let mut is_cancelled = false;
    // x/time/rate pays out a refill twice when its clock goes back: here it is paid
    // once, so no request goes sooner than there.
    let goes_back = name == "xrate_reserve_jump_back" || name == "xrate_set_burst_while_reserved";
    for (op, result) in list(&inputs["ops"]).iter().zip(list(&expected["ops"])) {
        let now = time(&op["t"]);
        let mut turn = None;
        match text(&op["op"]) {
            "set_burst" => limiter.set_burst(now, units(&op["burst"])).unwrap(),
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
                let opens = opens.filter(|&at| {
                    op.get("max_wait")
                        .is_none_or(|most| at.since(now) <= time(most).since(time(&0.into())))
                });
                assert_eq!(opens.is_some(), result["ok"].as_bool().unwrap(), "{op}");
                if let Some(at) = opens {
                    limiter.commit(at, &cost);
                    turn = Some((at, cost));
                    let wanted = time(&result["act_at"]);
                    // x/time/rate gives back less than was taken where others wait
                    // behind; here a cancelled one leaves no trace.
                    let is_as_good = is_cancelled && at < wanted || goes_back && at > wanted;
                    assert!(at == wanted || is_as_good, "{op}: {at:?}");
                }
            }
        }
        turns.push(turn);
    }
}

pub(super) fn waits(inputs: &Value, expected: &Value) {
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

/// Tasks that wait for one limiter: in order, and with few questions.
pub(super) fn in_line(inputs: &Value, expected: &Value) {
    let waiters = units(&inputs["waiters"]);
    let rate = Rate::new(number(&inputs["rate_per_s"]), Duration::from_secs(1)).unwrap();
    let gcra = Gcra::per(rate).with_burst(units(&inputs["burst"])).unwrap();
    let (limiter, counts) = Counted::new(gcra);
    let policy = Policy::builder().limit(limiter).no_deadline().build().unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for waiter in 0..waiters {
            let (policy, order) = (policy.clone(), Arc::clone(&order));
            tasks.spawn(async move {
                let sent = policy.acquire(Cost::REQUEST).await.unwrap().sent();
                order.lock().unwrap().push(waiter);
                sent.settle(Cost::REQUEST);
            });
        }
        tasks.join_all().await;
    });
    let most = waiters * units(&expected["max_checks_per_grant"]);
    assert!(counts.checks() <= most, "{} checks", counts.checks());
    assert_eq!(expected["order_inversions_pct_max"].as_f64(), Some(0.0));
    assert!(order.lock().unwrap().is_sorted());
}

pub(super) fn with_timeout(inputs: &Value, expected: &Value) {
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

pub(super) fn saturated(inputs: &Value, expected: &Value) {
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
