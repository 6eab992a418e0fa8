//! How many candidates meet how many storms.

/// One in so many goes on to the next rung.
pub(super) const KEPT: usize = 3;

/// Candidates of a bracket at most: nine in three rungs leave one.
const MOST: u64 = 9;

/// The storms of the first rung at least: one alone would be luck.
const FEWEST: u64 = 2;

/// How many storms a candidate has met after each rung: a ninth, a third and all.
pub(super) fn rungs(replications: u64) -> Vec<u64> {
    let mut rungs = vec![replications];
    while rungs.len() < 3 {
        let next = rungs[0].div_ceil(KEPT as u64);
        if next < FEWEST || next >= rungs[0] {
            break;
        }
        rungs.insert(0, next);
    }
    rungs
}

/// The most candidates, up to nine, that `left` runs are enough for.
pub(super) fn size(rungs: &[u64], left: u64) -> usize {
    let fits = (1..=MOST).rev().find(|&size| cost(rungs, size) <= left);
    fits.and_then(|size| usize::try_from(size).ok()).unwrap_or(0)
}

/// The runs of a bracket.
fn cost(rungs: &[u64], size: u64) -> u64 {
    let mut standing = size;
    let mut from = 0;
    let mut cost = 0_u64;
    for &to in rungs {
        cost = cost.saturating_add(standing.saturating_mul(to - from));
        from = to;
        standing = standing.div_ceil(KEPT as u64);
    }
    cost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rung_has_all_storms_and_the_first_more_than_one() {
        assert_eq!(rungs(20), [3, 7, 20]);
        assert_eq!(rungs(9), [3, 9]);
        assert_eq!(rungs(3), [3]);
        assert_eq!(rungs(1), [1]);
        assert_eq!(rungs(27), [3, 9, 27]);
    }

    #[test]
    fn a_bracket_costs_no_more_than_is_left() {
        let rungs = rungs(20);
        // 9 * 3 + 3 * 4 + 1 * 13.
        assert_eq!(cost(&rungs, 9), 52);
        assert_eq!(size(&rungs, 52), 9);
        assert_eq!(size(&rungs, 51), 8);
        assert_eq!(size(&rungs, 20), 1);
        assert_eq!(size(&rungs, 19), 0);
    }
}
