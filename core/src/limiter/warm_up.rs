//! A rate that a client works up to.
//!
//! Guava's `SmoothWarmingUp` (<https://github.com/google/guava>,
//! `SmoothRateLimiter.java`): caches fill, connections open and fleets scale while
//! the first requests come slowly. A pause makes the client cold again, step by
//! step. In exact integers: what a pause saved up is kept as the time that it is
//! worth at the full rate, and only the time that coldness adds is rounded, up.

use core::time::Duration;

use super::bucket_math::Shape;
use super::{Completion, Limiter};
use crate::time::nanos;
use crate::{Cost, Decision, Dimension, InvalidConfig, Rate, Timestamp};

/// `rate`, evenly spaced, after a warm-up at a slower pace.
///
/// The pace begins at `cold` times the interval and reaches the full rate after
/// `period`; a pause of `period` makes it cold again. As in a leaky bucket, no
/// cost is too large, and what a request costs holds back the next one. It starts
/// cold.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::WarmUp;
/// use forbear_core::{Cost, Decision, Limiter, Timestamp};
///
/// let mut limiter = WarmUp::new("2/s".parse().unwrap(), Duration::from_secs(4)).unwrap();
/// let mut now = Timestamp::ZERO;
/// let mut waits = [0; 6];
/// for wait_ms in &mut waits {
///     while let Decision::WaitUntil(time) = limiter.acquire(now, &Cost::REQUEST) {
///         *wait_ms = time.since(now).as_millis();
///         now = time;
///     }
/// }
/// assert_eq!(waits, [0, 1375, 1125, 875, 625, 500]);
/// ```
#[derive(Clone, Debug)]
pub struct WarmUp {
    shape: Shape,
    period_ns: u64,
    cold: u32,
    /// When the next request may go, in ticks.
    next: u128,
    /// How cold it was at `next`: the ticks that what was saved up is worth at the
    /// full rate.
    stored: u128,
}

impl WarmUp {
    /// Works up to `rate` within `period`, beginning at a third of it.
    ///
    /// # Errors
    ///
    /// If `period` is 0.
    pub fn new(rate: Rate, period: Duration) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_no_time("period", period)?;
        // A quarter of all time, so that sums of a few periods do not overflow.
        let period_ns = nanos(period).min(u64::MAX >> 2);

        let shape = Shape::new(rate);
        let limiter = Self { shape, period_ns, cold: 3, next: 0, stored: 0 };
        Ok(limiter.at_its_coldest())
    }

    /// Begins at `cold` times the interval of the rate.
    ///
    /// # Errors
    ///
    /// If it is not from 1 to 1000.
    pub fn from_cold(mut self, cold: u32) -> Result<Self, InvalidConfig> {
        if !(1..=1000).contains(&cold) {
            return Err(InvalidConfig::new("cold_factor", cold, "from 1 to 1000"));
        }
        self.cold = cold;
        Ok(self.at_its_coldest())
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub const fn counting(mut self, dimension: Dimension) -> Self {
        self.shape.dimension = dimension;
        self
    }

    fn at_its_coldest(mut self) -> Self {
        self.stored = self.coldest();
        self
    }

    /// `period` in ticks.
    const fn period(&self) -> u128 {
        self.shape.at(Timestamp::from_nanos(self.period_ns))
    }

    /// The most that is stored: `period * (5 + cold) / (2 * (1 + cold))`.
    const fn coldest(&self) -> u128 {
        let cold = self.cold as u128;
        let twice = 2 * (1 + cold);
        let period = self.period();
        // Parted, since the product may pass 2^128.
        period / twice * (5 + cold) + period % twice * (5 + cold) / twice
    }

    /// What is stored after a pause until `now`: it fills up in one period.
    fn stored_at(&self, now: Timestamp) -> u128 {
        let pause = self.shape.at(now).saturating_sub(self.next);
        let cold = u128::from(self.cold);
        let twice = 2 * (1 + cold);
        let rest = pause % twice * (5 + cold) / twice;
        let grown = (pause / twice).saturating_mul(5 + cold).saturating_add(rest);
        self.stored.saturating_add(grown).min(self.coldest())
    }

    /// The ticks that coldness adds to spending `stored` down to `left`.
    ///
    /// Above half a period the interval rises evenly from the full rate's to
    /// `cold` times it. The area under that line is
    /// `(cold^2 - 1) / (4 * period) * (high^2 - low^2)`.
    fn added(&self, stored: u128, left: u128) -> u128 {
        let half = self.period() / 2;
        let ns = |ticks: u128| ticks.saturating_sub(half).div_ceil(self.ticks_a_ns());
        // Each is at most two periods, below 2^64, and their product below 2^128.
        let (high, low) = (ns(stored), ns(left));
        let steepness = u128::from(self.cold).pow(2) - 1;
        let area = (high - low) * (high + low);
        let period = 4 * u128::from(self.period_ns);
        let added_ns = (area / period).saturating_mul(steepness)
            + (area % period * steepness).div_ceil(period);
        added_ns.saturating_mul(self.ticks_a_ns())
    }

    const fn ticks_a_ns(&self) -> u128 {
        self.shape.at(Timestamp::from_nanos(1))
    }
}

impl Limiter for WarmUp {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        if cost.get(self.shape.dimension) == 0 || self.next <= self.shape.at(now) {
            return Decision::Admit;
        }
        self.shape.opens_at(self.next)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let units = cost.get(self.shape.dimension);
        if units == 0 {
            return;
        }
        let stored = self.stored_at(now);
        let units = self.shape.units(units);
        let left = stored.saturating_sub(units);
        let wait = units.saturating_add(self.added(stored, left));
        self.next = self.next.max(self.shape.at(now)).saturating_add(wait);
        self.stored = left;
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.next = self.shape.settled(self.next, now, completion);
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.next <= self.shape.at(now) && self.stored_at(now) == self.coldest()
    }

    fn name(&self) -> &'static str {
        "warm_up"
    }
}
