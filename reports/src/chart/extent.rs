//! How far an axis of time goes.
//!
//! One policy that drains ten times as late as all others would squash what the
//! others do into the first tenth of the paper. The axis ends after the last of
//! the others; what goes on beyond is marked there, and said in words.

use super::bins::end;
use super::mark;
use super::svg::{Anchor, Svg};
use super::text;
use crate::number::Unit;
use crate::report::Report;

/// An end later than this multiple of the median is an outlier. Policies that do
/// about as well differ by less: the factor between drawing a storm out and
/// draining it at once is 2 to 3 in the scenarios that are shipped.
const OUTLIER: f64 = 4.0;
/// An axis is cut only where it would be longer by this factor otherwise.
const WORTH_A_CUT: f64 = 1.5;
/// Room after the last end on an axis that is cut, so that its end is seen.
const ROOM: f64 = 1.05;

/// An axis of time from 0 to `end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Where the axis ends \[s\].
    pub(crate) end: f64,
    /// The latest of all ends \[s\].
    pub(crate) last: f64,
}

impl Extent {
    /// Chosen by when the policies of a report have drained their first storm, so
    /// that all its charts end at one time.
    pub(crate) fn of_drains(report: &Report<'_>) -> Self {
        let policies = report.comparison().policies.iter();
        let ends: Vec<f64> = policies.map(|policy| end(&policy.series)).collect();
        Self::of(&ends, &report.verdict().succeeding)
    }

    /// The same for what has ends of its own: no longer than they need.
    pub(crate) fn holding(&self, ends: &[f64]) -> Self {
        let last = ends.iter().copied().fold(0.0, f64::max);
        let end = if self.end > 0.0 { last.min(self.end) } else { last };
        Self { end, last }
    }

    /// Chosen by the `ends` of all policies \[s\]. The median is that of `typical`:
    /// a policy that gives up at once says nothing about how long a storm lasts.
    fn of(ends: &[f64], typical: &[usize]) -> Self {
        let counts = |end: &f64| end.is_finite() && *end > 0.0;
        let last = ends.iter().copied().filter(counts).fold(0.0, f64::max);
        let mut sorted: Vec<f64> =
            typical.iter().filter_map(|&index| ends.get(index).copied()).filter(counts).collect();
        sorted.sort_by(f64::total_cmp);
        let Some(median) = sorted.get(sorted.len().saturating_sub(1) / 2) else {
            return Self { end: last, last };
        };
        let usual = |end: &f64| counts(end) && *end <= OUTLIER * median;
        let kept = ends.iter().copied().filter(usual).fold(0.0, f64::max);
        Self { end: if last > WORTH_A_CUT * kept { ROOM * kept } else { last }, last }
    }

    /// Whether what ends at `end` goes on beyond the axis.
    pub(crate) fn is_beyond(&self, end: f64) -> bool {
        end > self.end
    }

    /// Says above the plot, up to `right` and not left of `left`, which lines go on.
    pub(crate) fn note(
        &self,
        svg: &mut Svg,
        (left, right): (f64, f64),
        lines: impl Iterator<Item = (String, f64)>,
    ) {
        let beyond: Vec<(String, f64)> = lines.filter(|(_, end)| self.is_beyond(*end)).collect();
        let last = beyond.iter().map(|(_, end)| *end).fold(0.0, f64::max);
        let until = Unit::Seconds.text(last);
        let words = match beyond.as_slice() {
            [] => return,
            [(name, _)] => {
                let rest = format!(" goes on to {until}");
                let room = right - left - 12.0 - text::width(&rest, 12.0);
                format!("{}{rest}", text::fitted(name, 12.0, room))
            }
            many => format!("{} policies go on, the last to {until}", many.len()),
        };
        svg.path("beyond", &mark::onward(right - 7.0, 9.0));
        svg.text("muted", (right - 12.0, 13.0), Anchor::End, &words);
    }
}

#[cfg(test)]
mod tests {
    use super::Extent;

    fn extent(ends: &[f64], typical: &[usize]) -> f64 {
        (Extent::of(ends, typical).end * 100.0).round() / 100.0
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "rounded to hundredths")]
    fn an_outlier_does_not_stretch_the_axis() {
        assert_eq!(extent(&[0.1, 16.0, 600.0, 40.0], &[1, 2, 3]), 42.0);
        assert_eq!(extent(&[16.0, 600.0], &[0, 1]), 16.8);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "rounded to hundredths")]
    fn what_gives_up_early_does_not_make_outliers_of_the_others() {
        assert_eq!(extent(&[0.1, 600.0], &[1]), 600.0);
        assert_eq!(extent(&[0.1, 0.2, 500.0, 600.0], &[2, 3]), 600.0);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "rounded to hundredths")]
    fn an_axis_is_not_cut_for_little() {
        assert_eq!(extent(&[10.0, 39.0, 41.0], &[0, 1, 2]), 41.0);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "nothing is rounded")]
    fn without_an_end_there_is_an_extent() {
        assert_eq!(Extent::of(&[], &[]).end, 0.0);
        assert_eq!(Extent::of(&[f64::NAN, 0.0], &[0, 1]).end, 0.0);
    }
}
