//! Adaptive throttling on the client's side.
//!
//! "Handling Overload" of the SRE book
//! (<https://sre.google/sre-book/handling-overload/>, equation 2.1): with
//! `requests` and `accepts` counted over two minutes, a request is dropped at the
//! client with probability `max(0, (requests - K * accepts) / (requests + 1))`.
//! Even refusals cost the server, so a client that is mostly refused stops to ask.
//!
//! Two things follow from a `check` that changes nothing:
//!
//! * Lots are not drawn but computed, from a seed, the number of sends so far and
//!   the time, so the same question has the same answer. A lot that was drawn and
//!   kept until the next send would, if it is a bad one, drop everything until
//!   then, and there would be no next send.
//! * Dropped requests are not seen, so they are counted by those that were not:
//!   one sent while a share `p` is dropped stands for `1 / (1 - p)` requests. The
//!   expected sum is the number of all.

use core::time::Duration;

use super::rolling::Rolling;
use super::{Completion, Limiter};
use crate::text::Decimal;
use crate::{
    Cost, Decision, Entropy, InvalidConfig, Outcome, Refusal, SplitMix64, Throttle, Timestamp,
};

/// Drops a share of the requests while the server refuses more than `1 - 1 / K`.
///
/// A request is accepted unless the server refused it for its load or failed in a
/// way that may pass. Refuses with [`Refusal::Shed`]; never waits. It draws lots,
/// so what is refused now may be admitted 1 ns later.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::AdaptiveThrottle;
/// use forbear_core::{Completion, Cost, Limiter, Observation, Timestamp};
///
/// let mut throttle = AdaptiveThrottle::new(2.0).unwrap();
/// let (now, cost) = (Timestamp::ZERO, Cost::REQUEST);
/// let refused = Observation::throttled(None);
/// throttle.commit(now, &cost);
/// throttle.observe(now, &Completion { sent_at: now, cost, actual: cost, observation: &refused });
/// // One request, none accepted: (1 - 2 * 0) / (1 + 1).
/// assert_eq!(throttle.drop_millionths(now), 500_000);
/// ```
#[derive(Clone, Debug)]
pub struct AdaptiveThrottle {
    k: Decimal,
    seed: u64,
    sends: u64,
    latest: Timestamp,
    /// Requests in millionths, and accepts.
    seen: Rolling,
}

const ONE: u128 = 1_000_000;

impl AdaptiveThrottle {
    /// The span over which requests are counted, in the SRE book.
    pub const SPAN: Duration = Duration::from_secs(120);

    /// With this `K`, of which 2 is the book's advice: at 2, half of the requests
    /// may be refused before any is dropped here.
    ///
    /// # Errors
    ///
    /// If `k` is not from 1 to 1000.
    pub fn new(k: f64) -> Result<Self, InvalidConfig> {
        let fits = |decimal: &Decimal| {
            let one = decimal.denominator();
            (one..=one.saturating_mul(1000)).contains(&decimal.digits)
        };
        let decimal = Decimal::from_f64(k).filter(fits);
        let k = decimal.ok_or_else(|| InvalidConfig::new("k", k, "a number from 1 to 1000"))?;
        let seen = Rolling::over(crate::time::nanos(Self::SPAN));
        Ok(Self { k, seed: 0, sends: 0, latest: Timestamp::ZERO, seen })
    }

    /// Draws its lots from this seed.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The share of requests that are dropped at `now`, in millionths, rounded down.
    #[must_use]
    pub fn drop_millionths(&self, now: Timestamp) -> u32 {
        let (excess, all) = self.share(now);
        u32::try_from(excess.saturating_mul(ONE) / all).unwrap_or(0)
    }

    /// `(requests - K * accepts, requests + 1)`, in millionths of a request.
    fn share(&self, now: Timestamp) -> (u128, u128) {
        let [requests, accepts] = self.seen.sums(now).map(u128::from);
        let paid = accepts * ONE * u128::from(self.k.digits) / u128::from(self.k.denominator());
        (requests.saturating_sub(paid), requests + ONE)
    }

    /// A number that is uniform below 2^64, and the same for the same question.
    fn lot(&self, now: Timestamp) -> u64 {
        // Odd, so that no two times or numbers of sends meet in one seed.
        let time = now.as_nanos().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = SplitMix64::new(self.seed ^ time).next_u64();
        SplitMix64::new(mixed ^ self.sends).next_u64()
    }
}

impl Limiter for AdaptiveThrottle {
    fn check(&self, now: Timestamp, _: &Cost) -> Decision {
        let now = now.max(self.latest);
        let (excess, all) = self.share(now);
        // lot / 2^64 < excess / all, in millionths: below 2^84.
        let millionths = (excess * ONE).div_ceil(all);
        if u128::from(self.lot(now)) * ONE < millionths << 64 {
            return Decision::Refuse(Refusal::Shed);
        }
        Decision::Admit
    }

    fn commit(&mut self, now: Timestamp, _: &Cost) {
        let (excess, all) = self.share(now);
        // 1 / (1 - p), in millionths. The share is below 1, so the rest is above 0.
        let weight = all * ONE / (all - excess).max(1);
        self.latest = self.latest.max(now);
        self.sends = self.sends.wrapping_add(1);
        self.seen.add(now, [u64::try_from(weight).unwrap_or(u64::MAX), 0]);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.latest = self.latest.max(now);
        let accepted = match completion.observation.outcome {
            // The server's quota for this client is no sign of its load, but each
            // refusal costs it the same.
            Outcome::Throttled(kind) => kind == Throttle::QuotaExhausted,
            Outcome::Transient => false,
            Outcome::Success | Outcome::Permanent | Outcome::Ignored => true,
        };
        self.seen.add(now, [0, u64::from(accepted)]);
    }

    /// Once all that it counts is older than [`SPAN`](Self::SPAN).
    fn is_idle(&self, now: Timestamp) -> bool {
        self.seen.sums(now.max(self.latest)) == [0, 0]
    }

    fn name(&self) -> &'static str {
        "adaptive_throttle"
    }
}
