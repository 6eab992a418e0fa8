//! Time series, merged into few enough slices to see and to read.

use forbear_sim::results::Series;

use crate::number::float;

/// A run over time in slices of equal length; the last may be cut short.
#[derive(Clone, Debug)]
pub(crate) struct Bins {
    /// Length of a slice \[s\].
    pub(crate) seconds: f64,
    pub(crate) sends: Vec<u64>,
    pub(crate) throttled: Vec<u64>,
    pub(crate) outstanding: Vec<u64>,
    /// End of the last slice \[s\].
    pub(crate) end: f64,
    /// Slices of the series in the last bin, over those in a full one.
    last_share: f64,
}

impl Bins {
    /// Merges `factor` slices of `series` into one.
    pub(crate) fn merged(series: &Series, factor: usize) -> Self {
        let factor = factor.max(1);
        let slice =
            if series.slice_s.is_finite() && series.slice_s > 0.0 { series.slice_s } else { 1.0 };
        let length = series.sends.len().max(series.outstanding.len());
        let sum = |values: &[u64]| values.chunks(factor).map(|chunk| chunk.iter().sum()).collect();
        let last = |values: &[u64]| {
            values.chunks(factor).filter_map(|chunk| chunk.last().copied()).collect()
        };
        let rest = length % factor;
        Self {
            seconds: slice * float(factor as u64),
            sends: sum(&series.sends),
            throttled: sum(&series.throttled),
            outstanding: last(&series.outstanding),
            end: slice * float(length as u64),
            last_share: if rest == 0 { 1.0 } else { float(rest as u64) / float(factor as u64) },
        }
    }

    /// Slices to merge so that none of `series` has more than `most` bins.
    pub(crate) fn factor<'a>(series: impl Iterator<Item = &'a Series>, most: usize) -> usize {
        let longest = series.map(|series| series.sends.len().max(series.outstanding.len())).max();
        longest.unwrap_or(0).div_ceil(most).max(1)
    }

    /// Start of the bin at `index` \[s\].
    pub(crate) fn start(&self, index: usize) -> f64 {
        (self.seconds * float(index as u64)).min(self.end)
    }

    /// Sends a second in the bin at `index`, answered and throttled.
    pub(crate) fn rates(&self, index: usize) -> (f64, f64) {
        let at = |values: &[u64]| values.get(index).copied().unwrap_or(0);
        let last = index + 1 == self.sends.len();
        let seconds = self.seconds * if last { self.last_share } else { 1.0 };
        let throttled = at(&self.throttled).min(at(&self.sends));
        let answered = at(&self.sends) - throttled;
        (float(answered) / seconds, float(throttled) / seconds)
    }
}

#[cfg(test)]
mod tests {
    use forbear_sim::results::Series;

    use super::Bins;

    #[test]
    fn merging_keeps_every_send_and_the_last_level() {
        let series = Series {
            slice_s: 0.5,
            sends: vec![4, 2, 3],
            throttled: vec![1, 0, 3],
            outstanding: vec![9, 5, 0],
        };
        let bins = Bins::merged(&series, 2);
        assert_eq!((bins.sends.clone(), bins.throttled.clone()), (vec![6, 3], vec![1, 3]));
        assert_eq!((bins.outstanding.clone(), bins.end), (vec![5, 0], 1.5));
        assert_eq!((bins.rates(0), bins.rates(1)), ((5.0, 1.0), (0.0, 6.0)));
    }
}
