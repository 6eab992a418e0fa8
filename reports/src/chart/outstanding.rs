//! Calls that are begun and not ended, over time.

use super::axis::Frame;
use super::bins::{Bins, end};
use super::drawing::{Drawing, Numbers, WIDTH};
use super::extent::Extent;
use super::legend::{self, Entry};
use super::rows::Rows;
use super::scale::Linear;
use super::svg::{Anchor, Path, Svg};
use super::{ChartName, mark};
use crate::number::{Unit, float, whole};
use crate::report::Report;

/// Steps across the plot: more than one a pixel nobody sees.
const MOST_STEPS: f64 = 500.0;
const FRAME_TOP: f64 = 34.0;
const PLOT: f64 = 240.0;
/// Right edge of the plot; the legend stands beyond.
const PLOT_RIGHT: f64 = 570.0;

/// Draws the chart.
pub(crate) fn draw(report: &Report<'_>) -> Drawing {
    let series = || report.comparison().policies.iter().map(|policy| &policy.series);
    let ends: Vec<f64> = series().map(end).collect();
    let extent = Extent::of_drains(report);
    let all: Vec<Bins> =
        series().map(|series| Bins::merged(series, extent.end / MOST_STEPS)).collect();
    let plot = PLOT.max(legend::height(all.len()));
    let frame = Frame { left: 52.0, right: PLOT_RIGHT, top: FRAME_TOP, bottom: FRAME_TOP + plot };
    let x = Linear::new(extent.end, frame.left, frame.right);
    let y = Linear::new(float(all.iter().map(most).max().unwrap_or(0)), frame.bottom, frame.top);
    let mut svg = Svg::default();
    svg.text("muted", (0.0, 13.0), Anchor::Start, "calls begun and not ended");
    let name = |index: usize| report.table().rows[index].policy.clone();
    let lines = ends.iter().enumerate().map(|(index, end)| (name(index), *end));
    extent.note(&mut svg, (190.0, PLOT_RIGHT), lines);
    let ticks: Vec<(f64, String)> =
        x.ticks(6.0).into_iter().map(|(value, text)| (x.px(value), text)).collect();
    frame.columns(&mut svg, ticks.iter().map(|(x, _)| *x));
    frame.rows(&mut svg, &y, &y.ticks(5.0));
    let winner = report.verdict().winner();
    for index in legend::drawing_order(all.len(), winner) {
        let (path, level) = path(&all[index], (&x, &extent), &y);
        svg.path(&legend::stroke(index, winner), &path);
        if extent.is_beyond(all[index].end) {
            svg.path("beyond", &mark::onward(PLOT_RIGHT, level));
        }
    }
    frame.foot(&mut svg, &ticks, "virtual time (s)");
    let mut entries: Vec<(f64, Entry)> = all
        .iter()
        .enumerate()
        .map(|(index, bins)| {
            let name = name(index);
            let value = format!("{}, at most {} calls", ended(bins), whole(most(bins)));
            (bins.end, Entry { index, name, value })
        })
        .collect();
    entries.sort_by(|a, b| a.0.total_cmp(&b.0));
    let entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
    legend::draw(
        &mut svg,
        (PLOT_RIGHT + 24.0, WIDTH),
        FRAME_TOP,
        "last call ended after",
        &entries,
        winner,
    );
    Drawing {
        name: ChartName::Outstanding,
        title: "Calls outstanding".to_owned(),
        caption: "How many calls of the first storm wait or are under way. A straight fall is a \
                  server used to its limit; a long tail is callers that wait although there is \
                  room; a cliff at the start can be calls that were given up."
            .to_owned(),
        description: description(&entries),
        height: frame.bottom + 46.0,
        svg,
        numbers: numbers(report, &extent),
    }
}

/// A step at the end of every slice, where the count was taken, as far as the
/// axis goes, and the height at which it ends.
fn path(bins: &Bins, (x, extent): (&Linear, &Extent), y: &Linear) -> (Path, f64) {
    let mut path = Path::default();
    let mut level = y.px(0.0);
    for (index, calls) in bins.outstanding.iter().enumerate() {
        if bins.start(index) >= extent.end {
            return (path, level);
        }
        level = y.px(float(*calls));
        if index == 0 {
            path.move_to(x.px(bins.start(0)), level);
        } else {
            path.along(level);
        }
        path.across(x.px(bins.start(index + 1).min(bins.end)));
    }
    if let Some(left) = bins.left.filter(|_| !extent.is_beyond(bins.end)) {
        path.along(y.px(float(left)));
    }
    (path, level)
}

fn most(bins: &Bins) -> u64 {
    bins.outstanding.iter().copied().max().unwrap_or(0)
}

fn ended(bins: &Bins) -> String {
    match bins.left {
        None => "no data".to_owned(),
        Some(0) => Unit::Seconds.text(bins.end),
        Some(left) => format!("{} left open", whole(left)),
    }
}

fn description(entries: &[Entry]) -> String {
    format!(
        "One falling line a policy. Time after which the last call ended:{}",
        legend::read(entries)
    )
}

fn numbers(report: &Report<'_>, extent: &Extent) -> Numbers {
    let all = || report.comparison().policies.iter().map(|policy| &policy.series);
    let rows = Rows::of(all(), extent);
    let columns: Vec<Vec<Option<u64>>> =
        all().map(|series| rows.fold(series, &series.outstanding, |_, last| last)).collect();
    let mut heads = vec!["at (s)".to_owned()];
    heads.extend(report.table().rows.iter().map(|row| row.policy.clone()));
    let row = |(index, text): (usize, String)| {
        let cells = columns.iter().map(|column| column[index].map_or_else(String::new, whole));
        [text].into_iter().chain(cells).collect()
    };
    Numbers {
        caption: "Calls outstanding at the end of each span of time".to_owned(),
        columns: heads,
        rows: rows.end_texts().enumerate().map(row).collect(),
    }
}
