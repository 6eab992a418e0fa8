//! Sliding windows, by two counts.

use std::time::Duration;

use super::super::classify::{Threshold, threshold};
use super::super::limits::USUAL;
use super::View;
use super::candidate::{Candidate, units};
use super::decided::Decided;
use super::phase::best_phase;
use crate::scenario::{LimitSpec, nanos};

/// The windows of the usual lengths, each with the phase and the limit that part best.
pub(super) fn windows(view: &View, started_unix_ns: u64, refusals_count: bool) -> Vec<Candidate> {
    let best = |window: Duration| {
        let length = nanos(window);
        let by_the_clock = (length - started_unix_ns % length) % length;
        let part = |offset| counted(&view.decided, length, offset, refusals_count);
        let (threshold, offset) = best_phase(&view.decided, length, by_the_clock, part);
        let (limit, span) = units(&threshold, 1);
        let (dimension, offset) = (view.dimension, Duration::from_nanos(offset));
        let spec = LimitSpec::SlidingWindow { dimension, limit, window, refusals_count, offset };
        Candidate { wrong: threshold.wrong, spec, span }
    };
    USUAL.into_iter().map(best).collect()
}

/// The count that parts best.
fn counted(decided: &[Decided], length: u64, offset: u64, refusals_count: bool) -> Threshold {
    let (mut let_in, mut refused) = (Vec::new(), Vec::new());
    let (mut current, mut last, mut count) = (0, 0_u64, 0_u64);
    for request in decided {
        let at = request.at + length - offset;
        let number = at / length;
        if number != current {
            last = if number == current + 1 { count } else { 0 };
            (current, count) = (number, 0);
        }
        let in_sight = u128::from(last) * u128::from(length - at % length);
        let with_it = in_sight.div_ceil(u128::from(length)) + u128::from(count + request.units);
        if request.is_let_in {
            let_in.push(with_it);
        } else {
            refused.push(with_it);
        }
        if request.is_let_in || refusals_count {
            count += request.units;
        }
    }
    threshold(let_in, refused)
}
