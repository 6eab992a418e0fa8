//! One window described by several families of fields becomes one reading.
//!
//! Express sends `RateLimit-*` and `X-RateLimit-*` together, Kong a plain and a windowed
//! family: the same window twice. Equal numbers mean the same window, and then the lower
//! family fills what the higher left out. Different numbers are different constraints.

use crate::amount::Amount;
use crate::dialect::REQUESTS;
use crate::reading::{LimitReading, Limits};

/// Adds a reading, or fills the one of the first `higher` that is the same window.
pub(crate) fn add<'a>(settled: &mut Limits<'a>, higher: usize, reading: LimitReading<'a>) {
    if !reading.says_something() {
        return;
    }
    let candidate = |wanted: Likeness| {
        settled.iter().take(higher).position(|known| likeness(known, &reading) == Some(wanted))
    };
    let same = if higher == 0 {
        None
    } else {
        candidate(Likeness::Equal).or_else(|| candidate(Likeness::Compatible))
    };
    match same.and_then(|at| settled.get_mut(at)) {
        Some(known) => fill(known, &reading),
        None => {
            settled.push(reading);
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Likeness {
    /// Both counters are known and equal.
    Equal,
    /// No counter contradicts another.
    Compatible,
}

/// How alike two readings of different families are; `None` if they are two windows.
fn likeness(higher: &LimitReading<'_>, lower: &LimitReading<'_>) -> Option<Likeness> {
    // A policy's name is free text, so a structured field may name anything.
    let same_name = higher.name == lower.name || lower.name == REQUESTS;
    if !same_name || contradict(higher.window, lower.window) {
        return None;
    }
    if contradict(higher.limit, lower.limit) || contradict(higher.remaining, lower.remaining) {
        return None;
    }
    let both = |a: Option<Amount>, b: Option<Amount>| a.is_some() && b.is_some();
    let limits = both(higher.limit, lower.limit);
    let remainings = both(higher.remaining, lower.remaining);
    let lower_has_no_counter = lower.limit.is_none() && lower.remaining.is_none();
    match (limits, remainings) {
        (true, true) => Some(Likeness::Equal),
        (true, false) | (false, true) => Some(Likeness::Compatible),
        (false, false) => lower_has_no_counter.then_some(Likeness::Compatible),
    }
}

fn contradict<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a != b)
}

fn fill(known: &mut LimitReading<'_>, lower: &LimitReading<'_>) {
    known.dimension = known.dimension.or(lower.dimension);
    known.limit = known.limit.or(lower.limit);
    known.remaining = known.remaining.or(lower.remaining);
    known.reset_after = known.reset_after.or(lower.reset_after);
    known.window = known.window.or(lower.window);
}
