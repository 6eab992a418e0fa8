//! The limits that refusals tell of, where the server names none.
//!
//! A limit parts what was let in from what was refused. For each rate that may be meant, the
//! level of a bucket (as what it is owed) is known at each request from the requests that
//! were let in before, and the burst is the threshold that parts best; windows likewise, by
//! their counts. The one that is wrong about the fewest requests is taken.

mod bucket;
mod candidate;
mod counting;
mod decided;
mod fixed;
mod phase;
mod sliding;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use forbear_core::{Dimension, Outcome, Throttle};

use self::candidate::Candidate;
use self::decided::{Decided, decided, dimensions, varies};
use super::classify::threshold;
use super::limits::{Guess, percent};
use super::sample::Sample;
use super::twin::note_twin;
use crate::scenario::{Count, LimitSpec};

/// Requests that are looked at, for the time that it takes.
const MOST: usize = 20_000;

/// The limits that the refusals in `samples` tell of.
pub(super) fn of_refusals(samples: &[Sample<'_>], started_unix_ns: u64) -> Vec<Guess> {
    let is = |kind: Throttle| {
        move |sample: &&Sample<'_>| sample.seen.outcome == Outcome::Throttled(kind)
    };
    let mut guesses = Vec::new();
    if samples.iter().any(|sample| is(Throttle::RateLimit)(&sample)) {
        guesses.extend(rate_limit(around(samples), started_unix_ns));
    }
    if samples.iter().any(|sample| is(Throttle::Concurrency)(&sample)) {
        guesses.extend(slots(around(samples)));
    }
    guesses
}

/// The samples around the first refusals, if there are too many.
fn around<'a, 'b>(samples: &'a [Sample<'b>]) -> &'a [Sample<'b>] {
    let first = samples.iter().position(Sample::is_refused).unwrap_or(0);
    let from = first.saturating_sub(MOST / 2).min(samples.len().saturating_sub(MOST));
    &samples[from..samples.len().min(from + MOST)]
}

/// What was decided, by the units of one dimension.
struct View {
    dimension: Dimension,
    decided: Vec<Decided>,
    /// Whether requests differ in what they cost.
    varies: bool,
}

fn rate_limit(samples: &[Sample<'_>], started_unix_ns: u64) -> Option<Guess> {
    type Family = fn(&View, &[Sample<'_>], u64) -> Vec<Candidate>;
    // In this order where several are equally good.
    let families: [Family; 7] = [
        |view, samples, started| {
            let windows = fixed::usual(view, samples, started, false);
            bucket::plain(view).into_iter().chain(windows).collect()
        },
        |view, samples, started| fixed::usual(view, samples, started, true),
        |view, _, _| fixed::shifted(view, false),
        |view, _, started| sliding::windows(view, started, false),
        |view, _, _| counting::buckets(view),
        |view, _, started| sliding::windows(view, started, true),
        |view, _, _| fixed::shifted(view, true),
    ];
    let views: Vec<View> = dimensions(samples)
        .into_iter()
        .map(|dimension| {
            let decided = decided(samples, dimension);
            View { dimension, varies: varies(&decided), decided }
        })
        .collect();
    let mut best: Option<Candidate> = None;
    for family in families {
        for view in &views {
            if best.as_ref().is_some_and(|best| best.wrong == 0) {
                break;
            }
            // Where nothing was let in there is nothing to part.
            let known = family(view, samples, started_unix_ns)
                .into_iter()
                .filter(|candidate| candidate.wrong < usize::MAX);
            let Some(other) = known.min_by_key(|candidate| candidate.wrong) else { continue };
            // Where more is tried, more fits by chance: a rarer kind has to be clearly better.
            if best.as_ref().is_none_or(|best| other.wrong * 4 < best.wrong * 3) {
                best = Some(other);
            }
        }
    }
    let Candidate { wrong, spec, span } = best?;
    let parts = wrong as u64 * 1_000_000 / samples.len().max(1) as u64;
    let mut why = format!(
        "no header field names it; of the limits tried it parts best what was let in from what \
         was refused, and is wrong about {} of the attempts",
        percent(parts)
    );
    if let Some(note) = candidate::note_span(span) {
        why.push_str(&note);
    }
    why.push_str(note_twin(&spec, samples, false));
    Some(Guess { spec, why })
}

/// The number at once that parts best.
fn slots(samples: &[Sample<'_>]) -> Option<Guess> {
    let (mut let_in, mut refused) = (Vec::new(), Vec::new());
    let mut ends = BinaryHeap::<Reverse<u64>>::new();
    for sample in samples {
        while ends.peek().is_some_and(|Reverse(end)| *end <= sample.at) {
            ends.pop();
        }
        let with_it = ends.len() as u128 + 1;
        if sample.is_let_in() {
            ends.push(Reverse(sample.at.saturating_add(sample.worked)));
            let_in.push(with_it);
        } else if sample.seen.outcome == Outcome::Throttled(Throttle::Concurrency) {
            refused.push(with_it);
        }
    }
    let threshold = Some(threshold(let_in, refused)).filter(|found| found.wrong < usize::MAX)?;
    let max = Count::clamped(u64::try_from(threshold.at).ok().filter(|&max| max > 0)?);
    let parts = threshold.wrong as u64 * 1_000_000 / samples.len().max(1) as u64;
    let why = format!(
        "the server refused some for being too many at once; this number parts best, and is wrong \
         about {} of the attempts",
        percent(parts)
    );
    Some(Guess { spec: LimitSpec::Concurrency { max }, why })
}
