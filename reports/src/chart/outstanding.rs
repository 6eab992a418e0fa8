//! Calls that are begun and not ended, over time.

use super::ChartName;
use super::axis::Frame;
use super::bins::Bins;
use super::drawing::{Drawing, Numbers, WIDTH};
use super::legend::{self, Entry};
use super::scale::Linear;
use super::svg::{Anchor, Path, Svg};
use crate::number::{Unit, decimal, float, whole};
use crate::report::Report;

const MOST_BINS: usize = 500;
const MOST_ROWS: usize = 30;
const FRAME_TOP: f64 = 34.0;
const PLOT: f64 = 240.0;
/// Right edge of the plot; the legend stands beyond.
const PLOT_RIGHT: f64 = 570.0;

/// Draws the chart.
pub(crate) fn draw(report: &Report<'_>) -> Drawing {
    let all = binned(report, MOST_BINS);
    let plot = PLOT.max(legend::height(all.len()));
    let frame = Frame { left: 52.0, right: PLOT_RIGHT, top: FRAME_TOP, bottom: FRAME_TOP + plot };
    let end = all.iter().map(|bins| bins.end).fold(0.0, f64::max);
    let x = Linear::new(end, frame.left, frame.right);
    let y = Linear::new(float(all.iter().map(most).max().unwrap_or(0)), frame.bottom, frame.top);
    let mut svg = Svg::default();
    svg.text("muted", (0.0, 13.0), Anchor::Start, "calls begun and not ended");
    let ticks: Vec<(f64, String)> =
        x.ticks(6.0).into_iter().map(|(value, text)| (x.px(value), text)).collect();
    frame.columns(&mut svg, ticks.iter().map(|(x, _)| *x));
    frame.rows(&mut svg, &y, &y.ticks(5.0));
    let winner = report.verdict().winner();
    for index in legend::drawing_order(all.len(), winner) {
        svg.path(&legend::stroke(index, winner == Some(index)), &path(&all[index], &x, &y));
    }
    frame.foot(&mut svg, &ticks, "virtual time (s)");
    let mut entries: Vec<(f64, Entry)> = all
        .iter()
        .enumerate()
        .map(|(index, bins)| {
            let name = report.table().rows[index].policy.clone();
            let value = format!("{}, at most {} calls", ended(bins), whole(most(bins)));
            (bins.end, Entry { index, name, value, best: winner == Some(index) })
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
        numbers: numbers(report),
    }
}

fn binned(report: &Report<'_>, most: usize) -> Vec<Bins> {
    let series = || report.comparison().policies.iter().map(|policy| &policy.series);
    let factor = Bins::factor(series(), most);
    series().map(|series| Bins::merged(series, factor)).collect()
}

/// A step at the end of every slice, where the count was taken.
fn path(bins: &Bins, x: &Linear, y: &Linear) -> Path {
    let mut path = Path::default();
    for (index, calls) in bins.outstanding.iter().enumerate() {
        let level = y.px(float(*calls));
        if index == 0 {
            path.move_to(x.px(bins.start(0)), level);
        } else {
            path.along(level);
        }
        path.across(x.px(bins.start(index + 1)));
    }
    path
}

fn most(bins: &Bins) -> u64 {
    bins.outstanding.iter().copied().max().unwrap_or(0)
}

fn ended(bins: &Bins) -> String {
    match bins.outstanding.last() {
        None => "no data".to_owned(),
        Some(0) => Unit::Seconds.text(bins.end),
        Some(left) => format!("{} left open", whole(*left)),
    }
}

fn description(entries: &[Entry]) -> String {
    format!(
        "One falling line a policy. Time after which the last call ended:{}",
        legend::read(entries)
    )
}

fn numbers(report: &Report<'_>) -> Numbers {
    let all = binned(report, MOST_ROWS);
    let longest = all.iter().max_by(|a, b| a.outstanding.len().cmp(&b.outstanding.len()));
    let mut columns = vec!["at (s)".to_owned()];
    columns.extend(report.table().rows.iter().map(|row| row.policy.clone()));
    let rows = (0..longest.map_or(0, |bins| bins.outstanding.len())).map(|index| {
        let mut row = vec![decimal(longest.map_or(0.0, |bins| bins.start(index + 1)), 1)];
        let cell = |bins: &Bins| bins.outstanding.get(index).map(|calls| whole(*calls));
        row.extend(all.iter().map(|bins| cell(bins).unwrap_or_default()));
        row
    });
    Numbers {
        caption: "Calls outstanding at the end of each slice of time".to_owned(),
        columns,
        rows: rows.collect(),
    }
}
