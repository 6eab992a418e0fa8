//! A rate that follows the server's refusals along a cubic curve.
//!
//! The adaptive mode of the AWS SDKs (botocore `retries/adaptive.py`, smithy-rs
//! `client_rate_limiter.rs`), which took the curve from CUBIC (RFC 9438): fast
//! back to near the rate that was too much, slow around it, fast beyond.
//!
//! One rule is added. The SDKs cut at every refusal; with many requests in flight
//! one storm cuts the rate to nothing. As in TCP, a refusal of a request that was
//! sent before the last cut does not cut again.

mod curve;
mod meter;

use super::{Completion, Limiter, is_stale};
use crate::text::Decimal;
use crate::{
    Cost, Decision, Dimension, InvalidConfig, Outcome, Quantity, Refusal, Throttle, Timestamp,
};

pub use self::curve::CubicCurve;
use self::meter::Meter;

/// Any rate until the server refuses one; then seven tenths of it, growing along
/// a [`CubicCurve`].
///
/// It starts without a limit. The rate never exceeds twice the rate of answers
/// and never falls below half a unit a second, unless set otherwise. Up to one second's worth, and at
/// least one unit, may go at once; what costs more waits for a full bucket and
/// leaves a debt, so no cost is too large. Errors other than refusals change
/// nothing.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::Cubic;
/// use forbear_core::{Completion, Cost, Limiter, Observation, Quantity, Timestamp};
///
/// let mut limiter = Cubic::new();
/// let (now, cost) = (Timestamp::from_nanos(1), Cost::REQUEST);
/// let refused = Observation::throttled(None);
/// for _ in 0..5 {
///     limiter.commit(now, &cost);
/// }
/// assert_eq!(limiter.rate(), None);
/// for _ in 0..5 {
///     let completion = Completion { sent_at: now, cost, actual: cost, observation: &refused };
///     limiter.observe(Timestamp::from_nanos(2), &completion);
/// }
/// // The first answer of a half-second is two a second; five refusals are one cut.
/// assert_eq!(limiter.rate().unwrap().to_string(), "1.4");
/// ```
#[derive(Clone, Debug)]
pub struct Cubic {
    dimension: Dimension,
    meter: Meter,
    pace: Option<Pace>,
    latest: Timestamp,
    /// What is kept at a cut.
    kept: Decimal,
    /// The least rate, in millionths of a unit per second; not 0.
    floor: u64,
}

/// The limit in force since the first cut.
#[derive(Clone, Copy, Debug)]
struct Pace {
    curve: CubicCurve,
    cut_at: Timestamp,
    /// Millionths of a unit per second.
    rate: u64,
    /// What may go, in units of 10^-15; negative is a debt.
    tokens: i128,
    updated: Timestamp,
}

/// One unit: 10^6 millionths a second times 10^9 ns.
const UNIT: i128 = 1_000_000_000_000_000;
/// Half a unit a second.
const RATE_MIN: u64 = 500_000;

impl Cubic {
    /// Without a limit, until the server refuses a request.
    #[must_use]
    pub fn new() -> Self {
        Self {
            dimension: Dimension::Requests,
            meter: Meter::default(),
            pace: None,
            latest: Timestamp::ZERO,
            kept: Decimal { digits: 7, places: 1 },
            floor: RATE_MIN,
        }
    }

    /// Keeps `ratio` of the rate at a refusal, instead of seven tenths.
    ///
    /// # Errors
    ///
    /// If `ratio` is not above 0 and below 1.
    pub fn cutting_to(mut self, ratio: f64) -> Result<Self, InvalidConfig> {
        self.kept = curve::share(ratio)?;
        Ok(self)
    }

    /// Never falls below `rate` units a second, instead of half a unit; at most 10^9
    /// count.
    ///
    /// ```
    /// use forbear_core::Quantity;
    /// use forbear_core::limiter::Cubic;
    ///
    /// let slow = Cubic::new().cutting_to(0.5)?.never_below(Quantity::from_micros(10_000))?;
    /// # let _ = slow;
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is 0.
    pub fn never_below(mut self, rate: Quantity) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("rate", rate.as_micros())?;
        self.floor = rate.as_micros().min(CubicCurve::PEAK_MICROS_MAX);
        Ok(self)
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub const fn counting(mut self, dimension: Dimension) -> Self {
        self.dimension = dimension;
        self
    }

    /// Units a second, once the server has refused a request.
    #[must_use]
    pub fn rate(&self) -> Option<Quantity> {
        self.pace.map(|pace| Quantity::from_micros(pace.rate))
    }

