//! A bound on the requests in flight that follows the server.
//!
//! [`Adaptive`] counts, measures and takes turns; a law, such as [`Aimd`],
//! [`Vegas`] or [`Gradient`], moves the bound. The laws are those of Netflix's
//! concurrency-limits (<https://github.com/Netflix/concurrency-limits>) in
//! integers. What is around them differs in three ways:
//!
//! * A law is asked once in each round trip, with the mean or a percentile of the
//!   round, not at every answer, so that it sees the effect of a change before the
//!   next one.
//! * A refusal of a request that was sent before the last cut does not cut again:
//!   one storm, one cut (fast recovery, RFC 6582).
//! * A refusal, its kind and the latency are separate signals. The latency of a
//!   refusal is no measure of the work that was not done.

mod aimd;
mod average;
mod gradient;
mod latencies;
mod vegas;

use core::fmt;
use core::time::Duration;

use self::latencies::Latencies;
use super::{Completion, Limiter, is_stale};
use crate::time::nanos;
use crate::{Cost, Decision, InvalidConfig, Outcome, Throttle, Timestamp};

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
    /// The mean time from send to success, rounded down, or the percentile that
    /// [`Adaptive::at_percentile`] asks for; zero if none succeeded.
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
    latencies: Latencies,
    last_cut: Option<Timestamp>,
    latest: Timestamp,
}

/// What was seen since the law was asked last.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    began: Timestamp,
    peak: u32,
}

impl Round {
    const fn began(now: Timestamp) -> Self {
        Self { began: now, peak: 0 }
    }
}

impl<A: AdaptiveLimit> Adaptive<A> {
    /// Bounded by `law`.
    pub fn new(law: A) -> Self {
        let initial = law.limit();
        let (round, latencies) = (Round::default(), Latencies::mean());
        let (last_cut, latest) = (None, Timestamp::ZERO);
        Self { law, initial, in_flight: 0, round, latencies, last_cut, latest }
    }

    /// Shows the law the latency that `share` of a round does not exceed, instead of the
    /// mean: 0.5 for the median, which a few slow answers do not move, 0.9 for a law that
    /// is to act when the slowest tenth gets slower.
    ///
    /// By nearest rank, over up to 128 answers that are spread over the round; `share` is
    /// read as a decimal of up to nine places. Takes 1 KiB.
    ///
    /// # Errors
    ///
    /// If `share` is not above 0 and at most 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_core::limiter::{Adaptive, Vegas};
    ///
    /// let by_median = Adaptive::new(Vegas::new(20, 1000)?).at_percentile(0.5)?;
    /// # let _ = by_median;
    /// assert!(Adaptive::new(Vegas::new(20, 1000)?).at_percentile(50.0).is_err());
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    pub fn at_percentile(mut self, share: f64) -> Result<Self, InvalidConfig> {
        self.latencies = Latencies::percentile(share)?;
        Ok(self)
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

    /// Shows the law the round that is over now.
    fn end_round(&mut self, now: Timestamp, dropped: Option<Throttle>) {
        let (latency, in_flight) = (self.latencies.end_round(), self.round.peak);
        self.law.update(&Sample { latency, in_flight, dropped });
        self.round = Round::began(now);
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
                self.end_round(now, Some(kind));
                self.last_cut = Some(now);
            }
            Outcome::Success => {
                self.latencies.add(nanos(now.since(sent_at)));
                if sent_at >= self.round.began {
                    self.end_round(now, None);
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
