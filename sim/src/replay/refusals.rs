//! The limits that refusals tell of, where the server names none.
//!
//! A limit parts what was let in from what was refused. For each rate that may be meant, the
//! level of a bucket (as what it is owed) is known at each request from the requests that
//! were let in before, and the burst is the threshold that parts best; windows likewise, by
//! their counts. The one that is wrong about the fewest requests is taken.

mod counting;
mod sliding;

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

use forbear_core::{Dimension, Outcome, Throttle};

use super::classify::{Threshold, threshold};
use super::limits::{Guess, USUAL, percent, phase, rate, round_rates};
use super::sample::Sample;
use crate::scenario::{Count, LimitSpec, WindowStart, nanos};

/// Requests that are looked at, for the time that it takes.
const MOST: usize = 20_000;
/// Rates that are tried on each side of the one that was seen, each 2 % from the next.
const STEPS: i32 = 60;
/// And around the best of these, each a thousandth from the next.
const FINE_STEPS: i32 = 25;

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

fn rate_limit(samples: &[Sample<'_>], started_unix_ns: u64) -> Option<Guess> {
    // In this order where several are equally good.
    let plain = bucket(samples).into_iter().chain(windows(samples, started_unix_ns)).collect();
    let families = [
        plain,
        sliding::windows(samples, started_unix_ns, false),
        counting::buckets(samples),
        sliding::windows(samples, started_unix_ns, true),
    ];
    let (threshold, spec) = families.into_iter().filter_map(best_of).reduce(|best, other| {
        // Where more is tried, more fits by chance: a rarer kind has to be clearly better.
        if other.0.wrong * 4 < best.0.wrong * 3 { other } else { best }
    })?;
    let parts = threshold.wrong as u64 * 1_000_000 / samples.len().max(1) as u64;
    let why = format!(
        "no header field names it; of the limits tried it parts best what was let in from what \
         was refused, and is wrong about {} of the attempts",
        percent(parts)
    );
    Some(Guess { spec, why })
}

/// The one that is wrong about the fewest requests; where nothing was let in there is
/// nothing to part.
fn best_of(family: Vec<(Threshold, LimitSpec)>) -> Option<(Threshold, LimitSpec)> {
    let known = family.into_iter().filter(|(threshold, _)| threshold.wrong < usize::MAX);
    known.min_by_key(|(threshold, _)| threshold.wrong)
}

/// The bucket of the best rate: first in steps of 2 %, then around the best of these in
/// steps of a thousandth and at the round rates that people set.
fn bucket(samples: &[Sample<'_>]) -> Option<(Threshold, LimitSpec)> {
    let seen = ns_per_request(samples)?;
    let coarse = (-STEPS..=STEPS).map(|step| scaled(seen, step, 50));
    let (_, near) = best(samples, coarse)?;
    let fine = (-FINE_STEPS..=FINE_STEPS).map(|step| scaled(near, step, 1000));
    // Round ones last, since of equally good ones the last is taken.
    let round = round_rates(near, 20);
    let candidates = fine.chain(round.iter().map(|&(units, window)| window / units));
    let (threshold, per_unit) = best(samples, candidates)?;
    let burst = u64::try_from(threshold.at.div_ceil(u128::from(per_unit))).unwrap_or(u64::MAX);
    let rounded = round.iter().find(|&&(units, window)| window / units == per_unit);
    let rate = rounded.map_or_else(|| rate(1, per_unit), |&(units, window)| rate(units, window))?;
    let (dimension, burst) = (Dimension::Requests, Count::clamped(burst));
    let spec =
        LimitSpec::TokenBucket { dimension, rate, burst, refusals_count: false, refund: true };
    Some((threshold, spec))
}

/// The time for a unit, in ns, by which the fewest requests are on the wrong side; of
/// several the last.
fn best(samples: &[Sample<'_>], candidates: impl Iterator<Item = u64>) -> Option<(Threshold, u64)> {
    let tried = candidates.map(|per_unit| (levels(samples, per_unit), per_unit));
    tried.min_by(|one, other| {
        let order = one.0.wrong.cmp(&other.0.wrong);
        // `min_by` takes the first of equal ones.
        if order.is_eq() { Ordering::Greater } else { order }
    })
}

/// The level that parts best, as what a bucket is owed with each request, in ns.
fn levels(samples: &[Sample<'_>], per_unit: u64) -> Threshold {
    let (mut let_in, mut refused) = (Vec::new(), Vec::new());
    let (mut owed, mut since) = (0_u64, 0_u64);
    for sample in samples {
        owed = owed.saturating_sub(sample.at - since);
        since = sample.at;
        let with_it = owed.saturating_add(per_unit);
        if sample.is_let_in() {
            owed = with_it;
            let_in.push(u128::from(with_it));
        } else if sample.is_refused() {
            refused.push(u128::from(with_it));
        }
    }
    threshold(let_in, refused)
}

/// Time for each request that was let in, while some were refused, in ns.
fn ns_per_request(samples: &[Sample<'_>]) -> Option<u64> {
    let first = samples.iter().position(Sample::is_refused)?;
    let last = samples.iter().rposition(Sample::is_refused)?;
    let between = &samples[first..=last];
    let let_in = between.iter().filter(|sample| sample.is_let_in()).count() as u64;
    let span = samples[last].at - samples[first].at;
    if let_in > 0 && span > 0 {
        return Some((span / let_in).max(1));
    }
    // All refusals at once: the rate before them is all that is known.
    let before = samples[..=last].iter().filter(|sample| sample.is_let_in()).count() as u64;
    Some(((samples[last].at - samples[0].at) / before.max(1)).max(1))
}

/// `value * (1 + 1/part)^step`.
fn scaled(value: u64, step: i32, part: u128) -> u64 {
    let mut value = u128::from(value);
    for _ in 0..step.unsigned_abs() {
        value = if step > 0 { value * (part + 1) / part } else { value * part / (part + 1) };
    }
    u64::try_from(value).unwrap_or(u64::MAX).max(1)
}

/// Windows of the usual lengths that begin by the clock, by what refusals say of their
/// end, or with the first call.
fn windows(samples: &[Sample<'_>], started_unix_ns: u64) -> Vec<(Threshold, LimitSpec)> {
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
        for (start, offset) in offsets {
            let threshold = counted(samples, length, start, offset);
            let dimension = Dimension::Requests;
            let limit = Count::clamped(u64::try_from(threshold.at).unwrap_or(u64::MAX));
            let offset = Duration::from_nanos(offset);
            let spec = LimitSpec::FixedWindow { dimension, limit, window, start, offset };
            all.push((threshold, spec));
        }
    }
    all
}

/// The count that parts best, of windows of this length.
fn counted(samples: &[Sample<'_>], length: u64, start: WindowStart, offset: u64) -> Threshold {
    let (mut let_in, mut refused) = (Vec::new(), Vec::new());
    let (mut opened, mut count) = (None, 0_u128);
    for sample in samples {
        let began = match start {
            // The number of the window will do.
            WindowStart::Clock => (sample.at + length - offset) / length,
            WindowStart::FirstCall => {
                opened.filter(|opened| sample.at - opened < length).unwrap_or(sample.at)
            }
        };
        if opened != Some(began) {
            (opened, count) = (Some(began), 0);
        }
        if sample.is_let_in() {
            count += 1;
            let_in.push(count);
        } else if sample.is_refused() {
            refused.push(count + 1);
        }
    }
    threshold(let_in, refused)
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
