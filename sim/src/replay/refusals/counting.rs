//! Buckets of which a refused request takes what is left.
//!
//! After a refusal such a bucket is empty. So the next request is let in if it comes as long
//! after as a unit takes, whatever the burst: the times since the last refusal part what was
//! let in from what was refused, and between the two is the time for a unit.

use forbear_core::Dimension;

use super::super::classify::Threshold;
use super::super::classify::threshold;
use super::super::limits::{rate, round_rates};
use super::super::sample::Sample;
use crate::scenario::{Count, LimitSpec};

/// Bursts that are tried beyond the one that was seen.
const MORE: u64 = 2;

/// The buckets that may be meant.
pub(super) fn buckets(samples: &[Sample<'_>]) -> Vec<(Threshold, LimitSpec)> {
    let Some((longest_refused, shortest_let_in)) = gaps(samples) else { return Vec::new() };
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
        let seen = most_owed(samples, per_unit).div_ceil(per_unit).max(1);
        for burst in seen..=seen + MORE {
            let full = per_unit.saturating_mul(burst);
            let threshold = Threshold { at: full.into(), wrong: wrong(samples, per_unit, full) };
            let (dimension, burst) = (Dimension::Requests, Count::clamped(burst));
            let (refusals_count, refund) = (true, true);
            let spec = LimitSpec::TokenBucket { dimension, rate, burst, refusals_count, refund };
            all.push((threshold, spec));
        }
    }
    all
}

/// The longest time after a refusal at which one was refused again, and the shortest at
/// which one was let in, in ns: those that part best.
fn gaps(samples: &[Sample<'_>]) -> Option<(u64, u64)> {
    let (mut let_in, mut refused) = (Vec::new(), Vec::new());
    let mut refused_at = None;
    for sample in samples {
        let gap = refused_at.map(|at| sample.at - at);
        if sample.is_refused() {
            refused.extend(gap);
            refused_at = Some(sample.at);
        } else if sample.is_let_in() {
            let_in.extend(gap);
            refused_at = None;
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

/// The most that was owed with a request that was let in before any was refused, in ns.
fn most_owed(samples: &[Sample<'_>], per_unit: u64) -> u64 {
    let (mut owed, mut since, mut most) = (0_u64, 0, 0);
    for sample in samples.iter().take_while(|sample| !sample.is_refused()) {
        owed = owed.saturating_sub(sample.at - since);
        since = sample.at;
        if sample.is_let_in() {
            owed = owed.saturating_add(per_unit);
            most = most.max(owed);
        }
    }
    most
}

/// Requests that a bucket which holds `full` decides otherwise than the server did.
fn wrong(samples: &[Sample<'_>], per_unit: u64, full: u64) -> usize {
    let (mut owed, mut since, mut wrong) = (0_u64, 0, 0);
    for sample in samples {
        owed = owed.saturating_sub(sample.at - since);
        since = sample.at;
        let with_it = owed.saturating_add(per_unit);
        if sample.is_let_in() {
            wrong += usize::from(with_it > full);
            owed = with_it.min(full);
        } else if sample.is_refused() {
            wrong += usize::from(with_it <= full);
            owed = full;
        }
    }
    wrong
}
