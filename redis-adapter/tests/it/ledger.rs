use std::sync::Arc;
use std::time::Duration;

use forbear_core::{
    Completion, Cost, Decision, Limiter, Observation, Outcome, Refusal, SplitMix64, Timestamp,
};
use forbear_redis::testing::{Ledger, Plan, Pool, Reply, Request, Reservation, Settings};
use forbear_redis::{Event, Mode, SharedLimit, SharedLimiter};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::laws::reply;

fn at(ms: u64) -> Timestamp {
    Timestamp::ZERO.after(Duration::from_millis(ms))
}

fn units(units: u32) -> Cost {
    Cost::ZERO.with(forbear_core::Dimension::Requests, units)
}

/// A ledger for 100 a second and 100 at once.
fn ledger() -> Ledger {
    Ledger::new(Settings::new(&[SharedLimit::rate("100/s".parse().unwrap())]).unwrap())
}

fn call(ledger: &mut Ledger, now: Timestamp) -> Request {
    match ledger.plan(now) {
        Plan::Call(request) => request,
        Plan::Wait(until) => panic!("no call at {now:?}, but at {until:?}"),
    }
}

/// Has asked at `now` and was given `granted` in all, at once.
fn given(ledger: &mut Ledger, now: Timestamp, granted: u64) -> Request {
    let request = call(ledger, now);
    ledger.answered(now, &reply(&[granted]));
    request
}

#[test]
fn a_permit_may_be_used_for_a_second_from_before_it_was_asked_for() {
    let (mut ledger, mut own) = (ledger(), Reservation::default());
    call(&mut ledger, at(0));
    ledger.answered(at(200), &reply(&[1]));
    assert!(ledger.check(at(999), &Cost::REQUEST, &mut own).is_admit());
    let late = ledger.check(at(1000), &Cost::REQUEST, &mut own);
    assert_eq!(late, Decision::WaitForCompletion);
    // It is given back, for the case that Redis still holds it.
    assert_eq!(call(&mut ledger, at(1000)).told(0), [0, 1]);
}

#[test]
fn an_answer_that_was_lost_is_in_the_next_one() {
    let (mut ledger, mut own) = (ledger(), Reservation::default());
    given(&mut ledger, at(0), 0);
    let _ = ledger.check(at(10), &units(4), &mut own);
    assert_eq!(call(&mut ledger, at(10)).want(0), 4);
    ledger.failed(at(260), "timed out", Duration::from_millis(50));
    assert_eq!(ledger.take_events().len(), 2);
    assert_eq!(ledger.status(at(260)).mode, Mode::WithoutRedis);
    let again = call(&mut ledger, at(310));
    assert_eq!((again.call, again.want(0)), (3, 0));
    // Redis had given four, and says so.
    ledger.answered(at(311), &reply(&[4]));
    assert!(ledger.check(at(311), &units(4), &mut own).is_admit());
    assert!(matches!(ledger.take_events()[..], [Event::Recovered { .. }]));
}

#[test]
fn what_one_limiter_was_promised_no_other_takes() {
    let mut ledger = ledger();
    given(&mut ledger, at(0), 3);
    let pool = Arc::new(Pool::new(ledger));
    let mut one = SharedLimiter::over(Arc::clone(&pool));
    let mut other = one.clone();
    assert!(one.check(at(1), &units(2)).is_admit());
    assert!(!other.check(at(1), &units(2)).is_admit());
    assert!(other.acquire(at(1), &units(1)).is_admit());
    one.commit(at(1), &units(2));
    assert!(!one.check(at(1), &units(1)).is_admit());
    assert_eq!(pool.ledger().status(at(1)).held, [0]);
}

#[test]
fn one_that_can_wake_nobody_is_asked_again_soon() {
    let mut ledger = ledger();
    given(&mut ledger, at(0), 0);
    let mut limiter = SharedLimiter::over(Arc::new(Pool::new(ledger)));
    assert_eq!(limiter.check(at(5), &Cost::REQUEST), Decision::WaitUntil(at(15)));
    assert!(limiter.attach(at(0), std::task::Waker::noop()));
    assert_eq!(limiter.check(at(5), &Cost::REQUEST), Decision::WaitForCompletion);
}

