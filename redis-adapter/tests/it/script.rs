use std::time::Duration;

use forbear_core::{Completion, Cost, Decision, Dimension, Observation, Timestamp};
use forbear_redis::SharedLimit;
use forbear_redis::testing::{Ledger, Plan, Reply, Request, Reservation, Settings};
use redis::Value;
use serde_json::Value as Json;

use crate::server::Scripted;

/// A member whose calls take no time.
struct Member {
    name: &'static str,
    ledger: Ledger,
    own: Reservation,
    last: Option<Reply>,
}

fn units(units: u64) -> Cost {
    Cost::ZERO.with(Dimension::Requests, u32::try_from(units).unwrap())
}

const START_US: u64 = 1_700_000_000_000_000;

fn at(us: u64) -> Timestamp {
    Timestamp::ZERO.after(Duration::from_micros(us))
}

impl Member {
    fn new(name: &'static str, limits: &[SharedLimit]) -> Self {
        let (ledger, own) = (Ledger::new(Settings::new(limits).unwrap()), Reservation::default());
        Self { name, ledger, own, last: None }
    }

    /// Asks Redis at `us`, for whatever is due.
    fn call(&mut self, redis: &mut Scripted, us: u64) -> Request {
        let Plan::Call(request) = self.ledger.plan(at(us)) else { panic!("no call at {us} us") };
        let reply = redis.call(START_US + us, self.name, &request);
        self.ledger.answered(at(us), &reply);
        self.last = Some(reply);
        request
    }

    /// Sends `cost` at `us`, after a call if there is no permit.
    fn send(&mut self, redis: &mut Scripted, us: u64, cost: u64) -> bool {
        let cost = units(cost);
        if !self.ledger.check(at(us), &cost, &mut self.own).is_admit() {
            self.call(redis, us);
        }
        let is_sent = self.ledger.check(at(us), &cost, &mut self.own).is_admit();
        if is_sent {
            self.ledger.commit(at(us), &cost, &mut self.own);
        }
        is_sent
    }

    fn reply(&self) -> &Reply {
        self.last.as_ref().unwrap()
    }
}

fn bucket(units: u64, period: Duration, burst: u64) -> SharedLimit {
    let rate = forbear_core::Rate::new(units, period).unwrap();
    SharedLimit::rate(rate).with_burst(u32::try_from(burst).unwrap()).unwrap()
}

/// A millisecond of the server for a nanosecond of the vector.
fn scaled(ns: &Json) -> u64 {
    ns.as_u64().unwrap() * 1000
}

fn vectors(group: &str) -> Vec<Json> {
    let file = include_str!("../../../core/tests/data/limiter_vectors.json");
    let file: Json = serde_json::from_str(file).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    vectors.iter().filter(|vector| vector["algorithm"] == group).cloned().collect()
}

/// The level of the first limit, in units.
fn level(redis: &mut Scripted) -> i64 {
    let state = redis.state();
    let number = |field: &str| state[field].parse::<i64>().unwrap();
    number("l1").div_euclid(number("u1"))
}

#[test]
fn debts_are_those_of_bucket4j() {
    let Some(mut redis) = Scripted::start(1) else { return };
    let vectors = vectors("debt_settle");
    assert!(vectors.len() >= 3, "{}", vectors.len());
    for vector in vectors {
        redis.flush();
        let (given, expected) = (&vector["inputs"], &vector["expected"]);
        let period = Duration::from_micros(scaled(&given["period_ns"]));
        let (refill, capacity) =
            (given["refill"].as_u64().unwrap(), given["capacity"].as_u64().unwrap());
        let mut member = Member::new("a", &[bucket(refill, period, capacity)]);
        // It starts full: what is there too many is sent at once, and Redis told.
        let initial = given["initial"].as_u64().unwrap();
        assert!(member.send(&mut redis, 0, capacity - initial));
        let _ = member.ledger.check(at(20_000), &units(1), &mut member.own);
        member.call(&mut redis, 20_000);
        let start = level(&mut redis);
        let now = 30_000;
        let settled = u32::try_from(given["consume_ignoring_limits"].as_u64().unwrap()).unwrap();
        let actual = Cost::ZERO.with(Dimension::Requests, settled);
        let observation = Observation::SUCCESS;
        member.ledger.observe(
            at(now),
            &Completion { sent_at: at(now), cost: Cost::ZERO, actual, observation },
        );
        // It is told with the next call.
        let due = 20_000 + scaled(&given["advance_ns"]).max(300_000);
        member.call(&mut redis, due);
        let period_us = u64::try_from(period.as_micros()).unwrap();
        let earned = i64::try_from((due - 20_000) * refill / period_us).unwrap();
        let advanced = i64::try_from(scaled(&given["advance_ns"]) * refill / period_us).unwrap();
        let full = i64::try_from(capacity).unwrap();
        // As if it were settled when the vector says.
        let expected = expected["tokens"].as_i64().unwrap() - advanced + earned.min(full - start);
        assert_eq!(level(&mut redis), expected + start, "{vector}");
    }
}

