//! Every storm as a dot: what a mean and its interval hide.
//!
//! Of twenty storms, nineteen may end in 40 s and one never: the mean of that is a time
//! that no storm took. Dots show the two groups, whatever their numbers.

use forbear_sim::results::RunResult;

use super::ChartName;
use super::axis::Frame;
use super::bars;
use super::drawing::{Drawing, Numbers, WIDTH};
use super::scale::{Linear, Scale};
use super::svg::{Anchor, Path, Svg};
use crate::metric::Metric;
use crate::number::{Unit, float};
use crate::report::Report;
use crate::stats::mean;

const NAMES: f64 = 190.0;
const GAP: f64 = 26.0;
const TOP: f64 = 44.0;
const PITCH: f64 = 38.0;
/// Half the height of the tick at a mean \[px\].
const TICK: f64 = 10.0;
/// Half the width of a cross \[px\].
const CROSS: f64 = 3.0;
/// Dots of neighbouring seeds are so far apart vertically \[px\], so that equal ones
/// are seen to be many.
const SHIFT: f64 = 2.6;
/// More dots than this are a smear, and heavy.
const MOST: usize = 200;

const CAPTION: &str = "Each dot is one storm, each tick the mean of a row. Dots close together: \
    the policy does the same whatever the luck. Two groups of dots: it either copes or collapses; \
    then there are two ticks, one a group, since the mean between them is what no storm looks like. \
    Crosses are storms that collapsed: most of the work was of no use to anybody, and calls were \
    lost for it.";

/// Draws the chart.
pub(crate) fn draw(report: &Report<'_>) -> Drawing {
    let metrics = metrics(report);
    let policies = report.comparison().policies.len();
    let bottom = TOP + float(policies as u64) * PITCH;
    let mut svg = Svg::default();
    let collapses: Vec<Option<String>> = (0..policies).map(|row| collapse(report, row)).collect();
    // The name moves up where something is said below it.
    let name_at = |row: usize| middle(row) - if collapses[row].is_some() { 7.0 } else { 0.0 };
    bars::names(&mut svg, report, NAMES - 20.0, name_at);
    for (row, words) in collapses.iter().enumerate() {
        if let Some(words) = words {
            svg.text("small", (0.0, middle(row) + 12.0), Anchor::Start, words);
        }
    }
    let width = (WIDTH - NAMES - GAP * 2.0) / 3.0;
    for (column, metric) in metrics.into_iter().enumerate() {
        let left = NAMES + float(column as u64) * (width + GAP);
        let frame = Frame { left, right: left + width, top: TOP - 8.0, bottom };
        panel(&mut svg, report, metric, &frame);
    }
    Drawing {
        name: ChartName::Storms,
        title: "Every storm".to_owned(),
        caption: CAPTION.to_owned(),
        description: description(report, &metrics),
        height: bottom + 26.0,
        svg,
        numbers: numbers(report, &metrics),
    }
}

/// What is drawn: how much came of the calls, how long it took, how slow a call can be;
/// instead of the last what falls into two groups, if that does not.
fn metrics(report: &Report<'_>) -> [Metric; 3] {
    let splits = |metric: &Metric| {
        (0..report.table().rows.len()).any(|row| split(report, row, *metric).is_some())
    };
    let third = [Metric::CompletionP99, Metric::Amplification, Metric::Goodput];
    let third = third.into_iter().find(splits).unwrap_or(Metric::CompletionP99);
    [Metric::SuccessShare, Metric::TimeToDrain, third]
}

/// The means of the two groups that the storms fall into, if they do.
fn split(report: &Report<'_>, row: usize, metric: Metric) -> Option<[f64; 2]> {
    let modes = report.table().cell(row, metric)?.modes?;
    Some([modes.better, modes.worse])
}

/// How often a policy collapses, if any does: `P(collapse) 35.0 % (18.1 to 56.7 %)`.
fn collapse(report: &Report<'_>, row: usize) -> Option<String> {
    let mean = |row: usize| Some(report.table().cell(row, Metric::Collapsed)?.estimate?.mean);
    let collapses = |row: usize| mean(row).is_some_and(|p| p > 0.0);
    if !(0..report.table().rows.len()).any(collapses) {
        return None;
    }
    let cell = report.table().cell(row, Metric::Collapsed)?;
    Some(match cell.interval_text() {
        interval if interval.is_empty() => format!("P(collapse) {}", cell.text()),
        interval => format!("P(collapse) {}, {interval}", cell.text()),
    })
}

fn middle(row: usize) -> f64 {
    TOP + (float(row as u64) + 0.5) * PITCH - 6.0
}

