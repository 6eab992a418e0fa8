//! When windows begin, where no answer tells of it.

use super::super::classify::Threshold;
use super::decided::Decided;

/// Phases of a window that are tried, and then as many around the best.
const PHASES: u64 = 16;
/// How often it is looked for around the best: to a thousandth of a window.
const ROUNDS: u32 = 3;

/// The phase of windows of `length` that parts best, of those around `near`; both in ns.
///
/// Of a window that is longer than the trace little is seen but its count, so `near` is all
/// that is tried.
pub(super) fn best_phase(
    decided: &[Decided],
    length: u64,
    near: u64,
    part: impl Fn(u64) -> Threshold,
) -> (Threshold, u64) {
    let span = match decided {
        [first, .., last] => last.at - first.at,
        _ => 0,
    };
    let at = |offset: u64| (part(offset), offset);
    let mut best = at(near);
    let mut step = length / PHASES;
    let rounds = if length <= span { ROUNDS } else { 0 };
    for _ in 0..rounds {
        // From before the best to after it; the first time that is all around.
        let from = best.1 + length - step * (PHASES / 2);
        let phases = (0..=PHASES).map(|number| at((from + step * number) % length));
        best = phases.fold(best, |best, other| {
            let is_better = other.0.wrong < best.0.wrong;
            if is_better { other } else { best }
        });
        step /= PHASES / 2;
    }
    best
}
