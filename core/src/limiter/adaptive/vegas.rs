//! A bound by the queue that the latency shows, after TCP Vegas.
//!
//! Brakmo and Peterson, "TCP Vegas", 1995, in the form of Netflix's `VegasLimit`.
//! With `L` in flight and a latency of `rtt`, where `idle` is the least seen,
//! `L * (1 - idle / rtt)` of the requests wait in the server's queue. A short
//! queue grows the bound, a long one shrinks it, by steps of the order of
//! `log10(L)`.

use super::{AdaptiveLimit, Sample};
use crate::InvalidConfig;
use crate::time::nanos;

/// More while the queue is short, less while it is long or a request is refused.
///
/// Every `30 * limit` rounds the least latency is measured anew, since the path
/// may have changed. Netflix adds jitter to that count; here it is exact.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::{AdaptiveLimit, Sample, Vegas};
///
/// let mut vegas = Vegas::new(10, 20).unwrap();
/// let sample = |millis| Sample {
///     latency: Duration::from_millis(millis),
///     in_flight: 11,
///     dropped: None,
/// };
/// vegas.update(&sample(10));
/// assert_eq!(vegas.limit(), 10);
/// vegas.update(&sample(10));
/// assert_eq!(vegas.limit(), 16);
/// vegas.update(&sample(50));
/// assert_eq!(vegas.limit(), 15);
/// ```
#[derive(Clone, Debug)]
pub struct Vegas {
    limit: u32,
    max: u32,
    /// The least latency in nanoseconds; 0 before the first.
    idle_ns: u64,
    rounds: u64,
}

impl Vegas {
    /// Rounds, in units of the limit, between two measurements of the idle latency.
    const PROBE: u64 = 30;

    /// Starts at `initial`, stays within `1..=max`.
    ///
    /// # Errors
    ///
    /// If `initial` is 0 or above `max`.
    pub fn new(initial: u32, max: u32) -> Result<Self, InvalidConfig> {
        if initial == 0 || initial > max {
            return Err(InvalidConfig::new("initial", initial, "at least 1 and no more than max"));
        }
        Ok(Self { limit: initial, max, idle_ns: 0, rounds: 0 })
    }

    fn queue(&self, latency_ns: u64) -> u64 {
        let waiting_ns = latency_ns.saturating_sub(self.idle_ns);
        let queue = u128::from(self.limit) * u128::from(waiting_ns);
        // At most the limit, which is a u32.
        u64::try_from(queue.div_ceil(u128::from(latency_ns.max(1)))).unwrap_or(u64::MAX)
    }
}

impl AdaptiveLimit for Vegas {
    fn limit(&self) -> u32 {
        self.limit
    }

    fn update(&mut self, sample: &Sample) {
        let step = self.limit.ilog10().max(1);
        if sample.dropped.is_some() {
            self.limit = self.limit.saturating_sub(step).max(1);
            return;
        }
        let latency_ns = nanos(sample.latency);
        self.rounds += 1;
        let probe = self.rounds >= Self::PROBE * u64::from(self.limit);
        if probe || self.idle_ns == 0 || latency_ns < self.idle_ns {
            self.idle_ns = latency_ns;
            self.rounds = if probe { 0 } else { self.rounds };
            return;
        }
        if sample.in_flight < self.limit.div_ceil(2) {
            return;
        }
        let queue = self.queue(latency_ns);
        let (alpha, beta) = (3 * step, 6 * step);
        let limit = if queue <= u64::from(step) {
            self.limit.saturating_add(beta)
        } else if queue < u64::from(alpha) {
            self.limit.saturating_add(step)
        } else if queue > u64::from(beta) {
            self.limit.saturating_sub(step)
        } else {
            self.limit
        };
        self.limit = limit.clamp(1, self.max);
    }

    fn name(&self) -> &'static str {
        "vegas"
    }
}
