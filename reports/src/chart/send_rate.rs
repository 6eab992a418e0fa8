//! Sends a second against the permitted rate: small multiples on shared axes.

use forbear_sim::results::Series;

use super::axis::Frame;
use super::bins::{Bins, end, slice_s};
use super::drawing::{Drawing, Numbers, WIDTH};
use super::extent::Extent;
use super::rows::Rows;
use super::scale::Linear;
use super::svg::{Anchor, Path, Svg};
use super::{ChartName, mark, text};
use crate::number::{Unit, decimal, decimals, float, whole};
use crate::report::Report;

/// The least width of a bar \[px\]: below about three, bars are a haze.
const LEAST_BAR: f64 = 2.75;
/// A storm's first wave can be a hundred times the permitted rate. The axis ends
/// at this multiple of it, so that the rest of the run is seen too; what is cut
/// is marked and its peak written beside the name.
const TALLEST: f64 = 6.0;

const PANEL: f64 = 74.0;
const PITCH: f64 = 118.0;
const TOP: f64 = 64.0;
/// Height of the line that says how far a run goes on.
const NOTE: f64 = 16.0;
/// What is left of the throttled part of a bar that is cut below it.
const CAP: f64 = 16.0;
const HATCH: &str = "send-rate-hatch";

const LEFT: f64 = 56.0;
const RIGHT: f64 = WIDTH - 8.0;

/// Draws the chart.
pub(crate) fn draw(report: &Report<'_>) -> Drawing {
    let series: Vec<&Series> =
        report.comparison().policies.iter().map(|policy| &policy.series).collect();
    let extent = Extent::of_drains(report);
    let bar = bar(&series, &extent);
    let all: Vec<Bins> = series.iter().map(|series| Bins::merged(series, bar)).collect();
    let permitted = report.permitted_per_s();
    let peak = all.iter().map(peak).fold(0.0, f64::max);
    let top = match permitted {
        Some(rate) if rate > 0.0 => peak.min(rate * TALLEST).max(rate * 1.25),
        _ => peak,
    };
    let x = Linear::new(extent.end, LEFT, RIGHT);
    let mut svg = Svg::default();
    svg.hatch(HATCH);
    let beyond = all.iter().any(|bins| extent.is_beyond(bins.end));
    legend(&mut svg, permitted, bar, (peak > top, beyond));
    let times: Vec<(f64, String)> =
        x.ticks(8.0).into_iter().map(|(value, text)| (x.px(value), text)).collect();
    let mut panel_top = TOP + 24.0;
    for (index, bins) in all.iter().enumerate() {
        let best = report.verdict().winner() == Some(index);
        let class = if best { "strong" } else { "" };
        let name = text::fitted(&report.table().rows[index].policy, text::NAME, 360.0);
        svg.text(class, (LEFT, panel_top - 13.0), Anchor::Start, &name);
        svg.text("muted", (RIGHT, panel_top - 13.0), Anchor::End, &summary(bins, bar));
        if extent.is_beyond(bins.end) {
            let words = going_on(bins, &extent);
            svg.text("muted", (RIGHT, panel_top - 13.0 + NOTE), Anchor::End, &words);
            panel_top += NOTE;
        }
        let frame = Frame { left: LEFT, right: RIGHT, top: panel_top, bottom: panel_top + PANEL };
        let y = Linear::new(top, frame.bottom, frame.top);
        frame.columns(&mut svg, times.iter().map(|(x, _)| *x));
        frame.rows(&mut svg, &y, &y.ticks(3.0));
        panel(&mut svg, bins, (&x, &extent), (&y, top));
        if let Some(rate) = permitted {
            svg.line("bound", (LEFT, y.px(rate)), (RIGHT, y.px(rate)));
        }
        if index + 1 == all.len() {
            frame.foot(&mut svg, &times, "virtual time (s)");
        } else {
            svg.line("axis", (LEFT, frame.bottom), (RIGHT, frame.bottom));
        }
        panel_top += PITCH;
    }
    Drawing {
        name: ChartName::SendRate,
        title: if permitted.is_some() {
            "Send rate against the permitted rate"
        } else {
            "Send rate"
        }
        .to_owned(),
        caption: caption(permitted),
        description: description(report, &all, &extent, bar),
        height: panel_top,
        svg,
        numbers: numbers(report, &extent),
    }
}

