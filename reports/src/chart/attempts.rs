//! How many sends a call took: a histogram a policy, one below the other.
//!
//! Bins double, since what matters about a call that is sent 300 times is not whether
//! it was 301; calls that ended without a send have a bin of their own.

use forbear_sim::results::AttemptCount;

use super::ChartName;
use super::bars;
use super::drawing::{Drawing, Numbers, WIDTH};
use super::svg::{Anchor, Path, Svg};
use super::text;
use crate::number::{Unit, decimal, float, whole};
use crate::report::Report;

const HATCH: &str = "attempts-hatch";
const NAMES: f64 = 176.0;
/// Where the columns of words to the right begin.
const WORDS: f64 = WIDTH - 116.0;
const TOP: f64 = 60.0;
const PITCH: f64 = 66.0;
/// Height of a bar that holds all calls.
const BAR: f64 = 40.0;
/// The widest column: two bins must not stand at the two ends of the paper.
const WIDEST: f64 = 72.0;

/// Draws the chart.
pub(crate) fn draw(report: &Report<'_>) -> Drawing {
    let all: Vec<Histogram> =
        report.comparison().policies.iter().map(|policy| Histogram::of(&policy.attempts)).collect();
    let first = usize::from(all.iter().all(|histogram| histogram.bins[0].calls() == 0));
    let last = all.iter().map(Histogram::last).max().unwrap_or(0).max(first);
    let columns: Vec<usize> = (first..=last).collect();
    let pitch = ((WORDS - NAMES - 12.0) / float(columns.len() as u64)).min(WIDEST);
    let left = |column: usize| NAMES + float(column as u64) * pitch;
    let mut svg = Svg::default();
    svg.hatch(HATCH);
    legend(&mut svg);
    let ground = |row: usize| TOP + float(row as u64 + 1) * PITCH - 10.0;
    bars::names(&mut svg, report, NAMES - 16.0, |row| ground(row) - BAR / 2.0);
    svg.text("muted", (WORDS, TOP - 10.0), Anchor::Start, "mean and most");
    for (row, histogram) in all.iter().enumerate() {
        let ground = ground(row);
        let right = left(columns.len());
        svg.line("axis", (NAMES, ground), (right, ground));
        for (column, bin) in columns.iter().enumerate() {
            bar(&mut svg, &histogram.bins[*bin], histogram.calls, (left(column), pitch), ground);
        }
        let words = histogram.words();
        svg.text("", (WORDS, ground - BAR / 2.0 + 4.5), Anchor::Start, &words);
    }
    let foot = ground(all.len().saturating_sub(1));
    let labels: Vec<String> = columns.iter().map(|bin| Bin::label(*bin)).collect();
    // Where ranges do not fit, each bin is named by its end: they double, as is seen.
    let fits = labels.iter().all(|label| text::width(label, 12.0) < pitch);
    for (column, bin) in columns.iter().enumerate() {
        let middle = left(column) + pitch / 2.0;
        let end = Bin::end(*bin).to_string();
        let label = if fits { &labels[column] } else { &end };
        svg.text("muted", (middle, foot + 17.0), Anchor::Middle, label);
    }
    let title = if fits { "sends of a call" } else { "sends of a call, up to" };
    svg.text("muted", (NAMES, foot + 35.0), Anchor::Start, title);
    Drawing {
        name: ChartName::Attempts,
        title: "How often a call is sent".to_owned(),
        caption:
            "The calls of the first storm by how many sends they took: the share of all calls \
                  in each column, as bar and in per cent. Under a good policy nearly all stand at \
                  1. Hatched are calls that were given up; at 0, before they were ever sent."
                .to_owned(),
        description: description(report, &all),
        height: foot + 42.0,
        svg,
        numbers: numbers(report, &all, &columns),
    }
}

fn legend(svg: &mut Svg) {
    svg.text("muted", (0.0, 13.0), Anchor::Start, "share of all calls (%)");
    let y = 36.0;
    svg.rect("answered", (0.0, y - 10.0), (22.0, 11.0));
    svg.text("", (30.0, y), Anchor::Start, "succeeded");
    let from = 30.0 + text::width("succeeded", 13.0) + 22.0;
    svg.patterned_rect(HATCH, (from, y - 10.0), (22.0, 11.0));
    svg.line("edge", (from, y - 10.0), (from + 22.0, y - 10.0));
    svg.text("", (from + 30.0, y), Anchor::Start, "given up");
}

/// One bar with its share above.
fn bar(svg: &mut Svg, bin: &Bin, calls: u64, (left, pitch): (f64, f64), ground: f64) {
    if bin.calls() == 0 || calls == 0 {
        return;
    }
    let height = |count: u64| float(count) / float(calls) * BAR;
    let (from, width) = (left + pitch * 0.12, pitch * 0.76);
    // What is there is seen, even if it is a hair.
    let all = height(bin.calls()).max(1.0);
    let bad = if bin.failed == 0 { 0.0 } else { height(bin.failed).max(1.0) };
    svg.rect("answered", (from, ground - (all - bad)), (width, all - bad));
    if bad > 0.0 {
        let top = ground - all;
        svg.patterned_rect(HATCH, (from, top), (width, bad));
        let mut edge = Path::default();
        edge.move_to(from, top);
        edge.across(from + width);
        svg.path("edge", &edge);
    }
    let at = (left + pitch / 2.0, ground - all - 4.0);
    svg.text("small", at, Anchor::Middle, &percent(bin.calls(), calls));
}

