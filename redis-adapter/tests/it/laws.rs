use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use forbear_core::testkit::laws;
use forbear_core::{Cost, Decision, Dimension, Limiter, Timestamp};
use forbear_redis::testing::{Ledger, Plan, Pool, Reply, Settings};
use forbear_redis::{SharedLimit, SharedLimiter, WithoutRedis};

fn limit() -> SharedLimit {
    SharedLimit::rate("10/s".parse().unwrap()).with_burst(5).unwrap()
}

pub(crate) fn reply(granted: &[u64]) -> Reply {
    Reply {
        epoch: "1:a".to_owned(),
        seq: 1,
        members: 1,
        waiting: 0,
        hold_ms: 0,
        retry_us: 0,
        ttl_ms: 10_000,
        lost: false,
        differs: false,
        granted: granted.to_vec(),
    }
}

/// As in a policy.
fn attached(ledger: Ledger) -> SharedLimiter {
    let mut limiter = SharedLimiter::over(Arc::new(Pool::new(ledger)));
    assert!(limiter.attach(Timestamp::ZERO, Waker::noop()));
    limiter
}

/// One that holds `permits`, and gets no more.
fn leased(permits: u64) -> SharedLimiter {
    let mut ledger = Ledger::new(Settings::new(&[limit()]).unwrap());
    assert!(matches!(ledger.plan(Timestamp::ZERO), Plan::Call(_)));
    ledger.answered(Timestamp::ZERO, &reply(&[permits]));
    attached(ledger)
}

/// One without Redis.
fn cut_off(rule: WithoutRedis) -> SharedLimiter {
    let settings = Settings::new(&[limit()]).unwrap().without_redis(rule).own_cooldown();
    let mut ledger = Ledger::new(settings);
    assert!(matches!(ledger.plan(Timestamp::ZERO), Plan::Call(_)));
    ledger.failed(Timestamp::ZERO, "refused", Duration::from_secs(1));
    SharedLimiter::over(Arc::new(Pool::new(ledger)))
}

/// One without Redis that sends nothing, as in a policy.
fn closed() -> SharedLimiter {
    let mut limiter = cut_off(WithoutRedis::Closed);
    assert!(limiter.attach(Timestamp::ZERO, Waker::noop()));
    limiter
}

#[test]
fn a_lease_keeps_the_laws() {
    // All but one: what was admitted is not, once the lease is too old.
    laws::limiter_by_chance(|| leased(5));
    laws::limiter_by_chance(|| leased(0));
}

#[test]
fn a_share_keeps_the_laws() {
    laws::limiter(|| cut_off(WithoutRedis::LocalShare));
    laws::limiter_charging(|| cut_off(WithoutRedis::LocalShare), Dimension::Requests, 5);
}

#[test]
fn a_share_stays_within_the_rate_from_empty_on() {
    let most = |span: Duration| 5 + u64::try_from(span.as_nanos() / 100_000_000).unwrap();
    laws::limiter_within(|| cut_off(WithoutRedis::LocalShare), Dimension::Requests, most);
    let least = |span: Duration| u64::try_from(span.as_nanos() / 100_000_000).unwrap();
    laws::limiter_reaches(|| cut_off(WithoutRedis::LocalShare), Dimension::Requests, least);
}

#[test]
fn the_other_rules_keep_the_laws() {
    laws::limiter(closed);
    laws::limiter(|| cut_off(WithoutRedis::Open));
    let mut open = cut_off(WithoutRedis::Open);
    assert!((0..100).all(|_| open.acquire(Timestamp::ZERO, &Cost::REQUEST).is_admit()));
    let day = Timestamp::ZERO.after(Duration::from_secs(86_400));
    assert_eq!(closed().check(day, &Cost::REQUEST), Decision::WaitForCompletion);
}
