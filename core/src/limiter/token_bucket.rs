//! The token bucket.
//!
//! Turner, "New directions in communications", 1986; the meter of RFC 2697.
//! The same admissions as [`Gcra`](super::Gcra), which keeps one number less;
//! this one can say how much is left and can start less than full.

use super::bucket_math::Shape;
use super::{Completion, Limiter, spare};
use crate::{Cost, Decision, Dimension, InvalidConfig, Rate, Timestamp};

/// A bucket of `burst` tokens that refills at `rate`, continuously.
///
/// In any span of time `t`, at most `burst + rate * t` units are admitted. It
/// starts full. A cost above the burst is refused at once; an actual cost above
/// the estimate leaves a debt that the refill pays first.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::TokenBucket;
/// use forbear_core::{Cost, Limiter, Timestamp};
///
/// let mut bucket = TokenBucket::new("10/s".parse().unwrap(), 5).unwrap();
/// let start = Timestamp::ZERO;
/// while bucket.acquire(start, &Cost::REQUEST).is_admit() {}
/// assert_eq!(bucket.available(start), 0);
/// assert_eq!(bucket.available(start.after(Duration::from_millis(250))), 2);
/// ```
#[derive(Clone, Debug)]
pub struct TokenBucket {
    shape: Shape,
    /// How far from full the bucket was at `updated`, in ticks. More than the
    /// whole bucket is a debt.
    missing: u128,
    updated: Timestamp,
}

/// What becomes of the tokens in a bucket whose burst changes.
///
/// The four ways of bucket4j (`TokensInheritanceStrategy`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Carry {
    /// As many tokens as before, or as fit.
    AsIs,
    /// As full as before, in parts of the burst.
    Proportionally,
    /// As far from full as before, in tokens.
    Additively,
    /// A full bucket.
    Reset,
}

impl TokenBucket {
    /// `rate` requests, and up to `burst` of them at once.
    ///
    /// # Errors
    ///
    /// If `burst` is 0.
    pub fn new(rate: Rate, burst: u32) -> Result<Self, InvalidConfig> {
        let shape = Shape::new(rate).with_burst(burst)?;
        Ok(Self { shape, missing: 0, updated: Timestamp::ZERO })
    }

    /// Starts at `tokens` instead of full; more than the burst counts as full.
    #[must_use]
    pub const fn starting_at(mut self, tokens: u32) -> Self {
        self.missing = self.shape.units(self.shape.burst.saturating_sub(tokens));
        self
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub const fn counting(mut self, dimension: Dimension) -> Self {
        self.shape.dimension = dimension;
        self
    }

    /// Whole tokens in the bucket at `now`; 0 where there is a debt.
    #[must_use]
    pub fn available(&self, now: Timestamp) -> u32 {
        let full = self.shape.units(self.shape.burst);
        self.shape.whole_units(full.saturating_sub(self.missing_at(now)))
    }

    /// Changes rate and burst from `now` on, without losing what is in the bucket.
    ///
    /// # Errors
    ///
    /// If `burst` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_core::Timestamp;
    /// use forbear_core::limiter::{Carry, TokenBucket};
    ///
    /// let bucket = TokenBucket::new("500/s".parse().unwrap(), 500).unwrap().starting_at(200);
    /// let now = Timestamp::ZERO;
    /// let changed = |carry| {
    ///     let mut bucket = bucket.clone();
    ///     bucket.reconfigure(now, "900/s".parse().unwrap(), 900, carry).unwrap();
    ///     bucket.available(now)
    /// };
    /// assert_eq!(changed(Carry::AsIs), 200);
    /// assert_eq!(changed(Carry::Proportionally), 360);
    /// assert_eq!(changed(Carry::Additively), 600);
    /// assert_eq!(changed(Carry::Reset), 900);
    /// ```
    pub fn reconfigure(
        &mut self,
        now: Timestamp,
        rate: Rate,
        burst: u32,
        carry: Carry,
    ) -> Result<(), InvalidConfig> {
        let old = self.shape;
        let new = old.at_rate(rate).with_burst(burst)?;
        let missing = old.converted(self.missing_at(now), &new);
        let missing = match carry {
            Carry::Reset => 0,
            Carry::Additively => missing,
            Carry::AsIs => {
                missing.saturating_add(new.units(burst)).saturating_sub(new.units(old.burst))
            }
            Carry::Proportionally => {
                let (old_burst, burst) = (u128::from(old.burst), u128::from(burst));
                let rest = (missing % old_burst * burst).div_ceil(old_burst);
                (missing / old_burst).saturating_mul(burst).saturating_add(rest)
            }
        };
        self.settle(now, missing);
        self.shape = new;
        Ok(())
    }

    fn missing_at(&self, now: Timestamp) -> u128 {
        let refilled = self.shape.at(now).saturating_sub(self.shape.at(self.updated));
        self.missing.saturating_sub(refilled)
    }

    fn settle(&mut self, now: Timestamp, missing: u128) {
        self.missing = missing;
        // A clock that went back must not make the same span refill twice.
        self.updated = self.updated.max(now);
    }
}

impl Limiter for TokenBucket {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let spare = match spare(cost, self.shape.dimension, self.shape.burst) {
            Ok(spare) => spare,
            Err(decision) => return decision,
        };
        let spare = self.shape.units(spare);
        if self.missing_at(now) <= spare {
            return Decision::Admit;
        }
        let opens = self.shape.at(self.updated).saturating_add(self.missing - spare);
        self.shape.opens_at(opens)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let units = self.shape.units(cost.get(self.shape.dimension));
        self.settle(now, self.missing_at(now).saturating_add(units));
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        let charged = self.shape.units(completion.cost.get(self.shape.dimension));
        let actual = self.shape.units(completion.actual.get(self.shape.dimension));
        if charged != actual {
            let missing = self.missing_at(now).saturating_add(actual);
            self.settle(now, missing.saturating_sub(charged));
        }
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.missing_at(now) == 0
    }

    fn name(&self) -> &'static str {
        "token_bucket"
    }
}
