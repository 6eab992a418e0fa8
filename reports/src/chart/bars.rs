//! Means of a few metrics side by side: bars with their intervals.

use super::axis::Frame;
use super::drawing::{Drawing, Numbers, WIDTH};
use super::scale::Linear;
use super::svg::{Anchor, Path, Svg};
use super::{ChartName, text};
use crate::metric::Metric;
use crate::number::float;
use crate::report::Report;
use crate::stats::Estimate;
use crate::table::Cell;

/// What the bars are of, and what is said about them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bars {
    pub(crate) name: ChartName,
    pub(crate) metrics: [Metric; 3],
    pub(crate) title: &'static str,
    pub(crate) caption: &'static str,
}

/// What it costs the server.
pub(crate) const COST: Bars = Bars {
    name: ChartName::Cost,
    metrics: [Metric::Amplification, Metric::Wasted, Metric::ThrottledRate],
    title: "What it costs the server",
    caption: "Means over all replications; the thin lines are 95 % intervals. Shorter is better in \
              all three. An amplification of 1 means that nothing was sent twice; below 1, calls \
              ended that were never sent.",
};

/// Who gets something for it.
pub(crate) const FAIRNESS: Bars = Bars {
    name: ChartName::Fairness,
    metrics: [Metric::Fairness, Metric::SuccessShare, Metric::QuotaUtilisation],
    title: "How fairly it is shared",
    caption: "Means over all replications; the thin lines are 95 % intervals. Longer is better in \
              all three, and the first says the least without the others: who lets nobody through \
              is fair to all. Fairness is Jain's index over the clients' successes.",
};

const TWO_WAYS: &str =
    "* The storms end in two ways, from one to the other end of the thin line; see “Every storm”.";

const NAMES: f64 = 190.0;
const GAP: f64 = 20.0;
const TOP: f64 = 44.0;
const PITCH: f64 = 32.0;
const BAR: f64 = 16.0;
/// Room to the right of a bar for its number.
const NUMBER: f64 = 62.0;

/// Draws the chart.
pub(crate) fn draw(report: &Report<'_>, bars: &Bars) -> Drawing {
    let table = report.table();
    let mut svg = Svg::default();
    let bottom = TOP + float(table.rows.len() as u64) * PITCH;
    names(&mut svg, report, NAMES - 16.0, middle);
    let width = (WIDTH - NAMES - GAP * 2.0) / 3.0;
    for (column, metric) in bars.metrics.into_iter().enumerate() {
        let left = NAMES + float(column as u64) * (width + GAP);
        let frame = Frame { left, right: left + width - NUMBER, top: TOP - 8.0, bottom };
        panel(&mut svg, report, metric, &frame);
    }
    let is_split = |metric: Metric| {
        (0..table.rows.len())
            .filter_map(|row| table.cell(row, metric))
            .any(|cell| cell.modes.is_some())
    };
    let note = bars.metrics.into_iter().any(is_split);
    if note {
        svg.text("muted", (0.0, bottom + 14.0), Anchor::Start, TWO_WAYS);
    }
    Drawing {
        name: bars.name,
        title: bars.title.to_owned(),
        caption: bars.caption.to_owned(),
        description: description(report, bars),
        height: bottom + if note { 22.0 } else { 8.0 },
        svg,
        numbers: numbers(report, bars),
    }
}

/// The policies down the left side, the best one stressed.
pub(crate) fn names(svg: &mut Svg, report: &Report<'_>, room: f64, middle: impl Fn(usize) -> f64) {
    for (index, row) in report.table().rows.iter().enumerate() {
        let class = if report.verdict().winner() == Some(index) { "strong" } else { "" };
        let name = text::fitted(&row.policy, text::NAME, room);
        svg.text(class, (0.0, middle(index) + 4.5), Anchor::Start, &name);
    }
}

