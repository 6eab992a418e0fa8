//! A comparison in the width of a terminal.

use std::fmt::Write;

use forbear_reports::{Metric, Report};

use crate::table::{Cell, Table, paragraph, stressed};

/// The distances from the best that is possible, which tell servers apart: 3 s of a
/// minute are little, and much of 4 s.
const REGRETS: [Metric; 3] = [Metric::SuccessShare, Metric::TimeToDrain, Metric::Amplification];

/// The table of what matters most, and the verdict, for a terminal with this `room`.
pub(crate) fn of(report: &Report<'_>, room: Option<usize>) -> String {
    let mut text = String::new();
    write(&mut text, report, room).expect("a string takes any text");
    text
}

fn write(text: &mut String, report: &Report<'_>, room: Option<usize>) -> std::fmt::Result {
    let (comparison, verdict) = (report.comparison(), report.verdict());
    let done = comparison.policies.iter().map(|policy| policy.runs.len()).max().unwrap_or(0);
    let (title, seed) = (&comparison.scenario.title, comparison.seed);
    let calls_in_all = comparison.scenario.calls;
    writeln!(
        text,
        "{title}: {calls_in_all} calls, {done} {} from seed {seed}\n",
        replications(done)
    )?;
    // Nobody needs a column of noughts.
    let collapses = report.table().rows.iter().flat_map(|row| &row.cells).any(|cell| {
        let mean = cell.estimate.map_or(0.0, |estimate| estimate.mean);
        cell.metric == Metric::Collapsed && mean > 0.0
    });
    // What the scenario is judged by first.
    let foremost = comparison.scenario.foremost.iter().filter_map(|key| Metric::named(key));
    let more = foremost.chain(collapses.then_some(Metric::Collapsed));
    let more = more.filter(|metric| !Metric::KEY.contains(metric));
    let metrics: Vec<Metric> = Metric::KEY.into_iter().chain(more).collect();
    let titles = metrics.iter().map(|metric| metric.label());
    let mut table = Table::new(["policy"].into_iter().chain(titles));
    let mut has_modes = false;
    for row in &report.table().rows {
        let cells = metrics.iter().map(|metric| {
            let cell = row.cells.iter().find(|cell| cell.metric == *metric);
            let mut shown = cell.map(forbear_reports::Cell::text).unwrap_or_default();
            if cell.is_some_and(|cell| cell.modes.is_some()) {
                has_modes = true;
                shown.insert(0, '*');
            }
            let shown = Cell::from(shown);
            if cell.is_some_and(|cell| cell.leads) { shown.bold() } else { shown }
        });
        table.push([Cell::from(&*row.policy)].into_iter().chain(cells));
    }
    // Goodput goes first: who has time and success has it. Then the 429s.
    let table = table.with_spare([6, 3]);
    writeln!(text, "{}", table.render_within(room))?;
    if has_modes {
        let note = "* The storms end in two ways, and the mean describes neither.";
        writeln!(text, "{}\n", paragraph(note, room))?;
    }
    if let Some(table) = regrets(report) {
        writeln!(text, "{}", table.render_within(room))?;
    }
    let verdict_line = paragraph(&verdict.line(), room);
    // Not stressed where it had to be wrapped.
    let stressed = verdict_line.replacen(&verdict.headline, &stressed(&verdict.headline), 1);
    writeln!(text, "{stressed}")?;
    verdict.cautions.iter().try_for_each(|caution| writeln!(text, "{}", paragraph(caution, room)))
}

/// How far each policy is from what no policy can beat; nothing where that is not known.
fn regrets(report: &Report<'_>) -> Option<Table> {
    let table = report.table();
    let has_regret = |metric: &Metric| {
        let mut cells = table.rows.iter().flat_map(|row| &row.cells);
        cells.any(|cell| cell.metric == *metric && cell.regret.is_some())
    };
    let metrics: Vec<Metric> = REGRETS.into_iter().filter(has_regret).collect();
    if metrics.is_empty() {
        return None;
    }
    let mut titles = vec!["regret".to_owned()];
    titles.extend(metrics.iter().map(|metric| metric.label().to_owned()));
    let mut shown = Table::new(titles);
    for (index, row) in table.rows.iter().enumerate() {
        let cells = metrics.iter().filter_map(|metric| table.cell(index, *metric));
        let cells = cells.map(|cell| match cell.regret_interval_text() {
            interval if interval.is_empty() => cell.regret_text(),
            interval => format!("{} ({interval})", cell.regret_text()),
        });
        shown.push([row.policy.clone()].into_iter().chain(cells));
    }
    Some(shown)
}

/// The word for so many.
const fn replications(count: usize) -> &'static str {
    if count == 1 { "replication" } else { "replications" }
}
