//! Sends a second against the permitted rate: small multiples on shared axes.

use super::axis::Frame;
use super::bins::Bins;
use super::drawing::{Drawing, Numbers, WIDTH};
use super::scale::Linear;
use super::svg::{Anchor, Path, Svg};
use super::{ChartName, text};
use crate::number::{Unit, decimal, whole};
use crate::report::Report;

/// Bins across the chart: three pixels for each at least.
const MOST_BINS: usize = 240;
/// Rows in the table of numbers.
const MOST_ROWS: usize = 30;
/// A storm's first wave can be a hundred times the permitted rate. The axis ends
/// at this multiple of it, so that the rest of the run is seen too; what is cut
/// is marked and its peak written beside the name.
const TALLEST: f64 = 6.0;

const PANEL: f64 = 74.0;
const PITCH: f64 = 118.0;
const TOP: f64 = 64.0;
const HATCH: &str = "send-rate-hatch";

/// Draws the chart.
pub(crate) fn draw(report: &Report<'_>) -> Drawing {
    let comparison = report.comparison();
    let series = || comparison.policies.iter().map(|policy| &policy.series);
    let factor = Bins::factor(series(), MOST_BINS);
    let all: Vec<Bins> = series().map(|series| Bins::merged(series, factor)).collect();
    let permitted = report.permitted_per_s();
    let peak = all.iter().map(peak).fold(0.0, f64::max);
    let top = match permitted {
        Some(rate) if rate > 0.0 => peak.min(rate * TALLEST).max(rate * 1.25),
        _ => peak,
    };
    let end = all.iter().map(|bins| bins.end).fold(0.0, f64::max);
    let panels = crate::number::float(all.len() as u64);
    let height = TOP + panels * PITCH + 24.0;
    let (left, right) = (56.0, WIDTH - 8.0);
    let x = Linear::new(end, left, right);
    let mut svg = Svg::default();
    svg.hatch(HATCH);
    legend(&mut svg, permitted, peak > top);
    let times: Vec<(f64, String)> =
        x.ticks(8.0).into_iter().map(|(value, text)| (x.px(value), text)).collect();
    let mut panel_top = TOP + 24.0;
    for (index, bins) in all.iter().enumerate() {
        let frame = Frame { left, right, top: panel_top, bottom: panel_top + PANEL };
        let y = Linear::new(top, frame.bottom, frame.top);
        frame.columns(&mut svg, times.iter().map(|(x, _)| *x));
        frame.rows(&mut svg, &y, &y.ticks(3.0));
        panel(&mut svg, bins, &x, &y, top);
        if let Some(rate) = permitted {
            svg.line("bound", (left, y.px(rate)), (right, y.px(rate)));
        }
        let best = report.verdict().winner() == Some(index);
        let name = text::fitted(&report.table().rows[index].policy, 13.0, 400.0);
        let class = if best { "strong" } else { "" };
        svg.text(class, (left, panel_top - 13.0), Anchor::Start, &name);
        svg.text("muted", (right, panel_top - 13.0), Anchor::End, &summary(bins));
        if index + 1 == all.len() {
            frame.foot(&mut svg, &times, "virtual time (s)");
        } else {
            svg.line("axis", (left, frame.bottom), (right, frame.bottom));
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
        description: description(report, &all, permitted),
        height,
        svg,
        numbers: numbers(report),
    }
}

/// The two areas of a run: answered sends from the ground, throttled ones on top.
fn panel(svg: &mut Svg, bins: &Bins, x: &Linear, y: &Linear, top: f64) {
    let (mut answered, mut throttled, mut edge) =
        (Path::default(), Path::default(), Path::default());
    let mut cut_until = f64::NEG_INFINITY;
    for index in 0..bins.sends.len() {
        let (from, to) = (x.px(bins.start(index)), x.px(bins.start(index + 1)));
        let (good, bad) = bins.rates(index);
        let (ground, middle, peak) = (y.px(0.0), y.px(good), y.px(good + bad));
        if good > 0.0 {
            block(&mut answered, (from, to), (ground, middle));
        }
        if bad > 0.0 {
            block(&mut throttled, (from, to), (middle, peak));
            edge.move_to(from, peak);
            edge.across(to);
        }
        if good + bad > top * 1.000_001 && from > cut_until {
            svg.path("beyond", &arrow(f64::midpoint(from, to), y.px(top)));
            cut_until = from + 12.0;
        }
    }
    svg.path("answered", &answered);
    svg.patterned_path(HATCH, &throttled);
    svg.path("edge", &edge);
}

fn block(path: &mut Path, (from, to): (f64, f64), (low, high): (f64, f64)) {
    path.move_to(from, low);
    path.along(high);
    path.across(to);
    path.along(low);
    path.close();
}

/// Stands on the top of the axis where a bar goes on beyond it.
fn arrow(x: f64, y: f64) -> Path {
    let mut path = Path::default();
    path.move_to(x - 4.0, y - 1.0);
    path.line_to(x + 4.0, y - 1.0);
    path.line_to(x, y - 7.0);
    path.close();
    path
}

fn legend(svg: &mut Svg, permitted: Option<f64>, cut: bool) {
    svg.text("muted", (0.0, 13.0), Anchor::Start, "sends per second");
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
    if cut {
        entry(svg, "beyond the axis", &|svg, x| svg.path("beyond", &arrow(x + 11.0, y)));
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

fn summary(bins: &Bins) -> String {
    let (sends, throttled) = totals(bins);
    format!(
        "peak {}, {} of {} sends throttled",
        Unit::PerSecond.text(peak(bins)),
        whole(throttled),
        whole(sends)
    )
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

fn description(report: &Report<'_>, all: &[Bins], permitted: Option<f64>) -> String {
    let bound = permitted.map_or_else(String::new, |rate| {
        format!(" The server permits {}.", Unit::PerSecond.text(rate))
    });
    let panels = report.table().rows.iter().zip(all).map(|(row, bins)| {
        format!(" {}: {}, until {}.", row.policy, summary(bins), Unit::Seconds.text(bins.end))
    });
    format!("One panel a policy, sends per second over time.{bound}{}", panels.collect::<String>())
}

fn numbers(report: &Report<'_>) -> Numbers {
    let policies = &report.comparison().policies;
    let factor = Bins::factor(policies.iter().map(|policy| &policy.series), MOST_ROWS);
    let all: Vec<Bins> =
        policies.iter().map(|policy| Bins::merged(&policy.series, factor)).collect();
    let longest = all.iter().max_by(|a, b| a.sends.len().cmp(&b.sends.len()));
    let mut columns = vec!["from (s)".to_owned()];
    columns.extend(report.table().rows.iter().map(|row| row.policy.clone()));
    let rows = (0..longest.map_or(0, |bins| bins.sends.len())).map(|index| {
        let start = longest.map_or(0.0, |bins| bins.start(index));
        let mut row = vec![decimal(start, 1)];
        row.extend(all.iter().map(|bins| {
            match (bins.sends.get(index), bins.throttled.get(index)) {
                (Some(sends), Some(0) | None) => whole(*sends),
                (Some(sends), Some(throttled)) => {
                    format!("{} ({})", whole(*sends), whole(*throttled))
                }
                (None, _) => String::new(),
            }
        }));
        row
    });
    Numbers {
        caption: "Sends in each slice of time; in brackets those that were throttled".to_owned(),
        columns,
        rows: rows.collect(),
    }
}
