use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use forbear_core::limiter::{Concurrency, Gcra, TokenBucket};
use forbear_core::{Cost, Dimension, GiveUp, Limiter, Observation, Policy, Refusal};
use tokio::time::Instant;

use crate::support::{Counted, Counts, ms};

const SECOND: Duration = Duration::from_secs(1);

fn tokens(units: u32) -> Cost {
    Cost::REQUEST.with(Dimension::Tokens, units)
}

/// Ten tokens a second and ten at once, two requests in flight.
fn policy() -> (Policy, std::sync::Arc<Counts>) {
    let rate = "10/s".parse().unwrap();
    let bucket = TokenBucket::new(rate, 10).unwrap().counting(Dimension::Tokens);
    let (limiter, counts) = Counted::new(bucket.and(Concurrency::new(2).unwrap()));
    (Policy::builder().limit(limiter).deadline(60 * SECOND).build().unwrap(), counts)
}

/// How long a request of `units` waits.
async fn wait_for(policy: &Policy, units: u32) -> Duration {
    let start = Instant::now();
    drop(policy.acquire(tokens(units)).await.unwrap());
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_dropped_gives_everything_back() {
    let (policy, counts) = policy();
    let permit = policy.acquire(tokens(10)).await.unwrap();
    assert_eq!((permit.cost(), counts.in_flight()), (tokens(10), 1));
    drop(permit);
    assert_eq!(counts.in_flight(), 0);
    assert_eq!(wait_for(&policy, 10).await, Duration::ZERO);
    let seen = policy.statistics();
    assert_eq!((seen.calls, seen.sends, seen.gave_up.abandoned), (2, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn one_that_was_sent_and_dropped_stays_charged_and_gives_its_place_back() {
    let (policy, counts) = policy();
    drop(policy.acquire(tokens(10)).await.unwrap().sent());
    assert_eq!(counts.in_flight(), 0);
    assert_eq!(wait_for(&policy, 10).await, SECOND);
}

#[tokio::test(start_paused = true)]
async fn settling_refunds_what_was_not_used() {
    let (policy, counts) = policy();
    let sent = policy.acquire(tokens(10)).await.unwrap().sent();
    assert_eq!(sent.cost(), tokens(10));
    sent.settle(tokens(4));
    assert_eq!(counts.in_flight(), 0);
    assert_eq!(wait_for(&policy, 6).await, Duration::ZERO);
    assert_eq!(wait_for(&policy, 10).await, ms(400));
    assert_eq!(policy.statistics().successes, 1);
}

#[tokio::test(start_paused = true)]
async fn settling_for_more_leaves_a_debt() {
    let (policy, _) = policy();
    policy.acquire(tokens(4)).await.unwrap().sent().settle(tokens(30));
    // Ten were there, thirty are used: two seconds until there is one more than none.
    assert_eq!(wait_for(&policy, 1).await, ms(2100));
}

#[tokio::test(start_paused = true)]
async fn the_answer_of_one_holds_back_the_others() {
    let (policy, _) = policy();
    let sent = policy.acquire(tokens(1)).await.unwrap().sent();
    assert!(!sent.record(&Observation::throttled(Some(7 * SECOND))));
    assert_eq!(wait_for(&policy, 1).await, 7 * SECOND);
    let seen = policy.statistics();
    assert_eq!((seen.throttled, seen.gave_up.not_repeatable), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_goes_away_while_it_waits_holds_nothing() {
    let (policy, counts) = policy();
    let held = [policy.acquire(tokens(1)).await.unwrap(), policy.acquire(tokens(1)).await.unwrap()];
    let mut cx = Context::from_waker(Waker::noop());
    {
        let mut waits = pin!(policy.acquire(tokens(8)));
        assert!(waits.as_mut().poll(&mut cx).is_pending());
    }
    drop(held);
    assert_eq!(counts.in_flight(), 0);
    assert_eq!(wait_for(&policy, 10).await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_can_never_be_admitted_is_refused_at_once() {
    let (policy, _) = policy();
    let too_large = policy.acquire(tokens(11)).await.unwrap_err();
    let refusal = Refusal::ExceedsCapacity { cost: 11, capacity: 10 };
    assert!(matches!(too_large, GiveUp::Refused { refusal: why, .. } if why == refusal));
    assert_eq!(wait_for(&policy, 10).await, Duration::ZERO);
}

#[test]
fn threads_wait_for_it_as_tasks_do() {
    let gcra = Gcra::per("50/s".parse().unwrap());
    let policy = Policy::builder().limit(gcra).build().unwrap();
    let start = std::time::Instant::now();
    policy.acquire_blocking(Cost::REQUEST).unwrap().sent().settle(Cost::REQUEST);
    drop(policy.acquire_blocking(Cost::REQUEST).unwrap());
    // The second was not sent: it is its charge that the third uses, one interval later.
    policy.acquire_blocking(Cost::REQUEST).unwrap().sent().settle(Cost::REQUEST);
    assert!(start.elapsed() >= ms(20));
}