/// The time that a bar stands for \[s\]: the shortest that is wide enough and holds
/// whole slices of every run that ends on the axis.
fn bar(all: &[&Series], extent: &Extent) -> f64 {
    let on_axis = all.iter().filter(|series| !extent.is_beyond(end(series)));
    let coarsest = on_axis.map(|series| slice_s(series)).fold(0.0, f64::max);
    let least = extent.end * LEAST_BAR / (RIGHT - LEFT);
    if coarsest > 0.0 { coarsest * (least / coarsest).ceil().max(1.0) } else { 1.0 }
}

/// The two areas of a run: answered sends from the ground, throttled ones on top.
fn panel(svg: &mut Svg, bins: &Bins, (x, extent): (&Linear, &Extent), (y, top): (&Linear, f64)) {
    let mut bars = Vec::new();
    let mut higher = Path::default();
    let mut cut_until = f64::NEG_INFINITY;
    for index in (0..bins.sends.len()).take_while(|index| bins.start(*index) < extent.end) {
        let (from, to) = (x.px(bins.start(index)), x.px(bins.start(index + 1)));
        let (good, bad) = bins.rates(index);
        let peak = y.px(good + bad);
        // A bar that is cut still shows that there is a throttled part above.
        let cut = good + bad > top * 1.000_001;
        let middle = match bad > 0.0 {
            true if cut => y.px(good).max(peak + CAP),
            true => y.px(good),
            false => peak,
        };
        bars.push(Bar { from, to, middle, peak });
        if cut && from > cut_until {
            mark::add_upward(&mut higher, f64::midpoint(from, to), y.px(top));
            cut_until = from + 12.0;
        }
    }
    let (throttled, edge) = throttled(&bars);
    svg.path("beyond", &higher);
    svg.path("answered", &answered(&bars, y.px(0.0)));
    svg.patterned_path(HATCH, &throttled);
    svg.path("edge", &edge);
    if extent.is_beyond(bins.end) {
        svg.path("beyond", &mark::onward(RIGHT, y.px(0.0) - 5.0));
    }
}

/// A bar \[px\]: answered up to `middle`, throttled from there to `peak`.
struct Bar {
    from: f64,
    to: f64,
    middle: f64,
    peak: f64,
}

/// One outline of all bars, which runs along the ground where there is none.
fn answered(bars: &[Bar], ground: f64) -> Path {
    let mut path = Path::default();
    if let Some(first) = bars.first() {
        path.move_to(first.from, ground);
    }
    for bar in bars {
        path.along(bar.middle);
        path.across(bar.to);
    }
    if !bars.is_empty() {
        path.along(ground);
        path.close();
    }
    path
}

/// The outline of each run of bars that have a throttled part, and their top edges.
fn throttled(bars: &[Bar]) -> (Path, Path) {
    let (mut outline, mut edge) = (Path::default(), Path::default());
    let is_throttled = |bar: &Bar| bar.peak < bar.middle;
    for run in bars.chunk_by(|a, b| is_throttled(a) == is_throttled(b)) {
        let [first, ..] = run else { continue };
        if !is_throttled(first) {
            continue;
        }
        outline.move_to(first.from, first.middle);
        for bar in run {
            outline.along(bar.peak);
            outline.across(bar.to);
            edge.move_to(bar.from, bar.peak);
            edge.across(bar.to);
        }
        for bar in run.iter().rev() {
            outline.along(bar.middle);
            outline.across(bar.from);
        }
        outline.close();
    }
    (outline, edge)
}

fn legend(svg: &mut Svg, permitted: Option<f64>, bar: f64, (above, beyond): (bool, bool)) {
    let title = format!("sends per second, each bar the mean over {}", short(bar));
    svg.text("muted", (0.0, 13.0), Anchor::Start, &title);
    let mut x = 0.0;
    let y = 38.0;
    let mut entry = |svg: &mut Svg, label: &str, mark: &dyn Fn(&mut Svg, f64)| {
        mark(svg, x);
        svg.text("", (x + 30.0, y), Anchor::Start, label);
        x += 30.0 + text::width(label, 13.0) + 22.0;
    };
    entry(svg, "answered", &|svg, x| svg.rect("answered", (x, y - 10.0), (22.0, 11.0)));
    entry(svg, "throttled (429)", &|svg, x| {
        svg.patterned_rect(HATCH, (x, y - 10.0), (22.0, 11.0));
        svg.line("edge", (x, y - 10.0), (x + 22.0, y - 10.0));
    });
    if let Some(rate) = permitted {
        let label = format!("permitted, {}", Unit::PerSecond.text(rate));
        entry(svg, &label, &|svg, x| svg.line("bound", (x, y - 4.0), (x + 22.0, y - 4.0)));
    }
    if above {
        entry(svg, "higher than the axis", &|svg, x| {
            svg.path("beyond", &mark::upward(x + 11.0, y));
        });
    }
    if beyond {
        entry(svg, "goes on", &|svg, x| svg.path("beyond", &mark::onward(x + 8.0, y - 4.0)));
    }
}

