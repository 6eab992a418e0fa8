//! Time series, merged into few enough slices to see.

use forbear_sim::results::Series;

use crate::number::float;

/// A run over time in bins of equal length; it may end within the last.
#[derive(Clone, Debug)]
pub(crate) struct Bins {
    /// Length of a bin \[s\].
    pub(crate) seconds: f64,
    pub(crate) sends: Vec<u64>,
    pub(crate) throttled: Vec<u64>,
    /// The most at the end of any slice of the bin.
    pub(crate) outstanding: Vec<u64>,
    /// Outstanding at the end of the run.
    pub(crate) left: Option<u64>,
    /// End of the last slice \[s\].
    pub(crate) end: f64,
}

impl Bins {
    /// Merges the slices of `series` into bins of about `seconds`, and never less
    /// than a slice.
    pub(crate) fn merged(series: &Series, seconds: f64) -> Self {
        let slice = slice_s(series);
        let factor = nearest(seconds / slice).max(1);
        let sum = |values: &[u64]| values.chunks(factor).map(|chunk| chunk.iter().sum()).collect();
        let most = |values: &[u64]| {
            values.chunks(factor).filter_map(|chunk| chunk.iter().max().copied()).collect()
        };
        Self {
            seconds: slice * float(factor as u64),
            sends: sum(&series.sends),
            throttled: sum(&series.throttled),
            outstanding: most(&series.outstanding),
            left: series.outstanding.last().copied(),
            end: end(series),
        }
    }

    /// Start of the bin at `index` \[s\].
    pub(crate) fn start(&self, index: usize) -> f64 {
        self.seconds * float(index as u64)
    }

    /// Sends a second in the bin at `index`, answered and throttled: the mean over
    /// the whole bin, also of the last, in which the run ends.
    pub(crate) fn rates(&self, index: usize) -> (f64, f64) {
        let at = |values: &[u64]| values.get(index).copied().unwrap_or(0);
        let throttled = at(&self.throttled).min(at(&self.sends));
        let answered = at(&self.sends) - throttled;
        (float(answered) / self.seconds, float(throttled) / self.seconds)
    }
}

/// The length of a slice \[s\]; 1 where the series has none.
pub(crate) fn slice_s(series: &Series) -> f64 {
    if series.slice_s.is_finite() && series.slice_s > 0.0 { series.slice_s } else { 1.0 }
}

/// The end of the last slice \[s\].
pub(crate) fn end(series: &Series) -> f64 {
    slice_s(series) * float(series.sends.len().max(series.outstanding.len()) as u64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates, and nobody merges so many slices"
)]
fn nearest(value: f64) -> usize {
    value.round() as usize
}

#[cfg(test)]
mod tests {
    use forbear_sim::results::Series;

    use super::Bins;

    #[test]
    fn merging_keeps_every_send_and_the_highest_level() {
        let series = Series {
            slice_s: 0.5,
            sends: vec![4, 2, 3],
            throttled: vec![1, 0, 3],
            outstanding: vec![9, 5, 0],
        };
        let bins = Bins::merged(&series, 1.0);
        assert_eq!((bins.sends.clone(), bins.throttled.clone()), (vec![6, 3], vec![1, 3]));
        assert_eq!((bins.outstanding.clone(), bins.left), (vec![9, 0], Some(0)));
        assert_eq!(bins.end.to_string(), "1.5");
        assert_eq!((bins.rates(0), bins.rates(1)), ((5.0, 1.0), (0.0, 3.0)));
    }

    #[test]
    fn slices_are_never_split() {
        let series = Series {
            slice_s: 2.0,
            sends: vec![4, 2],
            throttled: vec![0, 0],
            outstanding: vec![1, 0],
        };
        assert_eq!(Bins::merged(&series, 0.1).sends, [4, 2]);
    }
}
