//! The leaky bucket as a queue: requests drip out at an even pace.
//!
//! Turner, "New directions in communications", 1986. Where
//! [`Gcra`](super::Gcra) and [`TokenBucket`](super::TokenBucket) save up what was
//! not used, this one does not: no burst, after no pause. Guava's
//! `SmoothBursty` without its burst, uber-go's `ratelimit` without its slack.

use super::bucket_math::Shape;
use super::{Completion, Limiter};
use crate::{Cost, Decision, Dimension, Rate, Timestamp};

/// `rate`, evenly spaced.
///
/// A request goes when all that went before has drained, and what it costs holds
/// back the next one, so no cost is too large: a request of 1200 units at 1000 a
/// second goes at once and the next one 1.2 s later. In any span of time `t`, at
/// most `rate * t` units and one request are admitted. An actual cost other than
/// the estimate moves the next request.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::LeakyBucket;
/// use forbear_core::{Cost, Decision, Dimension, Limiter, Timestamp};
///
/// let mut bucket = LeakyBucket::new("1000/s".parse().unwrap()).counting(Dimension::Tokens);
/// let large = Cost::REQUEST.with(Dimension::Tokens, 1200);
/// assert!(bucket.acquire(Timestamp::ZERO, &large).is_admit());
/// let drained = Timestamp::from_nanos(1_200_000_000);
/// assert_eq!(bucket.acquire(Timestamp::ZERO, &large), Decision::WaitUntil(drained));
/// ```
#[derive(Clone, Debug)]
pub struct LeakyBucket {
    shape: Shape,
    /// When all that went has drained, in ticks.
    drained: u128,
}

impl LeakyBucket {
    /// `rate` requests.
    #[must_use]
    pub const fn new(rate: Rate) -> Self {
        Self { shape: Shape::new(rate), drained: 0 }
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub const fn counting(mut self, dimension: Dimension) -> Self {
        self.shape.dimension = dimension;
        self
    }

    /// Drips at `rate` from `now` on; what is left in the bucket stays.
    pub fn set_rate(&mut self, now: Timestamp, rate: Rate) {
        let left = self.drained.saturating_sub(self.shape.at(now));
        let shape = self.shape.at_rate(rate);
        self.drained = shape.at(now).saturating_add(self.shape.converted(left, &shape));
        self.shape = shape;
    }
}

impl Limiter for LeakyBucket {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        if cost.get(self.shape.dimension) == 0 || self.drained <= self.shape.at(now) {
            return Decision::Admit;
        }
        self.shape.opens_at(self.drained)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let units = self.shape.units(cost.get(self.shape.dimension));
        self.drained = self.drained.max(self.shape.at(now)).saturating_add(units);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.drained = self.shape.settled(self.drained, now, completion);
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.drained <= self.shape.at(now)
    }

    fn name(&self) -> &'static str {
        "leaky_bucket"
    }
}
