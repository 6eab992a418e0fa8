//! Buckets of which a refused request takes what is left.
//!
//! After a refusal such a bucket is empty. So the next request is let in if it comes as long
//! after as its units take, whatever the burst: the times since the last refusal, for each
//! unit, part what was let in from what was refused, and between the two is the time for a
//! unit.

use super::super::classify::{Threshold, threshold};
use super::super::limits::{rate, round_rates};
use super::View;
use super::candidate::{self, Candidate};
use super::decided::Decided;
use crate::scenario::{Count, LimitSpec};

/// Bursts that are tried beyond the one that was seen.
const MORE: u64 = 2;

/// The buckets that may be meant.
pub(super) fn buckets(view: &View) -> Vec<Candidate> {
    let decided = &view.decided;
    let Some((longest_refused, shortest_let_in)) = gaps(decided) else { return Vec::new() };
    let middle = longest_refused + (shortest_let_in - longest_refused) / 2;
    let mut units: Vec<(u64, u64)> = round_rates(middle, 10);
    units
        .retain(|&(units, window)| (longest_refused..=shortest_let_in).contains(&(window / units)));
    units.reverse();
    units.extend([(1, shortest_let_in), (1, middle)]);
    let mut all = Vec::new();
    for (units, window) in units {
        let per_unit = (window / units).max(1);
        let Some(rate) = rate(units, window.max(1)) else { continue };
        let first = first_levels(decided, per_unit);
        let (round, span) = candidate::units(&first, per_unit);
        let more = (0..=MORE).map(|more| span.0.saturating_add(more));
        for burst in [u64::from(round.get())].into_iter().chain(more) {
            let span = if (span.0..=span.1).contains(&burst) { span } else { (burst, burst) };
            let full = per_unit.saturating_mul(burst);
            let (refusals_count, refund) = (true, true);
            let (dimension, burst) = (view.dimension, Count::clamped(burst));
            let spec = LimitSpec::TokenBucket { dimension, rate, burst, refusals_count, refund };
            all.push(Candidate { wrong: wrong(decided, per_unit, full), spec, span });
        }
    }
    all
}

/// The longest time for each unit after a refusal at which one was refused again, and the
/// shortest at which one was let in, in ns: those that part best.
fn gaps(decided: &[Decided]) -> Option<(u64, u64)> {
    let (mut let_in, mut refused) = (Vec::new(), Vec::new());
    let mut refused_at: Option<u64> = None;
    for request in decided {
        let gap = refused_at.and_then(|at| (request.at - at).checked_div(request.units));
        if request.is_let_in {
            let_in.extend(gap);
            refused_at = None;
        } else {
            refused.extend(gap);
            refused_at = Some(request.at);
        }
    }
    // The threshold is for what is let in below it.
    let inverted = |gaps: &[u64]| gaps.iter().map(|gap| u128::from(u64::MAX - gap)).collect();
    let found = threshold(inverted(&let_in), inverted(&refused));
    let least = u64::MAX - u64::try_from(found.at).ok()?;
    if found.wrong == usize::MAX || least == 0 {
        return None;
    }
    let most = refused.into_iter().filter(|&gap| gap < least).max().unwrap_or(0);
    Some((most, least))
}

/// The most that was owed with a request that was let in before any was refused, and what
/// would have been owed with the first that was refused, in ns.
fn first_levels(decided: &[Decided], per_unit: u64) -> Threshold {
    let (mut owed, mut since, mut most) = (0_u64, 0, 0);
    for request in decided {
        owed = owed.saturating_sub(request.at - since);
        since = request.at;
        owed = owed.saturating_add(per_unit.saturating_mul(request.units));
        if !request.is_let_in {
            let below = Some(u128::from(owed)).filter(|&owed| owed > u128::from(most));
            return Threshold { at: most.into(), below, wrong: 0 };
        }
        most = most.max(owed);
    }
    Threshold { at: most.into(), below: None, wrong: 0 }
}

/// Requests that a bucket which holds `full` decides otherwise than the server did.
fn wrong(decided: &[Decided], per_unit: u64, full: u64) -> usize {
    let (mut owed, mut since, mut wrong) = (0_u64, 0, 0);
    for request in decided {
        owed = owed.saturating_sub(request.at - since);
        since = request.at;
        let with_it = owed.saturating_add(per_unit.saturating_mul(request.units));
        if request.is_let_in {
            wrong += usize::from(with_it > full);
        } else {
            wrong += usize::from(with_it <= full);
        }
        owed = with_it.min(full);
    }
    wrong
}