#[test]
fn a_limiter_that_is_gone_gives_back_what_it_was_promised() {
    let mut ledger = ledger();
    given(&mut ledger, at(0), 2);
    let pool = Arc::new(Pool::new(ledger));
    let one = SharedLimiter::over(Arc::clone(&pool));
    let other = one.clone();
    assert!(one.check(at(1), &units(2)).is_admit());
    drop(one);
    assert!(other.check(at(1), &units(2)).is_admit());
}

#[test]
fn a_send_that_was_not_made_goes_back_into_the_lease() {
    let (mut ledger, mut own) = (ledger(), Reservation::default());
    given(&mut ledger, at(0), 1);
    let unsent = Observation::new(Outcome::Ignored);
    let completion =
        Completion { sent_at: at(1), cost: units(1), actual: Cost::ZERO, observation: &unsent };
    let _ = ledger.check(at(1), &units(1), &mut own);
    ledger.commit(at(1), &units(1), &mut own);
    ledger.observe(at(2), &completion);
    assert!(ledger.check(at(2), &units(1), &mut own).is_admit());
    // Once Redis was told that it was sent, it is refunded there.
    ledger.commit(at(2), &units(1), &mut own);
    let _ = ledger.check(at(20), &units(1), &mut own);
    assert_eq!(call(&mut ledger, at(20)).told(0), [1, 0]);
    ledger.observe(at(20), &completion);
    ledger.answered(at(21), &reply(&[1]));
    assert!(!ledger.check(at(21), &units(1), &mut own).is_admit());
    assert_eq!(call(&mut ledger, at(300)).adjusted(0), -1);
}

#[test]
fn what_lies_idle_goes_back() {
    let (mut ledger, mut own) = (ledger(), Reservation::default());
    given(&mut ledger, at(0), 5);
    let _ = ledger.check(at(1), &units(1), &mut own);
    ledger.commit(at(1), &units(1), &mut own);
    let Plan::Wait(Some(until)) = ledger.plan(at(2)) else { panic!("a call") };
    assert_eq!(until, at(251));
    assert_eq!(call(&mut ledger, until).told(0), [1, 4]);
    assert!(!ledger.check(until, &units(1), &mut own).is_admit());
}

#[test]
fn a_wait_of_the_api_is_told_at_once_and_not_told_back() {
    let (mut ledger, mut own) = (ledger(), Reservation::default());
    given(&mut ledger, at(0), 5);
    let refused = Observation::throttled(Some(Duration::from_secs(3)));
    let cost = Cost::REQUEST;
    ledger
        .observe(at(1), &Completion { sent_at: at(1), cost, actual: cost, observation: &refused });
    assert_eq!(ledger.check(at(2), &cost, &mut own), Decision::WaitUntil(at(3001)));
    assert_eq!(call(&mut ledger, at(2)).hold_ms, 2999);
    let mut known = reply(&[5]);
    known.hold_ms = 2998;
    ledger.answered(at(4), &known);
    assert_eq!(ledger.check(at(5), &cost, &mut own), Decision::WaitUntil(at(3002)));
    ledger.take_events();
    let mut longer = reply(&[5]);
    longer.hold_ms = 9000;
    assert_eq!(call(&mut ledger, at(600)).hold_ms, 0);
    ledger.answered(at(600), &longer);
    assert_eq!(ledger.check(at(601), &cost, &mut own), Decision::WaitUntil(at(9600)));
}

#[test]
fn nothing_is_expected_before_redis_has_it() {
    let (mut ledger, mut own) = (ledger(), Reservation::default());
    given(&mut ledger, at(0), 0);
    let _ = ledger.check(at(20), &units(1), &mut own);
    call(&mut ledger, at(20));
    let mut later = reply(&[0]);
    later.retry_us = 500_000;
    ledger.answered(at(21), &later);
    assert_eq!(ledger.check(at(22), &units(1), &mut own), Decision::WaitUntil(at(520)));
    assert!(matches!(ledger.plan(at(22)), Plan::Wait(Some(until)) if until == at(520)));
    // What never fits is refused at once.
    let refusal = Refusal::ExceedsCapacity { cost: 101, capacity: 100 };
    assert_eq!(ledger.check(at(22), &units(101), &mut own), Decision::Refuse(refusal));
}

