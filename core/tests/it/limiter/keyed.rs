//! What is kept for each key, and what is forgotten.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use forbear_core::limiter::{
    Adaptive, AdaptiveThrottle, Aimd, Breaker, Concurrency, Cooldown, Cubic, Gcra, Gradient, Keyed,
    Learned, Vegas,
};
use forbear_core::{
    Completion, Cost, Decision, Dimension, Limiter, Observation, Outcome, Quantity, Quota, Refusal,
    Timestamp,
};

use super::support::{OVERLOAD, millis};

fn per_second() -> Gcra {
    Gcra::per("1/s".parse().unwrap())
}

fn answer<L: Limiter + Clone>(
    keyed: &mut Keyed<u32, L>,
    key: u32,
    now: Timestamp,
    observation: &Observation,
) {
    let cost = Cost::REQUEST;
    keyed.observe(now, &key, &Completion { sent_at: now, cost, actual: cost, observation });
}

#[test]
fn keys_do_not_share() {
    let mut keyed = Keyed::new(per_second(), 10).unwrap();
    for key in 0..10 {
        assert!(keyed.acquire(millis(0), &key, &Cost::REQUEST).is_admit());
        assert!(!keyed.acquire(millis(0), &key, &Cost::REQUEST).is_admit());
    }
}

#[test]
fn keys_that_come_and_go_stay_within_the_capacity() {
    let mut keyed = Keyed::new(per_second(), 2000).unwrap();
    for key in 0..200_000_u32 {
        // A thousand new keys a second, each idle after one.
        let now = millis(u64::from(key));
        assert!(keyed.acquire(now, &key, &Cost::REQUEST).is_admit(), "{key}");
        answer(&mut keyed, key, now, &Observation::new(Outcome::Success));
        assert!(keyed.len() <= 2000);
    }
    assert!(keyed.len() < 1600, "{}", keyed.len());
}

#[test]
fn a_wait_of_the_server_is_never_forgotten() {
    let mut keyed = Keyed::new(Cooldown::new(), 4).unwrap();
    assert!(keyed.acquire(millis(0), &7, &Cost::REQUEST).is_admit());
    let refused = Observation::throttled(Some(Duration::from_secs(600)));
    answer(&mut keyed, 7, millis(0), &refused);
    for key in 100..10_000 {
        let now = millis(u64::from(key));
        assert!(keyed.acquire(now, &key, &Cost::REQUEST).is_admit());
        answer(&mut keyed, key, now, &Observation::new(Outcome::Success));
    }
    let until = Decision::WaitUntil(millis(600_000));
    assert_eq!(keyed.check(millis(10_000), &7, &Cost::REQUEST), until);
}

#[test]
fn a_request_in_flight_keeps_its_key() {
    let mut keyed = Keyed::new(per_second().and(Concurrency::new(1).unwrap()), 2).unwrap();
    assert!(keyed.acquire(millis(0), &1, &Cost::REQUEST).is_admit());
    assert!(keyed.acquire(millis(0), &2, &Cost::REQUEST).is_admit());
    let full = Decision::Refuse(Refusal::TooManyKeys { capacity: 2 });
    assert_eq!(keyed.acquire(millis(60_000), &3, &Cost::REQUEST), full);
    assert_eq!(keyed.check(millis(60_000), &1, &Cost::REQUEST), Decision::WaitForCompletion);
    answer(&mut keyed, 2, millis(60_000), &Observation::new(Outcome::Ignored));
    assert!(keyed.acquire(millis(60_000), &3, &Cost::REQUEST).is_admit());
}

/// Some limiter that has seen `seen` in answer to a request at 1 ms.
fn taught(mut limiter: impl Limiter + 'static, seen: &Observation) -> Box<dyn Limiter> {
    let (sent, cost) = (millis(1), Cost::REQUEST);
    limiter.commit(sent, &cost);
    limiter.observe(sent, &Completion { sent_at: sent, cost, actual: cost, observation: seen });
    limiter.boxed()
}

