//! A bound on the requests in flight that follows the server.
//!
//! [`Adaptive`] counts, measures and takes turns; a law, such as [`Aimd`],
//! [`Vegas`] or [`Gradient`], moves the bound. The laws are those of Netflix's
//! concurrency-limits (<https://github.com/Netflix/concurrency-limits>) in
//! integers. What is around them differs in three ways:
//!
//! * A law is asked once in each round trip, with the mean of the round, not at
//!   every answer, so that it sees the effect of a change before the next one.
//! * A refusal of a request that was sent before the last cut does not cut again:
//!   one storm, one cut (fast recovery, RFC 6582).
//! * A refusal, its kind and the latency are separate signals. The latency of a
//!   refusal is no measure of the work that was not done.

mod aimd;
mod average;
mod gradient;
mod vegas;

use core::fmt;
use core::time::Duration;

use super::{Completion, Limiter, is_stale};
use crate::time::nanos;
use crate::{Cost, Decision, Outcome, Throttle, Timestamp};

pub use self::{aimd::Aimd, gradient::Gradient, vegas::Vegas};

/// A law by which the number of requests in flight is bounded.
///
/// # Contract
///
/// * `limit` is at least 1.
/// * Only `update` changes it.
pub trait AdaptiveLimit: fmt::Debug + Send {
    /// How many requests may be in flight.
    fn limit(&self) -> u32;

    /// Takes in one round trip.
    fn update(&mut self, sample: &Sample);

    /// What it is called where a wait is explained.
    fn name(&self) -> &'static str {
        "adaptive"
    }
}

/// What one round trip showed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a law is tested on samples made by hand")]
pub struct Sample {
    /// The mean time from send to success, rounded down; zero if none succeeded.
    pub latency: Duration,
    /// The most requests that were in flight.
    pub in_flight: u32,
    /// Why the server refused one that was sent after the last cut.
    pub dropped: Option<Throttle>,
}

/// At most as many requests in flight as a law allows.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::{Adaptive, Aimd};
/// use forbear_core::{Completion, Cost, Limiter, Observation, Timestamp};
///
/// let mut limiter = Adaptive::new(Aimd::new(30).unwrap());
/// let (now, cost) = (Timestamp::from_nanos(1), Cost::REQUEST);
/// let refused = Observation::throttled(None);
/// let completion = Completion { sent_at: now, cost, actual: cost, observation: &refused };
/// for _ in 0..30 {
///     assert!(limiter.acquire(now, &cost).is_admit());
/// }
/// for _ in 0..30 {
///     limiter.observe(Timestamp::from_nanos(2), &completion);
/// }
/// // Thirty refusals of one storm are one cut, to nine tenths.
/// assert_eq!(limiter.limit(), 27);
/// ```
#[derive(Clone, Debug)]
pub struct Adaptive<A> {
    law: A,
    /// The bound at the start.
    initial: u32,
    in_flight: u32,
    round: Round,
    last_cut: Option<Timestamp>,
    latest: Timestamp,
}

/// What was seen since the law was asked last.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    began: Timestamp,
    latency_ns: u128,
    successes: u32,
    peak: u32,
}

impl Round {
    const fn began(now: Timestamp) -> Self {
        Self { began: now, latency_ns: 0, successes: 0, peak: 0 }
    }

    fn sample(&self, dropped: Option<Throttle>) -> Sample {
        let mean_ns = self.latency_ns.checked_div(u128::from(self.successes)).unwrap_or(0);
        let latency = Duration::from_nanos(u64::try_from(mean_ns).unwrap_or(u64::MAX));
        Sample { latency, in_flight: self.peak, dropped }
    }
}

impl<A: AdaptiveLimit> Adaptive<A> {
    /// Bounded by `law`.
    pub fn new(law: A) -> Self {
        let initial = law.limit();
        let (round, latest) = (Round::default(), Timestamp::ZERO);
        Self { law, initial, in_flight: 0, round, last_cut: None, latest }
    }

    /// How many requests may be in flight.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.law.limit()
    }

    /// How many requests are in flight.
    #[must_use]
    pub const fn in_flight(&self) -> u32 {
        self.in_flight
    }
}

impl<A: AdaptiveLimit> Limiter for Adaptive<A> {
    fn check(&self, _: Timestamp, _: &Cost) -> Decision {
        if self.in_flight < self.law.limit().max(1) {
            Decision::Admit
        } else {
            Decision::WaitForCompletion
        }
    }

    fn commit(&mut self, now: Timestamp, _: &Cost) {
        self.latest = self.latest.max(now);
        self.in_flight = self.in_flight.saturating_add(1);
        self.round.peak = self.round.peak.max(self.in_flight);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.latest = self.latest.max(now);
        self.round.peak = self.round.peak.max(self.in_flight);
        self.in_flight = self.in_flight.saturating_sub(1);
        let sent_at = completion.sent_at;
        match completion.observation.outcome {
            // No number in flight is right for a quota that is used up.
            Outcome::Throttled(kind)
                if kind != Throttle::QuotaExhausted
                    && self.last_cut.is_none_or(|cut| sent_at > cut) =>
            {
                self.law.update(&self.round.sample(Some(kind)));
                self.last_cut = Some(now);
                self.round = Round::began(now);
            }
            Outcome::Success => {
                let round = &mut self.round;
                round.latency_ns += u128::from(nanos(now.since(sent_at)));
                round.successes = round.successes.saturating_add(1);
                if sent_at >= round.began {
                    self.law.update(&self.round.sample(None));
                    self.round = Round::began(now);
                }
            }
            // Says nothing about load, or nothing at all.
            _ => {}
        }
    }

    /// With nothing in flight, where the bound is not below that of the start, or
    /// after [`STALE_AFTER`](super::STALE_AFTER).
    fn is_idle(&self, now: Timestamp) -> bool {
        self.in_flight == 0 && (self.law.limit() >= self.initial || is_stale(now, self.latest))
    }

    fn name(&self) -> &'static str {
        self.law.name()
    }
}
