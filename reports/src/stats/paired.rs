//! Differences between two policies in the same storms.

use std::collections::BTreeMap;

/// `of - against` for every seed that both have, in the order of the seeds.
///
/// A seed that only one of them has is left out: an interrupted comparison may
/// have a run of one policy without that of the other.
pub(crate) fn differences(of: &[(u64, f64)], against: &[(u64, f64)]) -> Vec<f64> {
    let against: BTreeMap<u64, f64> = against.iter().copied().collect();
    let of: BTreeMap<u64, f64> = of.iter().copied().collect();
    of.iter().filter_map(|(seed, value)| Some(value - against.get(seed)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn runs_are_paired_by_seed_and_not_by_position() {
        let of = [(2, 20.0), (1, 10.0), (3, 30.0)];
        let against = [(1, 1.0), (2, 2.0), (9, 9.0)];
        assert_eq!(differences(&of, &against), [9.0, 18.0]);
    }
}
