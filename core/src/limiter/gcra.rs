//! The generic cell rate algorithm.
//!
//! ITU-T I.371 Annex A, virtual scheduling: a token bucket kept as one number,
//! the theoretical arrival time (TAT) of the next request if all came evenly
//! spaced. Kept exact, not as a rounded emission interval, so that a rate of 7 a
//! microsecond is reached and never passed.

use super::bucket_math::Shape;
use super::{Completion, Limiter, spare};
use crate::{Cost, Decision, Dimension, InvalidConfig, Rate, Timestamp};

/// `rate`, with up to `burst` units at once after a pause.
///
/// In any span of time `t`, at most `burst + rate * t` units are admitted, and a
/// client that asks as soon as it may gets as many. The burst is available at
/// the start. A cost above the burst is refused at once.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::Gcra;
/// use forbear_core::{Cost, Decision, Limiter, Timestamp};
///
/// let mut limiter = Gcra::per("100/s".parse().unwrap()).with_burst(2).unwrap();
/// let start = Timestamp::ZERO;
/// assert!(limiter.acquire(start, &Cost::REQUEST).is_admit());
/// assert!(limiter.acquire(start, &Cost::REQUEST).is_admit());
/// let in_10_ms = Timestamp::from_nanos(10_000_000);
/// assert_eq!(limiter.acquire(start, &Cost::REQUEST), Decision::WaitUntil(in_10_ms));
/// ```
#[derive(Clone, Debug)]
pub struct Gcra {
    shape: Shape,
    /// Theoretical arrival time, in ticks.
    tat: u128,
}

impl Gcra {
    /// `rate` requests, one at a time: a burst of 1.
    #[must_use]
    pub const fn per(rate: Rate) -> Self {
        Self { shape: Shape::new(rate), tat: 0 }
    }

    /// Up to `burst` units at once.
    ///
    /// # Errors
    ///
    /// If `burst` is 0.
    pub fn with_burst(mut self, burst: u32) -> Result<Self, InvalidConfig> {
        self.shape = self.shape.with_burst(burst)?;
        Ok(self)
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub const fn counting(mut self, dimension: Dimension) -> Self {
        self.shape.dimension = dimension;
        self
    }

    /// Limits to `rate` from `now` on; the units that are owed stay owed.
    ///
    /// A wait that was named before is no longer exact.
    pub fn set_rate(&mut self, now: Timestamp, rate: Rate) {
        let owed = self.tat.saturating_sub(self.shape.at(now));
        let shape = self.shape.at_rate(rate);
        self.tat = shape.at(now).saturating_add(self.shape.converted(owed, &shape));
        self.shape = shape;
    }

    /// Lets up to `burst` units through at once from `now` on; no unit is won or
    /// lost by the change.
    ///
    /// # Errors
    ///
    /// If `burst` is 0.
    pub fn set_burst(&mut self, now: Timestamp, burst: u32) -> Result<(), InvalidConfig> {
        let shape = self.shape.with_burst(burst)?;
        let earned = self.shape.units(self.shape.burst);
        let owed = self.tat.saturating_sub(self.shape.at(now));
        // A smaller burst forgets what it cannot hold.
        let owed = owed.saturating_add(shape.units(burst)).saturating_sub(earned);
        self.tat = shape.at(now).saturating_add(owed);
        self.shape = shape;
        Ok(())
    }
}

impl Limiter for Gcra {
    #[inline]
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let spare = match spare(cost, self.shape.dimension, self.shape.burst) {
            Ok(spare) => spare,
            Err(decision) => return decision,
        };
        let earliest = self.tat.saturating_sub(self.shape.units(spare));
        if earliest <= self.shape.at(now) {
            return Decision::Admit;
        }
        self.shape.opens_at(earliest)
    }

    #[inline]
    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let units = self.shape.units(cost.get(self.shape.dimension));
        self.tat = self.tat.max(self.shape.at(now)).saturating_add(units);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.tat = self.shape.settled(self.tat, now, completion);
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.tat <= self.shape.at(now)
    }

    fn name(&self) -> &'static str {
        "gcra"
    }
}