fn peak(bins: &Bins) -> f64 {
    (0..bins.sends.len())
        .map(|index| {
            let (answered, throttled) = bins.rates(index);
            answered + throttled
        })
        .fold(0.0, f64::max)
}

/// `peak 600.0 /s, 0 of 800 sends throttled`. A peak over more time than a bar of
/// the others says so, since it is lower for that.
fn summary(bins: &Bins, bar: f64) -> String {
    let (sends, throttled) = totals(bins);
    let over = if bins.seconds > bar * 1.5 {
        format!(" over {}", short(bins.seconds))
    } else {
        String::new()
    };
    format!(
        "peak {}{over}, {} of {} sends throttled",
        Unit::PerSecond.text(peak(bins)),
        whole(throttled),
        whole(sends)
    )
}

/// `goes on to 604.4 s, 38.1 % of its sends shown`.
fn going_on(bins: &Bins, extent: &Extent) -> String {
    let shown = (0..bins.sends.len()).take_while(|index| bins.start(*index) < extent.end);
    let shown: u64 = shown.map(|index| bins.sends[index]).sum();
    let (sends, _) = totals(bins);
    let share = Unit::Share.text(if sends == 0 { 1.0 } else { float(shown) / float(sends) });
    format!("goes on to {}, {share} of its sends shown", Unit::Seconds.text(bins.end))
}

/// A round time with no more digits than it has.
fn short(seconds: f64) -> String {
    format!("{}\u{a0}s", decimal(seconds, decimals(seconds)))
}

fn totals(bins: &Bins) -> (u64, u64) {
    (bins.sends.iter().sum(), bins.throttled.iter().sum())
}

fn caption(permitted: Option<f64>) -> String {
    let bound = if permitted.is_some() {
        "A good policy fills the space below the dashed line, stays out of the space above it, \
         and ends early."
    } else {
        "A good policy has few hatched blocks and ends early."
    };
    format!(
        "What reached the server in the storm of the first seed. {bound} Hatched blocks are sends \
         that the server refused: load without use."
    )
}

fn description(report: &Report<'_>, all: &[Bins], extent: &Extent, bar: f64) -> String {
    let bound = report.permitted_per_s().map_or_else(String::new, |rate| {
        format!(" The server permits {}.", Unit::PerSecond.text(rate))
    });
    let panels = report.table().rows.iter().zip(all).map(|(row, bins)| {
        let until = if extent.is_beyond(bins.end) {
            going_on(bins, extent)
        } else {
            format!("until {}", Unit::Seconds.text(bins.end))
        };
        format!(" {}: {}, {until}.", row.policy, summary(bins, bar))
    });
    format!("One panel a policy, sends per second over time.{bound}{}", panels.collect::<String>())
}

fn numbers(report: &Report<'_>, extent: &Extent) -> Numbers {
    let all = || report.comparison().policies.iter().map(|policy| &policy.series);
    let rows = Rows::of(all(), extent);
    let sum = |a: u64, b: u64| a.saturating_add(b);
    let columns: Vec<Vec<String>> = all()
        .map(|series| {
            let sends = rows.fold(series, &series.sends, sum);
            let throttled = rows.fold(series, &series.throttled, sum);
            sends
                .into_iter()
                .zip(throttled)
                .map(|(sends, throttled)| cell(sends, throttled))
                .collect()
        })
        .collect();
    let mut heads = vec!["time (s)".to_owned()];
    heads.extend(report.table().rows.iter().map(|row| row.policy.clone()));
    let row = |(index, text): (usize, String)| {
        let cells = columns.iter().map(|column| column[index].clone());
        [text].into_iter().chain(cells).collect()
    };
    Numbers {
        caption: "Sends in each span of time; in brackets those that were throttled".to_owned(),
        columns: heads,
        rows: rows.texts().enumerate().map(row).collect(),
    }
}

/// `63 (13)`; empty after the end of the run.
fn cell(sends: Option<u64>, throttled: Option<u64>) -> String {
    match (sends, throttled) {
        (Some(sends), Some(0) | None) => whole(sends),
        (Some(sends), Some(throttled)) => format!("{} ({})", whole(sends), whole(throttled)),
        (None, _) => String::new(),
    }
}