#[test]
fn a_call_that_one_limit_refuses_burns_nothing_of_the_other() {
    let Some(mut redis) = Scripted::start(2) else { return };
    let vector = &vectors("multi_limit")[0];
    assert_eq!(vector["name"], "own_multi_limit_all_or_nothing");
    let limits = [bucket(1, Duration::from_secs(1), 1), bucket(2, Duration::from_secs(60), 2)];
    let mut member = Member::new("a", &limits);
    let (mut results, mut late) = (Vec::new(), 0);
    for time in vector["inputs"]["requests_at_ms"].as_array().unwrap() {
        // A call each, and the first permit's use is told by the second call.
        late += 20_000;
        let now = time.as_u64().unwrap() * 1000 + late;
        results.push(if member.send(&mut redis, now, 1) { "allow" } else { "deny" });
    }
    assert_eq!(vector["expected"]["results"], serde_json::json!(results));
}

#[test]
fn a_rate_of_nothing_is_refused_as_by_redis_cell() {
    let vector = &vectors("gcra_with_headers")[0];
    assert_eq!(
        (&vector["name"], &vector["expected"]["error"]),
        (&"rediscell_zero_rate_is_error".into(), &true.into())
    );
    assert!(forbear_core::Rate::new(0, Duration::ZERO).is_err());
}

#[test]
fn a_burst_comes_back_one_by_one() {
    let Some(mut redis) = Scripted::start(1) else { return };
    let limit = [bucket(10, Duration::from_secs(1), 3)];
    let mut member = Member::new("a", &limit);
    assert!(member.send(&mut redis, 0, 3));
    assert!(!member.send(&mut redis, 20_000, 1));
    // Redis heard at 20 ms that the three were sent; a tenth of a second earns one.
    assert_eq!(member.reply().retry_us, 100_000);
    assert!(!Member::new("b", &limit).send(&mut redis, 119_999, 1));
    assert!(Member::new("c", &limit).send(&mut redis, 120_000, 1));
}

#[test]
fn what_a_member_holds_takes_up_room_until_it_is_too_old() {
    let Some(mut redis) = Scripted::start(1) else { return };
    let limit = [bucket(10, Duration::from_secs(1), 10)];
    let (mut dead, mut other) = (Member::new("dead", &limit), Member::new("other", &limit));
    let _ = dead.ledger.check(at(0), &units(6), &mut dead.own);
    dead.call(&mut redis, 0);
    // Of ten, six are held by one that is not heard of any more; four are left.
    assert!(other.send(&mut redis, 100_000, 4));
    // What is used takes up room until Redis hears of it, so that is soon.
    other.call(&mut redis, 120_000);
    assert!(!other.send(&mut redis, 600_000, 5), "four of ten were refilled, no more");
    let mut third = Member::new("third", &limit);
    assert!(third.send(&mut redis, 620_000, 4));
    third.call(&mut redis, 640_000);
    // From 1.011 s on, the six count as sent, and there is room for them to be earned; from
    // 1.651 s on all of it.
    let mut whole = Member::new("whole", &limit);
    assert!(!whole.send(&mut redis, 1_001_000, 10));
    let mut late = Member::new("late", &limit);
    assert!(!late.send(&mut redis, 1_590_000, 10));
    assert!(Member::new("later", &limit).send(&mut redis, 2_650_000, 10));
    assert_eq!(late.reply().members, 5, "the dead one is still counted");
}

