//! The rows of a table over time.
//!
//! Runs come in slices of different lengths: longer ones in a longer run. A row
//! holds whole slices of every run, so a number in it counts what it says.

use forbear_sim::results::Series;

use super::bins::slice_s;
use super::extent::Extent;
use crate::number::{decimal, decimals, float};

/// Rows up to the end of the axis.
const FINE: f64 = 24.0;
/// Rows for what goes on beyond.
const COARSE: f64 = 8.0;

/// Spans of time from 0 on, without gaps.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    /// Where each ends \[s\].
    ends: Vec<f64>,
    decimals: usize,
}

impl Rows {
    /// Few enough to read, fine as far as the axis of the chart goes and coarse
    /// beyond; together they hold every slice of `all`.
    pub(crate) fn of<'a>(all: impl Iterator<Item = &'a Series>, extent: &Extent) -> Self {
        let coarsest = all.map(slice_s).fold(0.0, f64::max);
        let fine = coarsest * (extent.end / FINE / coarsest).ceil().max(1.0);
        let mut ends = Vec::new();
        let mut end = 0.0;
        // A slice that is all but whole beyond a span is one of rounding.
        while end < extent.end.min(extent.last) * 0.999_999 {
            ends.push(float(ends.len() as u64 + 1) * fine);
            end = float(ends.len() as u64) * fine;
        }
        let coarse = fine * ((extent.last - end) / COARSE / fine).ceil().max(1.0);
        while end < extent.last * 0.999_999 {
            end += coarse;
            ends.push(end);
        }
        Self { ends, decimals: decimals(fine) }
    }

    /// The spans as texts, `0.00 to 2.56`.
    pub(crate) fn texts(&self) -> impl Iterator<Item = String> {
        let starts = [0.0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| {
            format!("{} to {}", decimal(start, self.decimals), decimal(*end, self.decimals))
        })
    }

    /// The ends as texts.
    pub(crate) fn end_texts(&self) -> impl Iterator<Item = String> {
        self.ends.iter().map(|end| decimal(*end, self.decimals))
    }

    /// What the slices of a run come to in each row, put together by `join`; `None`
    /// after its end.
    pub(crate) fn fold(
        &self,
        series: &Series,
        values: &[u64],
        join: impl Fn(u64, u64) -> u64,
    ) -> Vec<Option<u64>> {
        let mut rows = vec![None; self.ends.len()];
        for (index, value) in values.iter().enumerate() {
            let middle = (float(index as u64) + 0.5) * slice_s(series);
            let row = self.ends.partition_point(|end| *end <= middle);
            if let Some(cell) = rows.get_mut(row) {
                *cell = Some(cell.map_or(*value, |sum| join(sum, *value)));
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use forbear_sim::results::Series;

    use super::Rows;
    use crate::chart::extent::Extent;

    fn series(slice_s: f64, length: usize) -> Series {
        let sends = vec![1; length];
        Series { slice_s, throttled: vec![0; length], outstanding: sends.clone(), sends }
    }

    #[test]
    fn rows_hold_every_slice_of_every_run() {
        let all = [series(0.08, 197), series(0.01, 10), series(2.56, 237)];
        let rows = Rows::of(all.iter(), &Extent { end: 42.0, last: 2.56 * 237.0 });
        assert!(rows.ends.len() <= 33, "{rows:?}");
        for run in &all {
            let sums = rows.fold(run, &run.sends, |a, b| a + b);
            assert_eq!(sums.iter().flatten().sum::<u64>(), run.sends.len() as u64);
        }
    }

    #[test]
    fn runs_of_different_slices_share_their_rows() {
        let all = [series(0.5, 20), series(1.0, 10)];
        let rows = Rows::of(all.iter(), &Extent { end: 10.0, last: 10.0 });
        let sums = |run: &Series| rows.fold(run, &run.sends, |a, b| a + b);
        assert_eq!((sums(&all[0]), sums(&all[1])), (vec![Some(2); 10], vec![Some(1); 10]));
        assert_eq!(rows.texts().last().as_deref(), Some("9 to 10"));
    }
}
