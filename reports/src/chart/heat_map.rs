//! A metric over two parameters, as a field of shaded rectangles.
//!
//! A shade alone would leave out whoever cannot tell it: each rectangle has its number, and
//! the best one a frame. Shades are of one colour, in as many steps as people tell apart
//! (nine classes: Brewer, "Color use guidelines for mapping", 1994).

use std::fmt::Write;

use super::drawing::WIDTH;
use super::figure::Figure;
use super::svg::{Anchor, Svg};
use super::text;
use crate::metric::{Better, Metric};
use crate::number::float;

/// Steps of the scale.
const SHADES: u32 = 9;
/// Opacity of the first and of the last step. On a stronger one, ink would have a contrast
/// below 4.5:1 in the dark theme (WCAG 2.2, criterion 1.4.3).
const FAINTEST: f64 = 0.04;
const STRONGEST: f64 = 0.52;
const TOP: f64 = 34.0;
const FOOT: f64 = 78.0;
/// A rectangle is no higher and no flatter \[px\].
const HEIGHTS: std::ops::RangeInclusive<f64> = 14.0..=44.0;
/// The height that the field has if it can \[px\].
const FIELD: f64 = 420.0;

/// What is drawn.
#[derive(Clone, Debug)]
pub(crate) struct HeatMap<'a> {
    pub(crate) metric: Metric,
    /// The parameter from left to right, and its values.
    pub(crate) across: (&'a str, Vec<String>),
    /// The parameter from bottom to top, and its values.
    pub(crate) up: (&'a str, Vec<String>),
    /// Means by row and column; `None` where there is none.
    pub(crate) means: Vec<Vec<Option<f64>>>,
}

impl HeatMap<'_> {
    /// What it shows, in a few words.
    fn title(&self) -> String {
        format!("{} by {} and {}", self.metric.label(), self.across.0, self.up.0)
    }

    /// What to see in it.
    fn caption(&self) -> String {
        let best = match (self.best(), self.metric.better()) {
            (Some((row, column)), Better::Higher | Better::Lower) => format!(
                " The best mean, {}, has a frame: {} with {}.",
                self.means[row][column]
                    .map_or_else(String::new, |mean| self.metric.unit().text(mean)),
                self.across.1[column],
                self.up.1[row]
            ),
            _ => String::new(),
        };
        let label = self.metric.label().to_lowercase();
        if self.is_one() {
            let mean = self.texts().next().unwrap_or_default();
            return format!("Each field is the mean of a point ({label}): {mean} in all of them.");
        }
        format!(
            "Each field is the mean of a point ({label}): the stronger its colour, the \
             higher.{best}"
        )
    }

    /// The means as they are written.
    fn texts(&self) -> impl Iterator<Item = String> {
        let means = self.means.iter().flatten().flatten();
        means.map(|mean| self.metric.unit().text(*mean))
    }

    /// Whether all means read the same: shades would be looked at for a difference.
    fn is_one(&self) -> bool {
        let mut texts = self.texts();
        texts.next().is_none_or(|first| texts.all(|other| other == first))
    }

    pub(crate) fn figure(&self) -> Figure {
        let (svg, height) = self.drawn();
        Figure {
            kind: "heat",
            key: self.metric.key(),
            title: self.title(),
            caption: self.caption(),
            height,
            svg,
            rules: rules(),
        }
    }

    fn drawn(&self) -> (Svg, f64) {
        let mut svg = Svg::default();
        let (rows, columns) = (self.up.1.len(), self.across.1.len());
        let labels = self.up.1.iter().map(|label| text::width(label, 12.0)).fold(0.0, f64::max);
        let left = (labels + 12.0).clamp(40.0, WIDTH / 3.0);
        let height = (FIELD / float(rows.max(1) as u64)).clamp(*HEIGHTS.start(), *HEIGHTS.end());
        let width = (WIDTH - left) / float(columns.max(1) as u64);
        let bottom = TOP + height * float(rows as u64);
        svg.text("muted", (0.0, TOP - 14.0), Anchor::Start, &format!("{} ↑", self.up.0));
        let scale = Shades::of(self.means.iter().flatten().copied().flatten());
        for (row, means) in self.means.iter().enumerate() {
            let y = bottom - height * float(row as u64 + 1);
            let label = text::fitted(&self.up.1[row], 12.0, left - 8.0);
            svg.text("muted", (left - 8.0, y + height / 2.0 + 4.0), Anchor::End, &label);
            for (column, mean) in means.iter().enumerate() {
                let x = left + width * float(column as u64);
                let Some(mean) = mean else {
                    svg.rect("none", (x, y), (width - 1.0, height - 1.0));
                    continue;
                };
                let shade = scale.shade(*mean);
                svg.rect(&format!("h{shade}"), (x, y), (width - 1.0, height - 1.0));
                let number = self.metric.unit().text(*mean);
                if text::width(&number, 12.0) < width - 4.0 {
                    let middle = (x + width / 2.0 - 0.5, y + height / 2.0 + 4.0);
                    svg.text("number", middle, Anchor::Middle, &number);
                }
            }
        }
        if let Some((row, column)) = self.best() {
            let corner =
                (left + width * float(column as u64), bottom - height * float(row as u64 + 1));
            svg.rect("frame", (corner.0 + 1.0, corner.1 + 1.0), (width - 3.0, height - 3.0));
        }
        let mut free_from = f64::NEG_INFINITY;
        for (column, label) in self.across.1.iter().enumerate() {
            let middle = left + width * (float(column as u64) + 0.5);
            let label = text::fitted(label, 12.0, (width * 2.0).max(48.0));
            let half = text::width(&label, 12.0) / 2.0;
            if middle - half > free_from {
                svg.text("muted", (middle, bottom + 18.0), Anchor::Middle, &label);
                free_from = middle + half + 6.0;
            }
        }
        svg.text("muted", (WIDTH, bottom + 36.0), Anchor::End, &format!("{} →", self.across.0));
        if !self.is_one() {
            self.legend(&mut svg, &scale, bottom + 50.0);
        }
        (svg, bottom + FOOT)
    }

    /// The shades and what the ends stand for.
    fn legend(&self, svg: &mut Svg, scale: &Shades, y: f64) {
        let unit = self.metric.unit();
        let (low, high) = (unit.text(scale.low), unit.text(scale.high));
        svg.text("muted", (0.0, y + 11.0), Anchor::Start, &low);
        let from = text::width(&low, 12.0) + 8.0;
        for shade in 0..SHADES {
            let x = from + 22.0 * f64::from(shade);
            svg.rect(&format!("h{shade}"), (x, y), (22.0, 14.0));
        }
        let end = from + 22.0 * f64::from(SHADES) + 8.0;
        let by = if scale.is_log { " (by ratios)" } else { "" };
        svg.text("muted", (end, y + 11.0), Anchor::Start, &format!("{high}{by}"));
    }

    /// The row and column of the best mean; none where all are equal.
    fn best(&self) -> Option<(usize, usize)> {
        let cells = self.means.iter().enumerate().flat_map(|(row, means)| {
            means
                .iter()
                .enumerate()
                .filter_map(move |(column, mean)| Some(((row, column), (*mean)?)))
        });
        let all: Vec<((usize, usize), f64)> = cells.collect();
        let least = all.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let most = all.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        if least.1 >= most.1 {
            return None;
        }
        match self.metric.better() {
            Better::Lower => Some(least.0),
            Better::Higher => Some(most.0),
            Better::Neither => None,
        }
    }
}