#[test]
fn no_key_is_left_behind() {
    let Some(mut redis) = Scripted::start(1) else { return };
    let window = SharedLimit::window(5, Duration::from_secs(1)).unwrap();
    let mut member = Member::new("a", &[window]);
    assert!(member.send(&mut redis, 0, 2) && member.send(&mut redis, 30_000, 2));
    let keys = redis.server.ask(&["KEYS", "*"]);
    let Value::Array(keys) = keys else { panic!("{keys:?}") };
    assert!(keys.len() >= 4, "{keys:?}");
    let expiries = redis.server.ask(&["HLEN", "{expiries}"]);
    assert!(matches!(expiries, Value::Int(number) if number >= 5), "{expiries:?}");
    // A call of another much later finds none of them, so it starts anew.
    let mut late = Member::new("b", &[window]);
    late.call(&mut redis, 70_000_000);
    assert_eq!(late.reply().members, 1);
    assert_eq!(late.reply().seq, 1);
}

#[test]
fn a_state_that_is_gone_begins_empty_after_a_lease() {
    let Some(mut redis) = Scripted::start(1) else { return };
    let limit = [bucket(10, Duration::from_secs(1), 10)];
    let (mut one, mut other) = (Member::new("one", &limit), Member::new("other", &limit));
    assert!(one.send(&mut redis, 0, 1));
    other.call(&mut redis, 0);
    redis.flush();
    assert!(!one.send(&mut redis, 20_000, 1));
    assert!(one.reply().lost);
    // The other one knew the old state too, and that is no second loss.
    assert!(!other.send(&mut redis, 40_000, 1));
    assert!(!other.reply().lost);
    // It earns from 1.031 s on.
    assert!(!Member::new("early", &limit).send(&mut redis, 1_130_000, 1));
    assert!(Member::new("late", &limit).send(&mut redis, 1_132_000, 1));
    // A quota at rest expires, and that is no loss.
    let mut late = one;
    assert!(late.send(&mut redis, 60_000_000, 10));
    assert!(!late.reply().lost);
}

#[test]
fn a_part_of_the_state_that_is_gone_is_missed() {
    for gone in ["members", "leases"] {
        let Some(redis) = Scripted::start(1) else { return };
        let mut redis = redis.without_model();
        let limit = [bucket(10, Duration::from_secs(1), 10)];
        let (mut dead, mut other) = (Member::new("dead", &limit), Member::new("other", &limit));
        let _ = dead.ledger.check(at(0), &units(6), &mut dead.own);
        dead.call(&mut redis, 0);
        // What the dead one holds would be held for ever.
        redis.server.run(&["DEL", &format!("test:{{quota}}:{gone}")]);
        other.call(&mut redis, 100_000);
        assert!(other.reply().lost, "{gone}");
        assert!(other.send(&mut redis, 2_200_000, 10), "{gone}");
    }
    let Some(redis) = Scripted::start(1) else { return };
    let mut redis = redis.without_model();
    let limit = [SharedLimit::window(10, Duration::from_secs(1)).unwrap()];
    let (mut one, mut other) = (Member::new("one", &limit), Member::new("other", &limit));
    assert!(one.send(&mut redis, 0, 8));
    one.call(&mut redis, 100_000);
    redis.server.run(&["DEL", "test:{quota}:log1"]);
    assert!(!other.send(&mut redis, 200_000, 8), "eight of ten were sent in this window");
    assert!(other.reply().lost);
}

#[test]
fn a_state_that_went_back_is_known_by_its_count() {
    let Some(redis) = Scripted::start(1) else { return };
    let mut redis = redis.without_model();
    let limit = [bucket(10, Duration::from_secs(1), 10)];
    let mut member = Member::new("one", &limit);
    assert!(member.send(&mut redis, 0, 1));
    let dump = redis.server.ask(&["HGET", "test:{quota}:state", "seq"]);
    assert!(member.send(&mut redis, 20_000, 5));
    // As a replica that lacked the last call and was promoted.
    let Value::BulkString(seq) = dump else { panic!("{dump:?}") };
    redis.server.run(&["HSET", "test:{quota}:state", "seq", std::str::from_utf8(&seq).unwrap()]);
    assert!(!member.send(&mut redis, 40_000, 5));
    assert!(member.reply().lost);
}