fn panel(svg: &mut Svg, report: &Report<'_>, metric: Metric, frame: &Frame) {
    let cells: Vec<&Cell> =
        (0..report.table().rows.len()).filter_map(|row| report.table().cell(row, metric)).collect();
    // What cannot be above 1 is drawn against the whole, so that a bar is its share.
    let is_share = !matches!(metric, Metric::Amplification | Metric::Wasted);
    let whole = if is_share { 1.0 } else { 0.0 };
    let longest = cells.iter().map(|cell| high(cell)).fold(whole, f64::max);
    let x = Linear::new(longest, frame.left, frame.right);
    svg.text("strong", (frame.left, 13.0), Anchor::Start, metric.label());
    svg.text("muted", (frame.left, 29.0), Anchor::Start, metric.unit_name());
    for (index, cell) in cells.iter().enumerate() {
        let y = middle(index);
        let Some(estimate) = cell.estimate else {
            svg.text("muted", (frame.left + 6.0, y + 4.0), Anchor::Start, "–");
            continue;
        };
        let best = report.verdict().winner() == Some(index);
        let class = if best { "bar best" } else { "bar" };
        let end = x.px(estimate.mean);
        if is_share {
            svg.rect("track", (frame.left, y - BAR / 2.0), (frame.right - frame.left, BAR));
        }
        svg.rect(class, (frame.left, y - BAR / 2.0), (end - frame.left, BAR));
        let mut number_from = if is_share { frame.right } else { end };
        let (low, high) = reach(cell, estimate);
        if low < high {
            let (low, high) = (x.px(low), x.px(high));
            let mut whisker = Path::default();
            whisker.move_to(low, y);
            whisker.across(high);
            for end in [low, high] {
                whisker.move_to(end, y - 3.0);
                whisker.along(y + 3.0);
            }
            // It lies half on its bar and half on paper: paper around it tells it from both.
            svg.path("halo", &whisker);
            svg.path("whisker", &whisker);
            number_from = number_from.max(high);
        }
        let star = if cell.modes.is_some() { "*" } else { "" };
        let number = format!("{}{star}", cell.text());
        svg.text("", (number_from + 7.0, y + 4.5), Anchor::Start, &number);
    }
    svg.line("axis", (frame.left, frame.top), (frame.left, frame.bottom));
}

fn middle(index: usize) -> f64 {
    TOP + (float(index as u64) + 0.5) * PITCH - 4.0
}

fn high(cell: &Cell) -> f64 {
    cell.estimate.map_or(0.0, |estimate| reach(cell, estimate).1.max(estimate.mean))
}

/// The ends of the interval, or the two groups that the storms fall into.
fn reach(cell: &Cell, estimate: Estimate) -> (f64, f64) {
    match (cell.modes, estimate.interval) {
        (Some(modes), _) => (modes.better.min(modes.worse), modes.better.max(modes.worse)),
        (None, Some(interval)) => (interval.low, interval.high),
        (None, None) => (estimate.mean, estimate.mean),
    }
}

fn description(report: &Report<'_>, bars: &Bars) -> String {
    let rows = report.table().rows.iter().map(|row| {
        let cells = row.cells.iter().filter(|cell| bars.metrics.contains(&cell.metric));
        let values: Vec<String> =
            cells.map(|cell| format!("{} {}", cell.metric.label(), cell.text())).collect();
        format!(" {}: {}.", row.policy, values.join(", "))
    });
    format!("Three groups of bars, one bar a policy.{}", rows.collect::<String>())
}

fn numbers(report: &Report<'_>, bars: &Bars) -> Numbers {
    let mut columns = vec!["policy".to_owned()];
    for metric in bars.metrics {
        columns.push(format!("{} ({})", metric.label(), metric.unit_name()));
        columns.push("95 % interval".to_owned());
    }
    let rows = report.table().rows.iter().enumerate().map(|(index, row)| {
        let mut cells = vec![row.policy.clone()];
        for cell in bars.metrics.iter().filter_map(|metric| report.table().cell(index, *metric)) {
            cells.push(cell.text());
            cells.push(cell.interval_text());
        }
        cells
    });
    Numbers {
        caption: "Means over all replications with 95 % intervals".to_owned(),
        columns,
        rows: rows.collect(),
    }
}
