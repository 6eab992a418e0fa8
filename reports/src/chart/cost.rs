//! Amplification, wasted sends and 429 rate: bars with their intervals.

use super::axis::Frame;
use super::drawing::{Drawing, Numbers, WIDTH};
use super::scale::Linear;
use super::svg::{Anchor, Svg};
use super::{ChartName, text};
use crate::metric::Metric;
use crate::number::float;
use crate::report::Report;
use crate::table::Cell;

const METRICS: [Metric; 3] = [Metric::Amplification, Metric::Wasted, Metric::ThrottledRate];
const NAMES: f64 = 190.0;
const GAP: f64 = 20.0;
const TOP: f64 = 44.0;
const PITCH: f64 = 32.0;
const BAR: f64 = 16.0;
/// Room to the right of a bar for its number.
const NUMBER: f64 = 62.0;

/// Draws the chart.
pub(crate) fn draw(report: &Report<'_>) -> Drawing {
    let table = report.table();
    let mut svg = Svg::default();
    let bottom = TOP + float(table.rows.len() as u64) * PITCH;
    for (index, row) in table.rows.iter().enumerate() {
        let best = report.verdict().winner() == Some(index);
        let name = text::fitted(&row.policy, 13.0, NAMES - 16.0);
        svg.text(
            if best { "strong" } else { "" },
            (0.0, middle(index) + 4.0),
            Anchor::Start,
            &name,
        );
    }
    let width = (WIDTH - NAMES - GAP * 2.0) / 3.0;
    for (column, metric) in METRICS.into_iter().enumerate() {
        let left = NAMES + float(column as u64) * (width + GAP);
        let frame = Frame { left, right: left + width - NUMBER, top: TOP - 8.0, bottom };
        panel(&mut svg, report, metric, &frame);
    }
    Drawing {
        name: ChartName::Cost,
        title: "What it costs the server".to_owned(),
        caption: "Means over all replications; the thin lines are 95 % intervals. Shorter is \
                  better in all three. An amplification of 1 means that nothing was sent twice."
            .to_owned(),
        description: description(report),
        height: bottom + 8.0,
        svg,
        numbers: numbers(report),
    }
}

fn panel(svg: &mut Svg, report: &Report<'_>, metric: Metric, frame: &Frame) {
    let cells: Vec<&Cell> =
        (0..report.table().rows.len()).filter_map(|row| report.table().cell(row, metric)).collect();
    let longest = cells.iter().map(|cell| high(cell)).fold(0.0, f64::max);
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
        svg.rect(class, (frame.left, y - BAR / 2.0), (end - frame.left, BAR));
        let mut number_from = end;
        if let Some(interval) = estimate.interval.filter(|interval| interval.low < interval.high) {
            let (low, high) = (x.px(interval.low), x.px(interval.high));
            svg.line("whisker", (low, y), (high, y));
            svg.line("whisker", (low, y - 3.0), (low, y + 3.0));
            svg.line("whisker", (high, y - 3.0), (high, y + 3.0));
            number_from = high.max(end);
        }
        svg.text("", (number_from + 7.0, y + 4.5), Anchor::Start, &cell.text());
    }
    svg.line("axis", (frame.left, frame.top), (frame.left, frame.bottom));
}

fn middle(index: usize) -> f64 {
    TOP + (float(index as u64) + 0.5) * PITCH - 4.0
}

fn high(cell: &Cell) -> f64 {
    cell.estimate
        .map_or(0.0, |estimate| estimate.interval.map_or(estimate.mean, |interval| interval.high))
}

fn description(report: &Report<'_>) -> String {
    let rows = report.table().rows.iter().map(|row| {
        let cells = row.cells.iter().filter(|cell| METRICS.contains(&cell.metric));
        let values: Vec<String> =
            cells.map(|cell| format!("{} {}", cell.metric.label(), cell.text())).collect();
        format!(" {}: {}.", row.policy, values.join(", "))
    });
    format!("Three groups of bars, one bar a policy.{}", rows.collect::<String>())
}

fn numbers(report: &Report<'_>) -> Numbers {
    let mut columns = vec!["policy".to_owned()];
    for metric in METRICS {
        columns.push(format!("{} ({})", metric.label(), metric.unit_name()));
        columns.push("95 % interval".to_owned());
    }
    let rows = report.table().rows.iter().enumerate().map(|(index, row)| {
        let mut cells = vec![row.policy.clone()];
        for cell in METRICS.iter().filter_map(|metric| report.table().cell(index, *metric)) {
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