/// From means to steps of the scale.
struct Shades {
    low: f64,
    high: f64,
    is_log: bool,
}

impl Shades {
    fn of(means: impl Iterator<Item = f64>) -> Self {
        let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mean| {
            (low.min(mean), high.max(mean))
        });
        if low > high {
            return Self { low: 0.0, high: 0.0, is_log: false };
        }
        // With more than a decade on a linear scale, all small ones look alike.
        Self { low, high, is_log: low > 0.0 && high / low > 10.0 }
    }

    fn shade(&self, mean: f64) -> u32 {
        let share = if self.high <= self.low {
            0.0
        } else if self.is_log {
            libm::log(mean / self.low) / libm::log(self.high / self.low)
        } else {
            (mean - self.low) / (self.high - self.low)
        };
        let step = (share.clamp(0.0, 1.0) * f64::from(SHADES)).floor();
        (0..SHADES - 1).find(|shade| step <= f64::from(*shade)).unwrap_or(SHADES - 1)
    }
}

/// The rules that the classes of a heat map stand for.
pub(crate) fn rules() -> String {
    let mut css = String::from(
        ".heat .number{font-size:12px}\n\
         .heat .none{fill:none;stroke:var(--rule)}\n\
         .heat .frame{fill:none;stroke:var(--ink);stroke-width:2.5}\n",
    );
    for shade in 0..SHADES {
        let opacity = FAINTEST + (STRONGEST - FAINTEST) * f64::from(shade) / f64::from(SHADES - 1);
        let _ = writeln!(css, ".heat .h{shade}{{fill:var(--s0);fill-opacity:{opacity:.2}}}");
    }
    css
}

#[cfg(test)]
mod tests {
    use super::Shades;

    #[test]
    fn the_ends_have_the_first_and_the_last_shade() {
        let linear = Shades::of([1.0, 3.0, 5.0].into_iter());
        assert_eq!([1.0, 3.0, 5.0].map(|mean| linear.shade(mean)), [0, 4, 8]);
        let log = Shades::of([1.0, 10.0, 100.0].into_iter());
        assert_eq!([1.0, 10.0, 100.0].map(|mean| log.shade(mean)), [0, 4, 8]);
        let flat = Shades::of([2.0, 2.0].into_iter());
        assert_eq!(flat.shade(2.0), 0);
        assert_eq!(Shades::of(std::iter::empty()).shade(1.0), 0);
    }
}
