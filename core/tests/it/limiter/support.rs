//! Asking and answering by hand.

use std::time::Duration;

use forbear_core::{Completion, Cost, Limiter, Observation, Outcome, Throttle, Timestamp};

pub(crate) const OVERLOAD: Outcome = Outcome::Throttled(Throttle::Overload);
pub(crate) const RATE: Outcome = Outcome::Throttled(Throttle::RateLimit);

pub(crate) fn millis(millis: u64) -> Timestamp {
    Timestamp::ZERO.after(Duration::from_millis(millis))
}

/// Answers one request of the usual cost.
pub(crate) fn answer(limiter: &mut dyn Limiter, sent: Timestamp, now: Timestamp, end: Outcome) {
    answer_with(limiter, sent, now, &Observation::new(end));
}

pub(crate) fn answer_with(
    limiter: &mut dyn Limiter,
    sent_at: Timestamp,
    now: Timestamp,
    observation: &Observation,
) {
    let cost = Cost::REQUEST;
    limiter.observe(now, &Completion { sent_at, cost, actual: cost, observation });
}

/// Sends at `now` as long as it may; returns how many went.
pub(crate) fn send_all(limiter: &mut dyn Limiter, now: Timestamp) -> u32 {
    (0..10_000).take_while(|_| limiter.acquire(now, &Cost::REQUEST).is_admit()).count() as u32
}