    fn cut(&mut self, now: Timestamp) {
        let measured = self.meter.rate();
        let peak = self.rate().map_or(measured, |rate| rate.min(measured));
        let peak = peak.max(Quantity::from_micros(self.floor));
        let curve = CubicCurve::kept(now, peak, self.kept);
        let (tokens, updated) = self.pace.map_or((0, now), |pace| {
            let updated = pace.updated.max(now);
            (pace.tokens_at(updated), updated)
        });
        let kept = u128::from(peak.as_micros()) * u128::from(self.kept.digits)
            / u128::from(self.kept.denominator());
        let rate = u64::try_from(kept).unwrap_or(u64::MAX).max(self.floor);
        self.pace = Some(Pace { curve, cut_at: now, rate, tokens, updated }.trimmed());
    }

    fn grow(&mut self, now: Timestamp) {
        let twice = self.meter.rate().as_micros().saturating_mul(2);
        if let Some(pace) = &mut self.pace {
            let updated = pace.updated.max(now);
            (pace.tokens, pace.updated) = (pace.tokens_at(updated), updated);
            pace.rate = pace.curve.rate(now).as_micros().min(twice).max(self.floor);
            *pace = pace.trimmed();
        }
    }
}

impl Pace {
    /// What the bucket holds: one second's worth, at least one unit.
    fn capacity(&self) -> i128 {
        (i128::from(self.rate) * 1_000_000_000).max(UNIT)
    }

    fn tokens_at(&self, now: Timestamp) -> i128 {
        let elapsed_ns = now.as_nanos().saturating_sub(self.updated.as_nanos());
        (self.tokens + i128::from(elapsed_ns) * i128::from(self.rate)).min(self.capacity())
    }

    fn trimmed(mut self) -> Self {
        self.tokens = self.tokens.min(self.capacity());
        self
    }

    fn check(&self, now: Timestamp, units: u32) -> Decision {
        let wanted = (i128::from(units) * UNIT).min(self.capacity());
        if self.tokens_at(now) >= wanted {
            return Decision::Admit;
        }
        // The rate is at least the floor, which is not 0.
        let rate = i128::from(self.rate);
        let missing = wanted - self.tokens;
        let wait_ns = (missing + rate - 1) / rate;
        match u64::try_from(i128::from(self.updated.as_nanos()) + wait_ns) {
            Ok(at) => Decision::WaitUntil(Timestamp::from_nanos(at)),
            Err(_) => Decision::Refuse(Refusal::BeyondTime),
        }
    }
}

impl Default for Cubic {
    fn default() -> Self {
        Self::new()
    }
}

impl Limiter for Cubic {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        match (cost.get(self.dimension), &self.pace) {
            (0, _) | (_, None) => Decision::Admit,
            (units, Some(pace)) => pace.check(now, units),
        }
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        self.latest = self.latest.max(now);
        self.meter.start(now);
        let units = cost.get(self.dimension);
        if let Some(pace) = &mut self.pace {
            let updated = pace.updated.max(now);
            pace.tokens = pace.tokens_at(updated) - i128::from(units) * UNIT;
            pace.updated = updated;
        }
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.latest = self.latest.max(now);
        let charged = completion.cost.get(self.dimension);
        let actual = completion.actual.get(self.dimension);
        if let Some(pace) = &mut self.pace {
            pace.tokens += (i128::from(charged) - i128::from(actual)) * UNIT;
            *pace = pace.trimmed();
        }
        let sent_at = completion.sent_at;
        let is_news = self.pace.is_none_or(|pace| sent_at > pace.cut_at);
        match completion.observation.outcome {
            Outcome::Ignored => return,
            Outcome::Throttled(kind) if kind != Throttle::QuotaExhausted => {
                self.meter.record(now, u64::from(actual));
                if is_news {
                    self.cut(now);
                }
                return;
            }
            _ => self.meter.record(now, u64::from(actual)),
        }
        if is_news && completion.observation.outcome == Outcome::Success {
            self.grow(now);
        }
    }

    /// After [`STALE_AFTER`](super::STALE_AFTER), once its bucket is full. Not
    /// sooner even without a limit: the rate of answers would be measured anew.
    fn is_idle(&self, now: Timestamp) -> bool {
        let is_full = |pace: Pace| pace.tokens_at(now) >= pace.capacity();
        is_stale(now, self.latest) && self.pace.is_none_or(is_full)
    }

    fn name(&self) -> &'static str {
        "cubic"
    }
}
