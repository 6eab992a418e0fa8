//! What is kept for each key, and what is forgotten.

use std::time::Duration;

use forbear_core::limiter::{Concurrency, Cooldown, Gcra, Keyed};
use forbear_core::{Completion, Cost, Decision, Limiter, Observation, Outcome, Refusal, Timestamp};

use super::support::millis;

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
