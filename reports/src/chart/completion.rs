//! The share of the calls that have succeeded after a time, on a logarithmic axis.

use forbear_sim::results::{CdfPoint, PolicyResult};

use super::axis::Frame;
use super::drawing::{Drawing, Numbers, WIDTH};
use super::extent::Extent;
use super::legend::{self, Entry};
use super::scale::{Linear, Log};
use super::svg::{Anchor, Path, Svg};
use super::{ChartName, mark};
use crate::metric::Metric;
use crate::number::Unit;
use crate::report::Report;

const FRAME_TOP: f64 = 34.0;
const PLOT: f64 = 280.0;
/// Right edge of the plot; the legend stands beyond.
const PLOT_RIGHT: f64 = 570.0;

/// Draws the chart.
pub(crate) fn draw(report: &Report<'_>) -> Drawing {
    let policies = &report.comparison().policies;
    let curves: Vec<Curve> = policies.iter().map(Curve::of).collect();
    let plot = PLOT.max(legend::height(curves.len()));
    let frame = Frame { left: 52.0, right: PLOT_RIGHT, top: FRAME_TOP, bottom: FRAME_TOP + plot };
    let times = || curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.seconds));
    let least = times().filter(|seconds| *seconds > 0.0).fold(f64::INFINITY, f64::min);
    let least = if least.is_finite() { least } else { 1.0 };
    let ends: Vec<f64> = curves.iter().map(Curve::end).collect();
    let extent = Extent::of_drains(report).holding(&ends);
    let x = Log::new(least, extent.end.max(least), frame.left, frame.right);
    let y = Linear::new(1.0, frame.bottom, frame.top);
    let mut svg = Svg::default();
    svg.text("muted", (0.0, 13.0), Anchor::Start, "share of all calls that have succeeded");
    let name = |index: usize| report.table().rows[index].policy.clone();
    let lines = ends.iter().enumerate().map(|(index, end)| (name(index), *end));
    extent.note(&mut svg, (290.0, PLOT_RIGHT), lines);
    let ticks: Vec<(f64, String)> =
        x.ticks().into_iter().map(|(value, text)| (x.px(value), text)).collect();
    frame.columns(&mut svg, ticks.iter().map(|(x, _)| *x));
    let shares: Vec<(f64, String)> =
        [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| (share, percent(share))).to_vec();
    frame.rows(&mut svg, &y, &shares);
    let winner = report.verdict().winner();
    for index in legend::drawing_order(curves.len(), winner) {
        let (path, level) = curves[index].path((&x, &extent), &y);
        svg.path(&legend::stroke(index, winner), &path);
        if extent.is_beyond(ends[index]) {
            svg.path("beyond", &mark::onward(PLOT_RIGHT, level));
        }
    }
    frame.foot(&mut svg, &ticks, "time from the start of a call to its success (s, logarithmic)");
    let mut entries: Vec<(f64, Entry)> = curves
        .iter()
        .enumerate()
        .map(|(index, curve)| {
            let name = name(index);
            let entry = Entry { index, name, value: curve.value() };
            (curve.reached(0.5).unwrap_or(f64::INFINITY), entry)
        })
        .collect();
    entries.sort_by(|a, b| a.0.total_cmp(&b.0));
    let entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
    let place = (PLOT_RIGHT + 24.0, WIDTH);
    legend::draw(
        &mut svg,
        place,
        FRAME_TOP,
        "half of all calls succeeded within",
        &entries,
        winner,
    );
    Drawing {
        name: ChartName::Completion,
        title: "How long a call takes".to_owned(),
        caption: "The share of all calls of the first storm that have succeeded after a time. \
                  Further left is faster; a line that ends below 100 % gave up the rest of its \
                  calls; a line that bends late keeps a few callers waiting long."
            .to_owned(),
        description: description(&entries),
        height: frame.bottom + 46.0,
        svg,
        numbers: numbers(report, &curves),
    }
}

/// The completion times of one policy, as shares of all calls, also of those
/// that failed: a share of the successes would reach 100 % under every policy.
struct Curve {
    points: Vec<CdfPoint>,
    /// Where the curve ends.
    share: f64,
}

impl Curve {
    fn of(policy: &PolicyResult) -> Self {
        let first = policy.runs.first();
        let share = first.and_then(|run| Metric::SuccessShare.value(run)).unwrap_or(0.0);
        let points = policy
            .completion
            .iter()
            .filter(|point| point.seconds.is_finite() && point.share.is_finite() && share > 0.0)
            .map(|point| CdfPoint { seconds: point.seconds, share: point.share * share })
            .collect();
        Self { points, share }
    }

    /// The time of the last success \[s\]; 0 without any.
    fn end(&self) -> f64 {
        self.points.iter().map(|point| point.seconds).fold(0.0, f64::max)
    }

    /// The curve as far as the axis goes, and the height at which it ends.
    fn path(&self, (x, extent): (&Log, &Extent), y: &Linear) -> (Path, f64) {
        let mut path = Path::default();
        let mut level = y.px(0.0);
        for (index, point) in self.points.iter().enumerate() {
            let px = x.px(point.seconds);
            if index == 0 {
                path.move_to(px, level);
            } else {
                path.across(px);
            }
            if point.seconds > extent.end {
                break;
            }
            level = y.px(point.share);
            path.along(level);
        }
        (path, level)
    }

    /// The first time at which `share` of all calls had succeeded.
    fn reached(&self, share: f64) -> Option<f64> {
        // The share of the last point may be a rounding error short of the whole.
        let point = self.points.iter().find(|point| point.share >= share - 1e-9)?;
        Some(point.seconds)
    }

    fn value(&self) -> String {
        let succeeded = Unit::Share.text(self.share);
        match self.reached(0.5) {
            Some(seconds) => format!("{}, {succeeded} in the end", Unit::Seconds.text(seconds)),
            None => format!("never, {succeeded} in the end"),
        }
    }
}

fn percent(share: f64) -> String {
    format!("{}\u{a0}%", crate::number::decimal(share * 100.0, 0))
}

fn description(entries: &[Entry]) -> String {
    format!(
        "One rising line a policy. Time within which half of all calls had succeeded, and share \
         that succeeded in the end:{}",
        legend::read(entries)
    )
}

fn numbers(report: &Report<'_>, curves: &[Curve]) -> Numbers {
    let shares = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0];
    let mut columns = vec!["policy".to_owned()];
    columns.extend(shares.map(percent));
    let rows = report.table().rows.iter().zip(curves).map(|(row, curve)| {
        let mut cells = vec![row.policy.clone()];
        cells.extend(shares.map(|share| match curve.reached(share) {
            Some(seconds) => Unit::Seconds.text(seconds),
            None => "never".to_owned(),
        }));
        cells
    });
    Numbers {
        caption: "Time within which a share of all calls had succeeded".to_owned(),
        columns,
        rows: rows.collect(),
    }
}