#[test]
fn a_lease_grows_with_the_demand_and_shrinks_with_it() {
    let (mut ledger, mut own) = (ledger(), Reservation::default());
    let (mut now, mut granted, mut wants) = (0, 0, Vec::new());
    given(&mut ledger, at(now), 0);
    for _ in 0..6 {
        now += 11;
        while ledger.check(at(now), &units(1), &mut own).is_admit() {
            ledger.commit(at(now), &units(1), &mut own);
        }
        let request = call(&mut ledger, at(now));
        wants.push(request.want(0));
        granted += request.want(0);
        ledger.answered(at(now), &reply(&[granted]));
    }
    assert_eq!(wants[0], 1);
    assert!(wants.is_sorted() && wants[5] >= 64, "{wants:?}");
    // One call a second needs one permit.
    for _ in 0..3 {
        now += 1000;
        let _ = ledger.check(at(now), &units(1), &mut own);
        let request = call(&mut ledger, at(now));
        assert_eq!(request.want(0), 1);
        granted = granted.max(request.told(0).iter().sum()) + 1;
        ledger.answered(at(now), &reply(&[granted]));
        assert!(ledger.check(at(now), &units(1), &mut own).is_admit());
        ledger.commit(at(now), &units(1), &mut own);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Send(u32),
    TakeBack,
    Ask,
    Answer(u64),
    Fail,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..400_u64).prop_map(Step::Pass),
        6 => (0..4_u32).prop_map(Step::Send),
        1 => Just(Step::TakeBack),
        4 => Just(Step::Ask),
        4 => (0..6_u64).prop_map(Step::Answer),
        1 => Just(Step::Fail),
    ]
}

proptest! {
    /// A Redis that gives what it likes: no permit is sent twice, and none that it does
    /// not hold for this member any more.
    #[test]
    fn no_permit_is_used_twice_or_too_late(steps in vec(step(), 0..80)) {
        let mut ledger = Ledger::new(
            Settings::new(&[SharedLimit::rate("100/s".parse().unwrap())])
                .unwrap()
                .without_redis(forbear_redis::WithoutRedis::Closed),
        );
        let mut own = Reservation::default();
        let (mut now, mut granted, mut sent) = (0, 0, 0);
        let (mut asked_at, mut lease_at): (Option<u64>, Option<u64>) = (None, None);
        let mut last = None;
        for step in steps {
            match step {
                Step::Pass(ms) => now += ms,
                Step::Send(cost) => {
                    if ledger.check(at(now), &units(cost), &mut own).is_admit() {
                        ledger.commit(at(now), &units(cost), &mut own);
                        sent += u64::from(cost);
                        last = Some((now, cost));
                        if cost > 0 {
                            prop_assert!(lease_at.is_some_and(|start| now < start + 1000));
                        }
                    }
                }
                Step::TakeBack => {
                    if let Some((sent_at, cost)) = last.take() {
                        let unsent = Observation::new(Outcome::Ignored);
                        ledger.observe(at(now), &Completion {
                            sent_at: at(sent_at),
                            cost: units(cost),
                            actual: Cost::ZERO,
                            observation: &unsent,
                        });
                        sent -= u64::from(cost);
                    }
                }
                Step::Ask => {
                    if let Plan::Call(request) = ledger.plan(at(now)) {
                        let [spent, back] = request.told(0);
                        prop_assert!(spent + back <= granted, "{spent} + {back} of {granted}");
                        asked_at = Some(now);
                    }
                }
                Step::Answer(more) => {
                    if let Some(start) = asked_at.take() {
                        granted += more;
                        ledger.answered(at(now), &reply(&[granted]));
                        lease_at = Some(start);
                    }
                }
                Step::Fail => {
                    if asked_at.take().is_some() {
                        ledger.failed(at(now), "timed out", Duration::from_millis(50));
                    }
                }
            }
            prop_assert!(sent <= granted, "{sent} sent of {granted}");
        }
    }
}

#[test]
fn attempts_to_reach_redis_are_a_second_apart_or_two_milliseconds_a_member() {
    for (members, most) in [(3, 1000), (500, 1000), (2000, 4000)] {
        let mut ledger = ledger();
        let _ = call(&mut ledger, Timestamp::ZERO);
        ledger.answered(Timestamp::ZERO, &Reply { members, ..reply(&[0]) });
        let mut entropy = SplitMix64::new(7);
        let mut longest = Duration::ZERO;
        for _ in 0..100 {
            let delay = ledger.delay_after_failure(&mut entropy);
            ledger.failed(Timestamp::ZERO, "refused", delay);
            longest = longest.max(delay);
        }
        let most = Duration::from_millis(most);
        assert!((most * 9 / 10..=most).contains(&longest), "{members}: {longest:?}");
    }
}