#[test]
fn a_late_copy_of_a_call_changes_nothing() {
    let Some(mut redis) = Scripted::start(1) else { return };
    let mut member = Member::new("a", &[bucket(10, Duration::from_secs(1), 10)]);
    let _ = member.ledger.check(at(0), &units(4), &mut member.own);
    let early = member.call(&mut redis, 0);
    assert!(member.send(&mut redis, 10_000, 4));
    let _ = member.ledger.check(at(20_000), &units(4), &mut member.own);
    member.call(&mut redis, 20_000);
    let (before, granted) = (redis.state(), member.reply().granted.clone());
    let again = redis.call(START_US + 20_000, "a", &early);
    assert_eq!(again.granted, granted);
    let after = redis.state();
    assert_eq!((&before["l1"], &before["o1"]), (&after["l1"], &after["o1"]));
}

#[test]
fn limits_may_change_while_members_run() {
    let Some(mut redis) = Scripted::start(1) else { return };
    let mut old = Member::new("old", &[bucket(10, Duration::from_secs(1), 10)]);
    let mut new = Member::new("new", &[bucket(100, Duration::from_secs(1), 100)]);
    assert!(old.send(&mut redis, 0, 4));
    // Six are left, whatever there may be from now on.
    assert!(!new.send(&mut redis, 1000, 8));
    assert!(new.reply().differs && !new.reply().lost);
    assert!(new.send(&mut redis, 60_000, 8));
    // One that knows the limits of old holds all to them while it asks.
    assert!(!old.send(&mut redis, 61_000, 10));
    let mut other =
        Member::new("other", &[SharedLimit::window(10, Duration::from_secs(1)).unwrap()]);
    other.call(&mut redis, 100_000);
    assert!(other.reply().lost, "a limit of another kind begins anew, used up");
}

#[test]
fn fixed_windows_begin_with_the_seconds_of_the_server() {
    let Some(mut redis) = Scripted::start(1) else { return };
    let mut member =
        Member::new("a", &[SharedLimit::fixed_window(3, Duration::from_secs(1)).unwrap()]);
    assert!(member.send(&mut redis, 900_000, 3));
    assert!(!member.send(&mut redis, 920_000, 1));
    assert_eq!(member.reply().retry_us, 80_000);
    assert!(member.send(&mut redis, 1_000_000, 3));
}

#[test]
fn a_sliding_window_counts_from_when_the_use_was_told() {
    let Some(mut redis) = Scripted::start(1) else { return };
    let limit = [SharedLimit::window(3, Duration::from_secs(1)).unwrap()];
    let mut member = Member::new("a", &limit);
    assert!(member.send(&mut redis, 0, 3));
    assert!(!member.send(&mut redis, 20_000, 1));
    assert_eq!(member.reply().retry_us, 1_000_000);
    assert!(!Member::new("b", &limit).send(&mut redis, 1_019_999, 1));
    assert!(Member::new("c", &limit).send(&mut redis, 1_020_000, 3));
}

#[test]
fn a_wait_of_the_api_is_never_shortened_and_ends_without_a_burst() {
    let Some(mut redis) = Scripted::start(1) else { return };
    let limit = [bucket(10, Duration::from_secs(1), 10)];
    let (mut one, mut other) = (Member::new("one", &limit), Member::new("other", &limit));
    one.call(&mut redis, 0);
    let refused = |wait| Observation::throttled(Some(Duration::from_millis(wait)));
    let mut refuse = |member: &mut Member, us, wait| {
        let (now, cost, observation) = (at(us), Cost::REQUEST, &refused(wait));
        member.ledger.observe(now, &Completion { sent_at: now, cost, actual: cost, observation });
        member.call(&mut redis, us);
    };
    refuse(&mut one, 100_000, 900);
    // The same member's second call, with a shorter wait, says nothing new.
    other.call(&mut redis, 200_000);
    assert_eq!(other.reply().hold_ms, 800);
    let wait = other.ledger.check(at(200_000), &Cost::REQUEST, &mut other.own);
    assert_eq!(wait, Decision::WaitUntil(at(1_000_000)));
    let short = refused(100);
    let cost = Cost::REQUEST;
    let now = at(300_000);
    other
        .ledger
        .observe(now, &Completion { sent_at: now, cost, actual: cost, observation: &short });
    assert_eq!(other.ledger.check(now, &cost, &mut other.own), Decision::WaitUntil(at(1_000_000)));
    assert!(!other.send(&mut redis, 1_050_000, 2), "the bucket is empty at the end of the wait");
    assert!(other.send(&mut redis, 1_250_000, 2));
}
