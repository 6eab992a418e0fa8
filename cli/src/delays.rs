//! The delays of calls that are throttled at every attempt.

use std::num::NonZeroU32;
use std::time::Duration;

use forbear_core::{BackoffStrategy, Entropy, Retry};

/// The delays before the first `retries` retries of one call.
///
/// As in the engine: the strategy sees its own previous delay, the server's wait
/// is a floor above it, and the attempts themselves take no time.
pub(crate) fn of_one_call(
    backoff: &dyn BackoffStrategy,
    hint: Option<Duration>,
    retries: u32,
    mut entropy: impl Entropy + Clone,
) -> Vec<Duration> {
    let floored = backoff.floored_by_hint();
    let mut retry = Retry { hint, ..Retry::nth(1) };
    let mut delays = Vec::new();
    for number in (1..=retries).filter_map(NonZeroU32::new) {
        retry.number = number;
        // Drawn twice from the same words: once alone, once above the hint.
        let own = backoff.delay(&retry, &mut entropy.clone());
        let delay = floored.delay(&retry, &mut entropy);
        retry.previous_delay = Some(own);
        retry.total_delay = retry.total_delay.saturating_add(own);
        retry.waited = retry.waited.saturating_add(delay);
        retry.elapsed = retry.elapsed.saturating_add(delay);
        delays.push(delay);
    }
    delays
}

#[cfg(test)]
mod tests {
    use forbear_core::SplitMix64;
    use forbear_core::backoff::{DecorrelatedJitter, Exponential};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_hint_is_a_floor_and_no_previous_delay() {
        let backoff = DecorrelatedJitter::new(SECOND, 60 * SECOND).unwrap();
        let own = of_one_call(&backoff, None, 6, SplitMix64::new(3));
        let hinted = of_one_call(&backoff, Some(60 * SECOND), 6, SplitMix64::new(3));
        for (own, hinted) in own.iter().zip(&hinted) {
            assert_eq!(*hinted, 60 * SECOND + *own);
        }
    }

    #[test]
    fn delays_without_a_cap_saturate() {
        let delays = of_one_call(&Exponential::new(SECOND), None, 200, SplitMix64::new(3));
        assert_eq!(delays[199], Duration::from_nanos(u64::MAX));
    }
}
