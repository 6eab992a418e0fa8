//! What the latencies of a round come to: their mean, or a percentile.
//!
//! Netflix's `AverageSampleWindow` and `PercentileSampleWindow`. The percentile is by
//! nearest rank: the smallest latency that at least that share of the round does not
//! exceed. Theirs rounds the rank to the nearest whole number, which is 0 for the lower
//! percentiles of few samples, and drops what comes after its window is full: the slow
//! answers, which come last. Here a full window keeps every second of its samples and
//! goes on with every second answer, so that it spans the round in bounded memory and
//! draws no lots.

use alloc::boxed::Box;
use core::time::Duration;

use crate::InvalidConfig;
use crate::text::Decimal;

/// How many latencies a percentile is picked from, at most. Even, so that halving leaves
/// the samples evenly spaced.
const SAMPLES: usize = 128;

/// The latencies of the requests that succeeded in a round.
#[derive(Clone, Debug)]
pub(super) enum Latencies {
    Mean { total_ns: u128, count: u32 },
    Percentile(Percentile),
}

impl Latencies {
    /// Comes to the mean.
    pub(super) const fn mean() -> Self {
        Self::Mean { total_ns: 0, count: 0 }
    }

    /// Comes to the latency that `share` of them do not exceed.
    pub(super) fn percentile(share: f64) -> Result<Self, InvalidConfig> {
        let must = "a number above 0 and at most 1";
        let decimal = Decimal::from_f64(share)
            .filter(|decimal| decimal.digits > 0 && decimal.digits <= decimal.denominator())
            .ok_or_else(|| InvalidConfig::new("percentile", share, must))?;
        let kept = Box::new([0; SAMPLES]);
        Ok(Self::Percentile(Percentile { share: decimal, kept, count: 0, seen: 0, stride: 1 }))
    }

    pub(super) fn add(&mut self, latency_ns: u64) {
        match self {
            Self::Mean { total_ns, count } => {
                // Below 2^96.
                *total_ns += u128::from(latency_ns);
                *count = count.saturating_add(1);
            }
            Self::Percentile(percentile) => percentile.add(latency_ns),
        }
    }

    /// What they come to, rounded down; zero if there is none. A new round begins.
    pub(super) fn end_round(&mut self) -> Duration {
        let latency_ns = match self {
            Self::Mean { total_ns, count } => {
                let mean_ns = total_ns.checked_div(u128::from(*count)).unwrap_or(0);
                u64::try_from(mean_ns).unwrap_or(u64::MAX)
            }
            Self::Percentile(percentile) => percentile.nearest_rank(),
        };
        self.forget();
        Duration::from_nanos(latency_ns)
    }

    fn forget(&mut self) {
        match self {
            Self::Mean { .. } => *self = Self::mean(),
            Self::Percentile(percentile) => {
                (percentile.count, percentile.seen, percentile.stride) = (0, 0, 1);
            }
        }
    }
}

/// A sample of the latencies of a round.
#[derive(Clone, Debug)]
pub(super) struct Percentile {
    share: Decimal,
    /// The first `count` are used.
    kept: Box<[u64; SAMPLES]>,
    count: usize,
    /// How many latencies there were.
    seen: u64,
    /// One in so many is kept.
    stride: u64,
}

impl Percentile {
    fn add(&mut self, latency_ns: u64) {
        if self.seen.is_multiple_of(self.stride) {
            if self.count == SAMPLES {
                self.thin();
            }
            // A full window held an even number, so this one is of the new stride too.
            if let Some(place) = self.kept.get_mut(self.count) {
                *place = latency_ns;
                self.count += 1;
            }
        }
        self.seen = self.seen.saturating_add(1);
    }

    /// Keeps every second one.
    fn thin(&mut self) {
        self.count /= 2;
        for index in 0..self.count {
            self.kept[index] = self.kept[2 * index];
        }
        self.stride = self.stride.saturating_mul(2);
    }

    fn nearest_rank(&mut self) -> u64 {
        let kept = &mut self.kept[..self.count];
        let (digits, whole) = (u128::from(self.share.digits), u128::from(self.share.denominator()));
        let rank = (kept.len() as u128 * digits).div_ceil(whole);
        // From 1 to the number of them, since the share is above 0 and at most 1.
        let Some(index) = usize::try_from(rank).ok().and_then(|rank| rank.checked_sub(1)) else {
            return 0;
        };
        *kept.select_nth_unstable(index).1
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn of(share: f64, latencies: impl IntoIterator<Item = u64>) -> u128 {
        let mut window = Latencies::percentile(share).unwrap();
        latencies.into_iter().for_each(|latency_ns| window.add(latency_ns));
        window.end_round().as_nanos()
    }

    #[test]
    fn the_rank_is_the_nearest_from_above() {
        let ten = || (1..=10).rev();
        for (share, latency) in [(0.01, 1), (0.1, 1), (0.11, 2), (0.5, 5), (0.91, 10), (1.0, 10)] {
            assert_eq!(of(share, ten()), latency, "{share}");
        }
        assert_eq!(of(0.2, [7]), 7);
        assert_eq!(of(0.5, []), 0);
    }

    #[test]
    fn a_long_round_is_sampled_to_its_end() {
        // Rising: if only the first were kept, the median would be 64.
        for count in [128_u64, 129, 256, 257, 1000, 100_000] {
            let median = of(0.5, 1..=count);
            let (low, high) = (u128::from(count) * 45 / 100, u128::from(count) * 55 / 100);
            assert!((low..=high).contains(&median), "{median} of {count}");
        }
    }

    #[test]
    fn a_round_forgets_the_one_before() {
        for mut window in [Latencies::mean(), Latencies::percentile(0.5).unwrap()] {
            (0..1000).for_each(|_| window.add(9));
            assert_eq!(window.end_round(), Duration::from_nanos(9));
            window.add(4);
            assert_eq!(window.end_round(), Duration::from_nanos(4));
            assert_eq!(window.end_round(), Duration::ZERO);
        }
    }

    #[test]
    fn a_share_that_is_none_is_refused() {
        for share in [0.0, -0.5, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Latencies::percentile(share).is_err(), "{share}");
        }
        let error = Latencies::percentile(0.0).unwrap_err();
        assert_eq!(error.to_string(), "percentile is 0, must be a number above 0 and at most 1");
    }
}