#[test]
fn what_was_learned_is_forgotten_ten_minutes_after_its_last_use() {
    let overload = Observation::new(OVERLOAD);
    let mut quota = Observation::new(Outcome::Success);
    quota.quotas.push(
        Quota::new(Some(Dimension::Requests))
            .with_limit(Quantity::from_units(10))
            .with_remaining(Quantity::from_units(9))
            .with_resets_in(Duration::from_secs(60)),
    );
    let second = Duration::from_secs(1);
    let reopening = Observation::throttled(Some(second));
    for limiter in [
        taught(Adaptive::new(Aimd::new(8).unwrap()), &overload),
        taught(Adaptive::new(Vegas::new(8, 10).unwrap()), &overload),
        taught(Adaptive::new(Gradient::new(8, 1, 10).unwrap()), &overload),
        taught(Cubic::new(), &overload),
        taught(Breaker::after(1, second).unwrap(), &overload),
        taught(Breaker::after(2, second).unwrap(), &overload),
        taught(Breaker::at_share(50, 2, second, second).unwrap(), &overload),
        taught(AdaptiveThrottle::new(2.0).unwrap(), &overload),
        taught(Learned::new(), &quota),
        taught(Cooldown::new(), &reopening),
    ] {
        assert!(!limiter.is_idle(millis(2)), "{limiter:?}");
        // The longest of them is a window that ends after a minute.
        assert!(limiter.is_idle(millis(660_001)), "{limiter:?}");
    }
}

#[test]
fn what_is_closed_for_longer_is_not_forgotten() {
    let (hour, half) = (Duration::from_secs(3600), millis(1_800_000));
    let breaker = taught(Breaker::after(1, hour).unwrap(), &Observation::new(OVERLOAD));
    let cooldown = taught(Cooldown::new(), &Observation::throttled(Some(hour)));
    let mut quota = Observation::new(Outcome::Success);
    quota.quotas.push(
        Quota::new(Some(Dimension::Requests))
            .with_limit(Quantity::from_units(10))
            .with_remaining(Quantity::ZERO)
            .with_resets_in(hour),
    );
    for limiter in [breaker, cooldown, taught(Learned::new(), &quota)] {
        assert!(!limiter.is_idle(half), "{limiter:?}");
        // Nor at the opening, when one goes first.
        assert!(!limiter.is_idle(millis(3_600_001)), "{limiter:?}");
    }
}

#[test]
fn a_bound_that_is_as_at_the_start_is_idle_at_once() {
    let success = Observation::new(Outcome::Success);
    for limiter in [
        taught(Adaptive::new(Aimd::new(2).unwrap()), &success),
        taught(Breaker::after(1, Duration::from_secs(1)).unwrap(), &success),
        taught(Learned::new(), &success),
        taught(Cooldown::new(), &success),
    ] {
        assert!(limiter.is_idle(millis(1)), "{limiter:?}");
    }
}

/// Counts how often it is asked whether it may be forgotten; never says so.
#[derive(Clone, Debug, Default)]
struct Looked(Arc<AtomicU32>);

impl Limiter for Looked {
    fn check(&self, _: Timestamp, _: &Cost) -> Decision {
        Decision::Admit
    }

    fn commit(&mut self, _: Timestamp, _: &Cost) {}

    fn is_idle(&self, _: Timestamp) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed);
        false
    }
}

#[test]
fn a_send_looks_at_a_few_keys_however_many_there_are() {
    let limiter = Looked::default();
    let looks = Arc::clone(&limiter.0);
    let mut keyed = Keyed::new(limiter, 10_000).unwrap();
    let mut most_at_once = 0;
    for key in 0..12_000 {
        looks.store(0, Ordering::Relaxed);
        let decision = keyed.acquire(millis(1), &key, &Cost::REQUEST);
        assert_eq!(decision.is_admit(), key < 10_000, "none of them may be forgotten");
        if decision.is_admit() {
            answer(&mut keyed, key, millis(1), &Observation::new(Outcome::Success));
        }
        most_at_once = most_at_once.max(looks.load(Ordering::Relaxed));
    }
    assert_eq!(keyed.len(), 10_000);
    assert!(most_at_once <= 32, "{most_at_once}");
}