/// `93`, `6.5`, `<0.1`: per cent, with the digits that fit a column.
fn percent(count: u64, calls: u64) -> String {
    let percent = float(count) / float(calls) * 100.0;
    match percent {
        _ if percent < 0.1 => "<0.1".to_owned(),
        _ if count == calls => "100".to_owned(),
        _ if percent > 99.9 => ">99.9".to_owned(),
        _ if !(10.0..99.0).contains(&percent) => decimal(percent, 1),
        _ => decimal(percent, 0),
    }
}

/// Calls of one policy by their sends.
struct Histogram {
    bins: Vec<Bin>,
    calls: u64,
    sends: u64,
    most: u32,
}

/// Calls whose sends lie in one bin.
#[derive(Clone, Copy, Default)]
struct Bin {
    succeeded: u64,
    failed: u64,
}

impl Bin {
    /// Bins of 0, 1, 2, 3 to 4, 5 to 8 and so on to `u32::MAX`.
    const COUNT: usize = 34;

    fn index(sends: u32) -> usize {
        match sends {
            0 => 0,
            _ => 1 + (u32::BITS - (sends - 1).leading_zeros()) as usize,
        }
    }

    /// The most sends of a call in the bin at `index`.
    const fn end(index: usize) -> u64 {
        if index == 0 { 0 } else { 1 << (index - 1) }
    }

    fn label(index: usize) -> String {
        match index {
            0..=2 => Self::end(index).to_string(),
            _ => format!("{}–{}", Self::end(index - 1) + 1, Self::end(index)),
        }
    }

    const fn calls(&self) -> u64 {
        self.succeeded + self.failed
    }
}

impl Histogram {
    fn of(attempts: &[AttemptCount]) -> Self {
        let mut bins = vec![Bin::default(); Bin::COUNT];
        for count in attempts {
            let bin = &mut bins[Bin::index(count.sends)];
            bin.succeeded += count.succeeded;
            bin.failed += count.failed;
        }
        let calls = |count: &AttemptCount| count.succeeded + count.failed;
        Self {
            bins,
            calls: attempts.iter().map(calls).sum(),
            sends: attempts.iter().map(|count| u64::from(count.sends) * calls(count)).sum(),
            most: attempts.iter().map(|count| count.sends).max().unwrap_or(0),
        }
    }

    /// The last bin that holds a call.
    fn last(&self) -> usize {
        self.bins.iter().rposition(|bin| bin.calls() > 0).unwrap_or(0)
    }

    fn mean(&self) -> Option<f64> {
        (self.calls > 0).then(|| float(self.sends) / float(self.calls))
    }

    /// `8.30, most 15`.
    fn words(&self) -> String {
        self.mean().map_or("no calls".to_owned(), |mean| {
            format!("{}, {}", Unit::Ratio.text(mean), whole(u64::from(self.most)))
        })
    }
}

fn description(report: &Report<'_>, all: &[Histogram]) -> String {
    let rows = report.table().rows.iter().zip(all).map(|(row, histogram)| {
        let once = histogram.bins[1].calls();
        match histogram.mean() {
            None => format!(" {}: no calls.", row.policy),
            Some(mean) => format!(
                " {}: {} % of the calls took one send, the mean is {}, the most {}.",
                row.policy,
                if once == 0 { "0".to_owned() } else { percent(once, histogram.calls) },
                Unit::Ratio.text(mean),
                whole(u64::from(histogram.most))
            ),
        }
    });
    format!("One histogram a policy, of sends for each call.{}", rows.collect::<String>())
}

fn numbers(report: &Report<'_>, all: &[Histogram], columns: &[usize]) -> Numbers {
    let mut heads = vec!["policy".to_owned()];
    heads.extend(columns.iter().map(|bin| Bin::label(*bin)));
    heads.extend(["mean".to_owned(), "most".to_owned()]);
    let rows = report.table().rows.iter().zip(all).map(|(row, histogram)| {
        let cell = |bin: &Bin| match (bin.calls(), bin.failed) {
            (calls, 0) => whole(calls),
            (calls, failed) => format!("{} ({})", whole(calls), whole(failed)),
        };
        let mut cells = vec![row.policy.clone()];
        cells.extend(columns.iter().map(|bin| cell(&histogram.bins[*bin])));
        cells.push(histogram.mean().map_or("–".to_owned(), |mean| Unit::Ratio.text(mean)));
        cells.push(whole(u64::from(histogram.most)));
        cells
    });
    Numbers {
        caption: "Calls by their sends; in brackets those that were given up".to_owned(),
        columns: heads,
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Bin, percent};

    #[test]
    fn a_bin_holds_what_its_label_says() {
        for (sends, label) in [
            (0, "0"),
            (1, "1"),
            (2, "2"),
            (3, "3–4"),
            (4, "3–4"),
            (5, "5–8"),
            (1024, "513–1024"),
            (1025, "1025–2048"),
            (u32::MAX, "2147483649–4294967296"),
        ] {
            assert_eq!(Bin::label(Bin::index(sends)), label, "{sends}");
            assert!(Bin::index(sends) < Bin::COUNT);
        }
    }

    #[test]
    fn shares_are_rounded_neither_to_none_nor_to_all() {
        let texts = [1, 66, 500, 9_995, 9_999, 10_000].map(|count| percent(count, 10_000));
        assert_eq!(texts, ["<0.1", "0.7", "5.0", ">99.9", ">99.9", "100"]);
    }
}
