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

use super::purse::{Purse, UNIT};
use super::{Completion, Limiter, is_stale};
use crate::text::Decimal;
use crate::{Cost, Decision, Dimension, InvalidConfig, Outcome, Quantity, Throttle, Timestamp};

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
    /// One second's worth, at least one unit.
    purse: Purse,
}

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
        self.pace.map(|pace| Quantity::from_micros(pace.purse.rate()))
    }

    fn cut(&mut self, now: Timestamp) {
        let measured = self.meter.rate();
        let peak = self.rate().map_or(measured, |rate| rate.min(measured));
        let peak = peak.max(Quantity::from_micros(self.floor));
        let curve = CubicCurve::kept(now, peak, self.kept);
        let kept = u128::from(peak.as_micros()) * u128::from(self.kept.digits)
            / u128::from(self.kept.denominator());
        let rate = u64::try_from(kept).unwrap_or(u64::MAX).max(self.floor);
        let empty = || Purse::empty(now, rate, capacity(rate));
        let mut purse = self.pace.map_or_else(empty, |pace| pace.purse);
        purse.set(now, rate, capacity(rate));
        self.pace = Some(Pace { curve, cut_at: now, purse });
    }

    fn grow(&mut self, now: Timestamp) {
        let twice = self.meter.rate().as_micros().saturating_mul(2);
        if let Some(pace) = &mut self.pace {
            let rate = pace.curve.rate(now).as_micros().min(twice).max(self.floor);
            pace.purse.set(now, rate, capacity(rate));
        }
    }
}

/// What may go at once at this rate: one second's worth, at least one unit.
fn capacity(rate: u64) -> i128 {
    (i128::from(rate) * 1_000_000_000).max(UNIT)
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
            (units, Some(pace)) => pace.purse.check(now, units),
        }
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        self.latest = self.latest.max(now);
        self.meter.start(now);
        let units = cost.get(self.dimension);
        if let Some(pace) = &mut self.pace {
            pace.purse.spend(now, units);
        }
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.latest = self.latest.max(now);
        let charged = completion.cost.get(self.dimension);
        let actual = completion.actual.get(self.dimension);
        if let Some(pace) = &mut self.pace {
            pace.purse.settle(charged, actual);
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
        let is_full = |pace: Pace| pace.purse.is_full(now);
        is_stale(now, self.latest) && self.pace.is_none_or(is_full)
    }

    fn name(&self) -> &'static str {
        "cubic"
    }
}
