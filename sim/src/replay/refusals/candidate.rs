//! A limit that may be meant.

use super::super::classify::Threshold;
use crate::scenario::{Count, LimitSpec};

/// A limit, and how well it parts what was let in from what was refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Requests that it decides otherwise than the server did.
    pub(super) wrong: usize,
    pub(super) spec: LimitSpec,
    /// The least and the most units that it may allow and decide the same.
    pub(super) span: (u64, u64),
}

/// Units that a limit allows, where each is worth so much of what `threshold` is in: the
/// roundest number of those that part as well and are at most a quarter more than the
/// least; and the least and the most of all.
///
/// Where each request costs a unit there is but one. Where they cost more the sums leave
/// gaps, and people set round numbers.
pub(super) fn units(threshold: &Threshold, worth: u64) -> (Count<{ u32::MAX }>, (u64, u64)) {
    let worth = u128::from(worth.max(1));
    let whole = |units: u128| u64::try_from(units).unwrap_or(u64::MAX);
    let least = whole(threshold.at.div_ceil(worth)).max(1);
    let most = threshold.below.map_or(least, |below| whole(below.saturating_sub(1) / worth));
    let most = most.max(least);
    let near = most.min(least.saturating_add(least / 4));
    (Count::clamped(roundest(least, near)), (least, most))
}

/// The smallest of the roundest numbers in `least..=most`.
fn roundest(least: u64, most: u64) -> u64 {
    let steps = (0..10).rev().map(|power| 10_u64.pow(power)).flat_map(|ten| [ten * 5, ten]);
    steps
        .filter_map(|step| least.div_ceil(step).checked_mul(step))
        .find(|&round| round <= most)
        .unwrap_or(least)
}

/// What is to be said where the number is not the only one.
pub(super) fn note_span((least, most): (u64, u64)) -> Option<String> {
    (most > least).then(|| format!("; any number from {least} to {most} would do in its place"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_the_roundest_of_those_that_are_near() {
        let found = |at, below, worth| {
            let (count, span) = units(&Threshold { at, below, wrong: 0 }, worth);
            (count.get(), span)
        };
        assert_eq!(found(996, Some(1004), 1), (1000, (996, 1003)));
        assert_eq!(found(20, Some(21), 1), (20, (20, 20)));
        // Nothing refused shows how much more is allowed.
        assert_eq!(found(996, None, 1), (996, (996, 996)));
        // What is far from all that was let in is no better for being round.
        assert_eq!(found(601, Some(2000), 1), (700, (601, 1999)));
        assert_eq!(found(19_600, Some(20_900), 1000), (20, (20, 20)));
        assert_eq!(found(0, Some(1), 1), (1, (1, 1)));
        assert_eq!(found(u128::MAX, None, 1).0, u32::MAX);
    }
}
