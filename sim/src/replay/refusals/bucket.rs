//! Buckets of which a refused request takes nothing.

use std::cmp::Ordering;

use super::super::classify::{Threshold, threshold};
use super::super::limits::{rate, round_rates};
use super::View;
use super::candidate::{Candidate, units};
use super::decided::Decided;
use crate::scenario::LimitSpec;

/// Rates that are tried on each side of the one that was seen, each 2 % from the next.
const STEPS: i32 = 60;
/// And around the best of these, each a thousandth from the next.
const FINE_STEPS: i32 = 25;

/// The bucket of the best rate: first in steps of 2 %, then around the best of these in
/// steps of a thousandth and at the round rates that people set.
pub(super) fn plain(view: &View) -> Option<Candidate> {
    let decided = &view.decided;
    let seen = ns_per_unit(decided)?;
    let coarse = (-STEPS..=STEPS).map(|step| scaled(seen, step, 50));
    let (_, near) = best(decided, coarse)?;
    let fine = (-FINE_STEPS..=FINE_STEPS).map(|step| scaled(near, step, 1000));
    // Round ones last, since of equally good ones the last is taken.
    let round = round_rates(near, 20);
    let candidates = fine.chain(round.iter().map(|&(units, window)| window / units));
    let (threshold, per_unit) = best(decided, candidates)?;
    let rounded = round.iter().find(|&&(units, window)| window / units == per_unit);
    let rate = rounded.map_or_else(|| rate(1, per_unit), |&(units, window)| rate(units, window))?;
    let (burst, span) = units(&threshold, per_unit);
    let (dimension, refusals_count, refund) = (view.dimension, false, true);
    let spec = LimitSpec::TokenBucket { dimension, rate, burst, refusals_count, refund };
    Some(Candidate { wrong: threshold.wrong, spec, span })
}

/// The time for a unit, in ns, by which the fewest requests are on the wrong side; of
/// several the last.
fn best(decided: &[Decided], candidates: impl Iterator<Item = u64>) -> Option<(Threshold, u64)> {
    let tried = candidates.map(|per_unit| (levels(decided, per_unit), per_unit));
    tried.min_by(|one, other| {
        let order = one.0.wrong.cmp(&other.0.wrong);
        // `min_by` takes the first of equal ones.
        if order.is_eq() { Ordering::Greater } else { order }
    })
}

/// The level that parts best, as what a bucket is owed with each request, in ns.
fn levels(decided: &[Decided], per_unit: u64) -> Threshold {
    let (mut let_in, mut refused) = (Vec::new(), Vec::new());
    let (mut owed, mut since) = (0_u64, 0_u64);
    for request in decided {
        owed = owed.saturating_sub(request.at - since);
        since = request.at;
        let with_it = owed.saturating_add(per_unit.saturating_mul(request.units));
        if request.is_let_in {
            owed = with_it;
            let_in.push(u128::from(with_it));
        } else {
            refused.push(u128::from(with_it));
        }
    }
    threshold(let_in, refused)
}

/// Time for each unit that was let in, while some were refused, in ns.
fn ns_per_unit(decided: &[Decided]) -> Option<u64> {
    let first = decided.iter().position(|request| !request.is_let_in)?;
    let last = decided.iter().rposition(|request| !request.is_let_in)?;
    let let_in = |requests: &[Decided]| {
        let let_in = requests.iter().filter(|request| request.is_let_in);
        let_in.fold(0_u64, |sum, request| sum.saturating_add(request.units))
    };
    let between = let_in(&decided[first..=last]);
    let span = decided[last].at - decided[first].at;
    if between > 0 && span > 0 {
        return Some((span / between).max(1));
    }
    // All refusals at once: the rate before them is all that is known.
    let before = let_in(&decided[..=last]);
    Some(((decided[last].at - decided[0].at) / before.max(1)).max(1))
}

/// `value * (1 + 1/part)^step`.
fn scaled(value: u64, step: i32, part: u128) -> u64 {
    let mut value = u128::from(value);
    for _ in 0..step.unsigned_abs() {
        value = if step > 0 { value * (part + 1) / part } else { value * part / (part + 1) };
    }
    u64::try_from(value).unwrap_or(u64::MAX).max(1)
}