/// The values of the storms, each with whether it collapsed.
fn of(report: &Report<'_>, row: usize, metric: Metric) -> Vec<(f64, bool)> {
    let runs = report.comparison().policies.get(row).map_or(&[][..], |policy| &policy.runs);
    let collapsed =
        |run: &RunResult| Metric::Collapsed.value(run).is_some_and(|collapsed| collapsed > 0.0);
    let value = |run: &RunResult| Some((metric.value(run)?, collapsed(run)));
    runs.iter().filter_map(value).collect()
}

fn bare(values: &[(f64, bool)]) -> Vec<f64> {
    values.iter().map(|(value, _)| *value).collect()
}

fn panel(svg: &mut Svg, report: &Report<'_>, metric: Metric, frame: &Frame) {
    let rows: Vec<Vec<(f64, bool)>> =
        (0..report.table().rows.len()).map(|row| of(report, row, metric)).collect();
    let (from, to) = (frame.left + 6.0, frame.right - 6.0);
    let scale = if metric.unit() == Unit::Share {
        Scale::Linear(Linear::new(1.0, from, to))
    } else {
        Scale::of(&bare(&rows.concat()), from, to)
    };
    svg.text("strong", (frame.left, 13.0), Anchor::Start, metric.label());
    let unit = format!("{}{}", metric.unit_name(), scale.note());
    svg.text("muted", (frame.left, 29.0), Anchor::Start, &unit);
    let ticks: Vec<(f64, String)> = if metric.unit() == Unit::Share {
        [(0.0, "0"), (0.5, "50"), (1.0, "100\u{a0}%")]
            .map(|(share, text)| (scale.px(share), text.to_owned()))
            .to_vec()
    } else {
        scale.ticks(4.0)
    };
    frame.columns(svg, ticks.iter().map(|(x, _)| *x));
    for (row, values) in rows.iter().enumerate() {
        let y = middle(row);
        svg.line("grid", (frame.left, y), (frame.right, y));
        let (mut dots, mut crosses) = (Path::default(), Path::default());
        for (index, (value, collapsed)) in values.iter().take(MOST).enumerate() {
            let (x, y) = (scale.px(*value), y + (float(index as u64 * 2 % 5) - 2.0) * SHIFT);
            if *collapsed {
                crosses.move_to(x - CROSS, y - CROSS);
                crosses.line_to(x + CROSS, y + CROSS);
                crosses.move_to(x - CROSS, y + CROSS);
                crosses.line_to(x + CROSS, y - CROSS);
            } else {
                dots.dot(x, y);
            }
        }
        let best = report.verdict().winner() == Some(row);
        svg.path(if best { "dots best" } else { "dots" }, &dots);
        svg.path("collapsed", &crosses);
        let means = match split(report, row, metric) {
            Some(groups) => groups.to_vec(),
            None => mean(&bare(values)).into_iter().collect(),
        };
        for mean in means {
            let x = scale.px(mean);
            svg.line("mean", (x, y - TICK), (x, y + TICK));
        }
    }
    frame.foot(svg, &ticks, "");
}

fn description(report: &Report<'_>, metrics: &[Metric]) -> String {
    let rows = report.table().rows.iter().enumerate().map(|(index, row)| {
        let ranges: Vec<String> = metrics
            .iter()
            .filter_map(|metric| {
                let spread = Spread::of(&bare(&of(report, index, *metric)))?;
                let range = metric.unit().range_text(spread.median, spread.least, spread.most);
                Some(format!("{} {range}", metric.label().to_lowercase()))
            })
            .collect();
        let collapse = collapse(report, index).map_or_else(String::new, |text| format!("; {text}"));
        format!(" {}: {}{collapse}.", row.policy, ranges.join(", "))
    });
    format!("Three columns of dots, one row a policy. Least to most:{}", rows.collect::<String>())
}

fn numbers(report: &Report<'_>, metrics: &[Metric]) -> Numbers {
    let mut columns = vec!["policy".to_owned(), Metric::Collapsed.label().to_owned()];
    for metric in metrics {
        for part in ["least", "median", "most"] {
            columns.push(format!("{}, {part}", metric.label()));
        }
    }
    let rows = report.table().rows.iter().enumerate().map(|(index, row)| {
        let collapsed = report.table().cell(index, Metric::Collapsed);
        let collapsed = collapsed.map_or_else(String::new, crate::table::Cell::text);
        let mut cells = vec![row.policy.clone(), collapsed];
        for metric in metrics {
            match Spread::of(&bare(&of(report, index, *metric))) {
                Some(Spread { least, median, most }) => {
                    cells.extend([least, median, most].map(|value| metric.unit().text(value)));
                }
                None => cells.extend(["–"; 3].map(str::to_owned)),
            }
        }
        cells
    });
    Numbers {
        caption: "How the storms differ; each of them is in the table of runs below".to_owned(),
        columns,
        rows: rows.collect(),
    }
}

/// The ends and the middle of some values.
struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    /// The median is the lower of two: a value that a storm had.
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        Some(Self { least, median: sorted[(sorted.len() - 1) / 2], most })
    }
}
