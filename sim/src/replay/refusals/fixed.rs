//! Counts that start anew with each window.

use std::time::Duration;

use super::super::classify::{Threshold, threshold};
use super::super::limits::{USUAL, phase};
use super::super::sample::Sample;
use super::View;
use super::candidate::{Candidate, units};
use super::decided::Decided;
use super::phase::best_phase;
use crate::scenario::{LimitSpec, WindowStart, nanos};

/// Windows of one length, in ns.
#[derive(Clone, Copy, Debug)]
struct Windows {
    length: u64,
    start: WindowStart,
    offset: u64,
    refusals_count: bool,
}

/// Windows of the usual lengths that begin by the clock, by what refusals say of their
/// end, or with the first call.
pub(super) fn usual(
    view: &View,
    samples: &[Sample<'_>],
    started_unix_ns: u64,
    refusals_count: bool,
) -> Vec<Candidate> {
    if refusals_count && !view.varies {
        // One that fits into what is left would fit before the refused one, too.
        return Vec::new();
    }
    let refused = samples.iter().filter(|sample| sample.is_refused());
    let ends: Vec<(u64, u64)> =
        refused.filter_map(|sample| Some((sample.at, nanos(sample.seen.retry_after?)))).collect();
    let mut all = Vec::new();
    for window in USUAL {
        let length = nanos(window);
        let by_the_clock = length - started_unix_ns % length;
        let by_hints = nanos(phase(ends.iter().copied(), length));
        let mut offsets = vec![(WindowStart::Clock, by_the_clock % length)];
        if !ends.is_empty() {
            offsets.push((WindowStart::Clock, by_hints));
        }
        offsets.push((WindowStart::FirstCall, 0));
        all.extend(offsets.into_iter().map(|(start, offset)| {
            let windows = Windows { length, start, offset, refusals_count };
            candidate(view, windows, &counted(&view.decided, windows))
        }));
    }
    all
}

/// Windows of the usual lengths at the phase that parts best.
pub(super) fn shifted(view: &View, refusals_count: bool) -> Vec<Candidate> {
    if refusals_count && !view.varies {
        return Vec::new();
    }
    let best = |window: Duration| {
        let (length, start) = (nanos(window), WindowStart::Clock);
        let windows = |offset| Windows { length, start, offset, refusals_count };
        let part = |offset| counted(&view.decided, windows(offset));
        let (threshold, offset) = best_phase(&view.decided, length, 0, part);
        candidate(view, windows(offset), &threshold)
    };
    USUAL.into_iter().map(best).collect()
}

fn candidate(view: &View, windows: Windows, threshold: &Threshold) -> Candidate {
    let Windows { length, start, offset, refusals_count } = windows;
    let (limit, span) = units(threshold, 1);
    let (dimension, window) = (view.dimension, Duration::from_nanos(length));
    let offset = Duration::from_nanos(offset);
    let spec = LimitSpec::FixedWindow { dimension, limit, window, start, refusals_count, offset };
    Candidate { wrong: threshold.wrong, spec, span }
}

/// The count that parts best.
fn counted(decided: &[Decided], windows: Windows) -> Threshold {
    let Windows { length, start, offset, refusals_count } = windows;
    let (mut let_in, mut refused) = (Vec::new(), Vec::new());
    let (mut opened, mut count) = (None, 0_u128);
    for request in decided {
        let began = match start {
            // The number of the window will do.
            WindowStart::Clock => (request.at + length - offset) / length,
            WindowStart::FirstCall => {
                opened.filter(|opened| request.at - opened < length).unwrap_or(request.at)
            }
        };
        if opened != Some(began) {
            (opened, count) = (Some(began), 0);
        }
        let with_it = count + u128::from(request.units);
        if request.is_let_in {
            let_in.push(with_it);
        } else {
            refused.push(with_it);
        }
        if request.is_let_in || refusals_count {
            count = with_it;
        }
    }
    threshold(let_in, refused)
}
