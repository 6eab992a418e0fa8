//! The sliding window counter, made safe.
//!
//! The usual form keeps two counts, this window's and the last one's, and takes
//! the last one's share by the clock: `last * (1 - elapsed / period) + this`
//! (<https://blog.cloudflare.com/counting-things-a-lot-of-different-things/>).
//! That assumes the last window's sends came evenly. If they all came at its
//! end, up to `2 * limit - 1` fit into one window of the period.
//!
//! This one cuts the period into steps and counts each send until the step it
//! was made in is a whole period old. It never exceeds the limit, in constant
//! memory, and pays with throughput: `steps / (steps + 1)` of the limit at worst.

use core::time::Duration;

use super::{Completion, Limiter, SlidingLog};
use crate::{Cost, Decision, Dimension, InvalidConfig, Timestamp};

/// At most `limit` units in every window of `period`, by a count per step.
///
/// Safe as [`SlidingLog`], in the memory of `steps + 1` counts, and less than it
/// by up to one step's wait in each period.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::SlidingCounter;
/// use forbear_core::{Cost, Decision, Limiter, Timestamp};
///
/// let mut counter = SlidingCounter::new(1, Duration::from_secs(60), 6).unwrap();
/// let at = |seconds| Timestamp::ZERO.after(Duration::from_secs(seconds));
/// assert!(counter.acquire(at(1), &Cost::REQUEST).is_admit());
/// // The step of 10 s is a whole minute old at 70 s.
/// assert_eq!(counter.acquire(at(1), &Cost::REQUEST), Decision::WaitUntil(at(70)));
/// ```
#[derive(Clone, Debug)]
pub struct SlidingCounter(SlidingLog);

impl SlidingCounter {
    /// At most `limit` requests in every window of `period`, counted in `steps`
    /// steps a period.
    ///
    /// # Errors
    ///
    /// If one of them is 0.
    pub fn new(limit: u32, period: Duration, steps: u32) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("steps", steps)?;
        let log = SlidingLog::with_steps(limit, period, u64::from(steps))?;
        Ok(Self(log))
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub fn counting(self, dimension: Dimension) -> Self {
        Self(self.0.counting(dimension))
    }

    /// Changes the limit from now on; what was sent still counts.
    ///
    /// # Errors
    ///
    /// If `limit` is 0.
    pub fn set_limit(&mut self, limit: u32) -> Result<(), InvalidConfig> {
        self.0.set_limit(limit)
    }

    /// Units that may be sent at `now`.
    #[must_use]
    pub fn available(&self, now: Timestamp) -> u32 {
        self.0.available(now)
    }
}

impl Limiter for SlidingCounter {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.0.check(now, cost)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        self.0.commit(now, cost);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.0.observe(now, completion);
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.0.is_idle(now)
    }

    fn name(&self) -> &'static str {
        "sliding_counter"
    }
}
