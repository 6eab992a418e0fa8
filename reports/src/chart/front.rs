//! What goodput costs: wasted sends and the slowest calls, with the Pareto front.
//!
//! Two panels with one vertical axis, so that a policy has the same height in both.
//! Points are named by a number and a list, since policies that do about as well lie
//! on top of each other, where no names fit.

mod places;

use self::places::Places;
use super::axis::Frame;
use super::drawing::{Drawing, Numbers, WIDTH};
use super::scale::{Linear, Scale};
use super::svg::{Anchor, Path, Svg};
use super::{ChartName, mark, text};
use crate::metric::Metric;
use crate::number::{Unit, float};
use crate::report::Report;
use crate::stats::Estimate;
use crate::sweep::{Standing, standings_of};

/// The front is of these: more of the first is better, less of the others.
const OBJECTIVES: [Metric; 3] = [Metric::Goodput, Metric::Wasted, Metric::CompletionP99];
const TOP: f64 = 34.0;
const PLOT: f64 = 250.0;
/// Left edges of the two panels \[px\].
const LEFTS: [f64; 2] = [52.0, 320.0];
const PANEL: f64 = 236.0;
const LIST: f64 = 586.0;
const PITCH: f64 = 36.0;
const RADIUS: f64 = 4.5;

/// Draws the chart.
pub(crate) fn draw(report: &Report<'_>) -> Drawing {
    let points = points(report);
    let plot = PLOT.max(float(points.len() as u64) * PITCH + 12.0);
    let bottom = TOP + plot;
    let y = Linear::new(top(&points), bottom, TOP);
    let mut svg = Svg::default();
    svg.text("muted", (0.0, 13.0), Anchor::Start, "goodput (calls/s)");
    for (left, metric) in LEFTS.into_iter().zip([Metric::Wasted, Metric::CompletionP99]) {
        let frame = Frame { left, right: left + PANEL, top: TOP, bottom };
        panel(&mut svg, &points, metric, &y, &frame);
    }
    list(&mut svg, &points);
    Drawing {
        name: ChartName::Front,
        title: "What goodput costs".to_owned(),
        caption: "Means over all replications with their 95 % intervals. Up and to the left is \
                  better in both. Filled: on the Pareto front, no other policy is at least as \
                  good in all three and better in one; ringed in the same colour: behind it, but \
                  not clearly. Crossed out are policies that give up more calls, for which less \
                  time and fewer sends are no merit."
            .to_owned(),
        description: description(&points),
        height: bottom + 46.0,
        svg,
        numbers: numbers(report, &points),
    }
}

/// One policy.
struct Point {
    policy: String,
    estimates: [Option<Estimate>; 3],
    /// `None` if it brings clearly fewer calls to success than the best, or lacks a value.
    standing: Option<Standing>,
    /// Share of its calls that failed.
    given_up: Option<f64>,
    best: bool,
}

fn points(report: &Report<'_>) -> Vec<Point> {
    let table = report.table();
    let policies = &report.comparison().policies;
    let verdict = report.verdict();
    let runs: Vec<_> =
        verdict.succeeding.iter().map(|&index| policies[index].runs.as_slice()).collect();
    let standings = standings_of(&runs, &OBJECTIVES);
    let standing = |index: usize| {
        let at = verdict.succeeding.iter().position(|&other| other == index)?;
        standings.get(at).copied().flatten()
    };
    let estimate = |row: usize, metric: Metric| table.cell(row, metric)?.estimate;
    let point = |(index, row): (usize, &crate::table::Row)| Point {
        policy: row.policy.clone(),
        estimates: OBJECTIVES.map(|metric| estimate(index, metric)),
        standing: standing(index),
        given_up: estimate(index, Metric::SuccessShare).map(|share| 1.0 - share.mean),
        best: verdict.winner() == Some(index),
    };
    table.rows.iter().enumerate().map(point).collect()
}

/// Where the vertical axis ends: giving up at once is a goodput of hundreds, and would
/// leave no room for those that do the work.
fn top(points: &[Point]) -> f64 {
    let high = |point: &Point| point.estimates[0].map(|estimate| ends(&estimate).1);
    let standing = points.iter().filter(|point| point.standing.is_some()).filter_map(high);
    let all = points.iter().filter_map(high);
    let most = standing.reduce(f64::max).or_else(|| all.reduce(f64::max));
    most.unwrap_or(0.0) * 1.12
}

fn ends(estimate: &Estimate) -> (f64, f64) {
    estimate
        .interval
        .map_or((estimate.mean, estimate.mean), |interval| (interval.low, interval.high))
}

