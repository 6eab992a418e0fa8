//! What a limit of one dimension decided about.

use forbear_core::Dimension;

use super::super::sample::Sample;

/// A request, and what became of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided {
    /// When it was decided about, in ns.
    pub(super) at: u64,
    /// What it costs of the dimension.
    pub(super) units: u64,
    /// Whether it was let in; refused if not.
    pub(super) is_let_in: bool,
}

/// The samples that were let in or refused.
pub(super) fn decided(samples: &[Sample<'_>], dimension: Dimension) -> Vec<Decided> {
    let known = samples.iter().filter(|sample| sample.is_let_in() || sample.is_refused());
    known
        .map(|sample| Decided {
            at: sample.at,
            units: sample.cost.get(dimension).into(),
            is_let_in: sample.is_let_in(),
        })
        .collect()
}

/// Whether requests differ in what they cost.
pub(super) fn varies(decided: &[Decided]) -> bool {
    decided.windows(2).any(|pair| pair[0].units != pair[1].units)
}

/// The dimensions by which limits can be told from each other: where each request costs as
/// many times what it costs in an earlier one, limits of both decide the same.
pub(super) fn dimensions(samples: &[Sample<'_>]) -> Vec<Dimension> {
    let mut told = Vec::<Dimension>::new();
    for dimension in Dimension::ALL {
        let units = |sample: &Sample<'_>| u64::from(sample.cost.get(dimension));
        let Some(first) = samples.iter().find(|sample| units(sample) > 0) else { continue };
        let is_as_another = told.iter().any(|&other| {
            let others = |sample: &Sample<'_>| u64::from(sample.cost.get(other));
            samples
                .iter()
                .all(|sample| units(sample) * others(first) == others(sample) * units(first))
        });
        if !is_as_another {
            told.push(dimension);
        }
    }
    told
}
