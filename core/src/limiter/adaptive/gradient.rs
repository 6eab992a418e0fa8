//! A bound by the slope of the latency.
//!
//! Netflix's `Gradient2Limit`: the latency of now against its long-run mean. A
//! latency that rises shrinks the bound in proportion; one at rest lets it grow
//! by a small queue.
//!
//! Theirs ignores refusals
//! (<https://github.com/Netflix/concurrency-limits/issues/176>): a server that
//! says 429 at once looks fast, so the bound grows. Here a refusal cuts the bound
//! to nine tenths, and its latency does not count.

use super::average::Average;
use super::{AdaptiveLimit, Sample};
use crate::InvalidConfig;
use crate::time::nanos;

/// Less while the latency rises above its long-run mean, more while it does not.
///
/// With the defaults of Netflix: a latency of up to 1.5 times the mean is at
/// rest, a queue of 4, a fifth of the way each round, a mean over 600 rounds.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::{AdaptiveLimit, Gradient, Sample};
///
/// let mut gradient = Gradient::new(20, 20, 200).unwrap();
/// let latency = Duration::from_millis(10);
/// for _ in 0..10 {
///     let in_flight = gradient.limit();
///     gradient.update(&Sample { latency, in_flight, dropped: None });
/// }
/// // A fifth of a queue of 4 each round.
/// assert_eq!(gradient.limit(), 28);
/// ```
#[derive(Clone, Debug)]
pub struct Gradient {
    /// In millionths of a request.
    limit: u64,
    min: u64,
    max: u64,
    long: Average,
}

/// One, in millionths.
const ONE: u64 = 1_000_000;
const QUEUE: u64 = 4 * ONE;
const WINDOW: u32 = 600;
const WARM_UP: u32 = 10;

impl Gradient {
    /// Starts at `initial`, stays within `min..=max`.
    ///
    /// # Errors
    ///
    /// If `min` is 0 or above `max`, or `initial` is not between them.
    pub fn new(initial: u32, min: u32, max: u32) -> Result<Self, InvalidConfig> {
        if min == 0 || min > max {
            return Err(InvalidConfig::new("min", min, "at least 1 and no more than max"));
        }
        if !(min..=max).contains(&initial) {
            return Err(InvalidConfig::new("initial", initial, "from min to max"));
        }
        let micros = |requests| u64::from(requests) * ONE;
        let long = Average::new(WINDOW, WARM_UP);
        Ok(Self { limit: micros(initial), min: micros(min), max: micros(max), long })
    }

    /// 1.5 times the long latency over the short one, within 0.5 to 1, in millionths.
    fn slope(&self, short: u128) -> u128 {
        let long = self.long.value();
        (long * 3 * u128::from(ONE)).checked_div(short * 2).unwrap_or(u128::MAX)
    }
}

impl AdaptiveLimit for Gradient {
    fn limit(&self) -> u32 {
        u32::try_from(self.limit / ONE).unwrap_or(u32::MAX)
    }

    fn update(&mut self, sample: &Sample) {
        if sample.dropped.is_some() {
            self.limit = (self.limit / 10 * 9).clamp(self.min, self.max);
            return;
        }
        // A latency of nothing has no slope; one nanosecond has.
        let short_ns = nanos(sample.latency).max(1);
        // On the scale of the mean. Below 2^80.
        let short = u128::from(short_ns) << 16;
        if self.long.add(short_ns) > 2 * short {
            // The latency fell for good, so the mean is brought down faster.
            self.long.decay();
        }
        if u64::from(sample.in_flight) * ONE * 2 < self.limit {
            return;
        }
        let one = u128::from(ONE);
        let slope = self.slope(short).clamp(one / 2, one);
        let target = u128::from(self.limit) * slope / one + u128::from(QUEUE);
        let limit = (u128::from(self.limit) * 4 + target) / 5;
        self.limit = u64::try_from(limit).unwrap_or(u64::MAX).clamp(self.min, self.max);
    }

    fn name(&self) -> &'static str {
        "gradient"
    }
}
