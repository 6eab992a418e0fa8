//! Sliding windows, by two counts.

use std::time::Duration;

use forbear_core::Dimension;

use super::super::classify::{Threshold, threshold};
use super::super::limits::USUAL;
use super::super::sample::Sample;
use crate::scenario::{Count, LimitSpec, nanos};

/// Phases of a window that are tried, and then as many around the best; no answer tells of
/// it.
const PHASES: u64 = 16;
/// How often it is looked for around the best: to a thousandth of a window.
const ROUNDS: u32 = 3;

/// The windows of the usual lengths, each with the phase and the limit that part best.
pub(super) fn windows(
    samples: &[Sample<'_>],
    started_unix_ns: u64,
    refusals_count: bool,
) -> Vec<(Threshold, LimitSpec)> {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return Vec::new() };
    let span = last.at - first.at;
    let best = |window: Duration| {
        let length = nanos(window);
        let at = |offset: u64| (counted(samples, length, offset, refusals_count), offset);
        let by_the_clock = (length - started_unix_ns % length) % length;
        let mut best = at(by_the_clock);
        let mut step = length / PHASES;
        // Of a window that is longer than the trace little is seen but its count.
        let rounds = if length <= span { ROUNDS } else { 0 };
        for _ in 0..rounds {
            // From before the best to after it; the first time that is all around.
            let from = best.1 + length - step * (PHASES / 2);
            let phases = (0..=PHASES).map(|number| at((from + step * number) % length));
            best = phases
                .fold(best, |best, other| if is_better(&other, &best) { other } else { best });
            step /= PHASES / 2;
        }
        let (threshold, offset) = best;
        let limit = Count::clamped(u64::try_from(threshold.at).unwrap_or(u64::MAX));
        let (dimension, offset) = (Dimension::Requests, Duration::from_nanos(offset));
        let spec = LimitSpec::SlidingWindow { dimension, limit, window, refusals_count, offset };
        (threshold, spec)
    };
    USUAL.into_iter().map(best).collect()
}

fn is_better(one: &(Threshold, u64), other: &(Threshold, u64)) -> bool {
    one.0.wrong < other.0.wrong
}

/// The count that parts best.
fn counted(samples: &[Sample<'_>], length: u64, offset: u64, refusals_count: bool) -> Threshold {
    let (mut let_in, mut refused) = (Vec::new(), Vec::new());
    let (mut current, mut last, mut count) = (0, 0_u64, 0_u64);
    for sample in samples {
        let at = sample.at + length - offset;
        let number = at / length;
        if number != current {
            last = if number == current + 1 { count } else { 0 };
            (current, count) = (number, 0);
        }
        let in_sight = u128::from(last) * u128::from(length - at % length);
        let with_it = in_sight.div_ceil(u128::from(length)) + u128::from(count) + 1;
        if sample.is_let_in() {
            let_in.push(with_it);
            count += 1;
        } else if sample.is_refused() {
            refused.push(with_it);
            count += u64::from(refusals_count);
        }
    }
    threshold(let_in, refused)
}
