//! The percentile of the last latencies.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many latencies are kept: enough for a 99th percentile, and a kilobyte.
const KEPT: usize = 256;
/// With fewer, a percentile is a guess.
const NEEDED: usize = 32;
/// After how many more latencies a percentile is found anew: finding it reads all.
const REFRESH: u32 = 16;

/// The last latencies of one scope. Nothing is allocated before the first.
#[derive(Debug, Default)]
pub(in crate::layer) struct Latencies(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    /// In microseconds, at most an hour; in no order once it is full.
    micros: Vec<u32>,
    /// The oldest of a full ring.
    next: usize,
    /// The percentile that was found last, and of which percent.
    found: Option<(u8, u32)>,
    since_found: u32,
}

impl Latencies {
    /// Adds the time that an answer took.
    ///
    /// Of a request that was overtaken by a hedge it is the time until then: shorter than
    /// the truth, but not as short as the latency of the hedge, which would lower the
    /// percentile with each hedge that wins.
    pub(in crate::layer) fn add(&self, latency: Duration) {
        let micros = u32::try_from(latency.as_micros()).unwrap_or(u32::MAX);
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.since_found += 1;
        if ring.since_found >= REFRESH {
            ring.found = None;
        }
        let next = ring.next;
        match ring.micros.get_mut(next) {
            Some(oldest) => *oldest = micros,
            None => ring.micros.push(micros),
        }
        ring.next = (next + 1) % KEPT;
    }

    /// The latency that `percent` of the kept ones do not exceed (nearest rank).
    pub(in crate::layer) fn percentile(&self, percent: u8) -> Option<Duration> {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let len = ring.micros.len();
        if len < NEEDED {
            return None;
        }
        let known = ring.found.filter(|(of, _)| *of == percent);
        let micros = known.map_or_else(
            || {
                let rank = (len * usize::from(percent)).div_ceil(100).clamp(1, len);
                let mut copy = ring.micros.clone();
                *copy.select_nth_unstable(rank - 1).1
            },
            |(_, micros)| micros,
        );
        if known.is_none() {
            (ring.found, ring.since_found) = (Some((percent, micros)), 0);
        }
        Some(Duration::from_micros(u64::from(micros)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Latencies {
        let latencies = Latencies::default();
        millis.into_iter().for_each(|ms| latencies.add(Duration::from_millis(ms)));
        latencies
    }

    #[test]
    fn a_percentile_needs_some_latencies() {
        assert_eq!(of(1..=31).percentile(95), None);
        assert_eq!(of(1..=32).percentile(50), Some(Duration::from_millis(16)));
    }

    #[test]
    fn it_is_the_nearest_rank() {
        for (percent, ms) in [(1, 1), (50, 50), (95, 95), (99, 99)] {
            let latencies = of((1..=100).rev());
            assert_eq!(latencies.percentile(percent), Some(Duration::from_millis(ms)));
        }
    }

    #[test]
    fn old_latencies_are_forgotten_and_the_found_one_is_renewed() {
        let latencies = of(std::iter::repeat_n(1_000, 256));
        assert_eq!(latencies.percentile(95), Some(Duration::from_secs(1)));
        for _ in 0..256 {
            latencies.add(Duration::from_millis(2));
        }
        assert_eq!(latencies.percentile(95), Some(Duration::from_millis(2)));
        latencies.add(Duration::MAX);
        assert_eq!(latencies.0.lock().unwrap().micros.len(), KEPT);
    }
}