fn panel(svg: &mut Svg, points: &[Point], metric: Metric, y: &Linear, frame: &Frame) {
    let at = OBJECTIVES.iter().position(|other| *other == metric).unwrap_or(0);
    let drawn: Vec<(usize, &Point, Estimate, Estimate)> = points
        .iter()
        .enumerate()
        .filter_map(|(index, point)| {
            Some((index, point, point.estimates[at]?, point.estimates[0]?))
        })
        .collect();
    let values: Vec<f64> = drawn
        .iter()
        .flat_map(|(.., across, _)| [ends(across).0, across.mean, ends(across).1])
        .collect();
    let x = Scale::of(&values, frame.left + 12.0, frame.right - 12.0);
    let ticks = x.ticks(4.0);
    frame.columns(svg, ticks.iter().map(|(place, _)| *place));
    let rows = y.ticks(5.0);
    if at == 1 {
        frame.rows(svg, y, &rows);
    } else {
        for (value, _) in &rows {
            svg.line("grid", (frame.left, y.px(*value)), (frame.right, y.px(*value)));
        }
    }
    let title = format!("{} ({}{})", title(metric), metric.unit_name(), x.note());
    frame.foot(svg, &ticks, &title);
    svg.line("axis", (frame.left, frame.top), (frame.left, frame.bottom));
    let mut places = Places::new(frame);
    for (.., across, up) in &drawn {
        places.take((x.px(across.mean), y.px(up.mean)), RADIUS + 1.5);
    }
    for (_, point, across, up) in &drawn {
        whiskers(svg, (&x, across), (y, up), y.px(up.mean) <= frame.top + 0.05);
        marker(svg, point, (x.px(across.mean), y.px(up.mean)));
    }
    for (index, point, across, up) in &drawn {
        let number = (index + 1).to_string();
        let width = text::width(&number, text::NAME);
        let at = places.beside((x.px(across.mean), y.px(up.mean)), width);
        svg.text(if point.best { "strong" } else { "muted" }, at, Anchor::Middle, &number);
    }
}

const fn title(metric: Metric) -> &'static str {
    match metric {
        Metric::Wasted => "wasted",
        _ => "completion p99",
    }
}

/// The intervals both ways. A point above the axis has an arrow instead.
fn whiskers(
    svg: &mut Svg,
    (x, across): (&Scale, &Estimate),
    (y, up): (&Linear, &Estimate),
    is_above: bool,
) {
    let (px, py) = (x.px(across.mean), y.px(up.mean));
    if is_above {
        svg.path("beyond", &mark::upward(px, py - RADIUS - 1.0));
    }
    let mut path = Path::default();
    let (low, high) = ends(across);
    if x.px(high) - x.px(low) > 1.0 {
        path.move_to(x.px(low), py);
        path.across(x.px(high));
    }
    let (low, high) = ends(up);
    if !is_above && y.px(low) - y.px(high) > 1.0 {
        path.move_to(px, y.px(low));
        path.along(y.px(high));
    }
    svg.path("reach", &path);
}

fn marker(svg: &mut Svg, point: &Point, (x, y): (f64, f64)) {
    let class = match point.standing {
        Some(Standing::Front) => "front",
        Some(Standing::Near) => "near",
        Some(Standing::Behind) => "behind",
        None => {
            let mut cross = Path::default();
            for (dx, dy) in [(1.0, 1.0), (1.0, -1.0)] {
                cross.move_to(x - RADIUS * dx, y - RADIUS * dy);
                cross.line_to(x + RADIUS * dx, y + RADIUS * dy);
            }
            svg.path("out", &cross);
            return;
        }
    };
    svg.circle(class, (x, y), RADIUS);
}

fn list(svg: &mut Svg, points: &[Point]) {
    let mut y = TOP + 10.0;
    for (index, point) in points.iter().enumerate() {
        marker(svg, point, (LIST, y - 4.5));
        let number = (index + 1).to_string();
        let class = if point.best { "strong" } else { "" };
        let from = LIST + 34.0;
        svg.text(class, (from - 8.0, y), Anchor::End, &number);
        let name = text::fitted(&point.policy, text::NAME, WIDTH - from);
        svg.text(class, (from, y), Anchor::Start, &name);
        svg.text("muted", (from, y + 15.0), Anchor::Start, &words(point));
        y += PITCH;
    }
}

fn words(point: &Point) -> String {
    match (point.standing, point.given_up) {
        (Some(Standing::Front), _) => "on the front".to_owned(),
        (Some(Standing::Near), _) => "not clearly behind the front".to_owned(),
        (Some(Standing::Behind), _) => "behind the front".to_owned(),
        (None, Some(share)) => format!("gives up {} of its calls", Unit::Share.text(share)),
        (None, None) => "no data".to_owned(),
    }
}

fn value(point: &Point, at: usize) -> String {
    let unit = OBJECTIVES[at].unit();
    point.estimates[at].map_or("–".to_owned(), |estimate| unit.text(estimate.mean))
}

fn description(points: &[Point]) -> String {
    let sentence = |point: &Point| {
        format!(
            " {}: goodput {}, {} wasted sends, completion p99 {}, {}.",
            point.policy,
            value(point, 0),
            value(point, 1),
            value(point, 2),
            words(point)
        )
    };
    format!(
        "Two panels, goodput over wasted sends and over the 99th percentile of the completion \
         time, one point a policy.{}",
        points.iter().map(sentence).collect::<String>()
    )
}

fn numbers(report: &Report<'_>, points: &[Point]) -> Numbers {
    let mut columns = vec!["policy".to_owned()];
    for metric in OBJECTIVES {
        columns.push(format!("{} ({})", metric.label(), metric.unit_name()));
        columns.push("95 % interval".to_owned());
    }
    columns.push("Pareto front".to_owned());
    let rows = points.iter().enumerate().map(|(index, point)| {
        let mut cells = vec![point.policy.clone()];
        for cell in OBJECTIVES.iter().filter_map(|metric| report.table().cell(index, *metric)) {
            cells.push(cell.text());
            cells.push(cell.interval_text());
        }
        cells.push(words(point));
        cells
    });
    Numbers {
        caption: "Means over all replications with 95 % intervals, and standing".to_owned(),
        columns,
        rows: rows.collect(),
    }
}
