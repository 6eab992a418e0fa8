//! A comparison in the width of a terminal.

use std::fmt::Write;

use forbear_reports::{Metric, Report};

use crate::table::{Cell, Table, paragraph, stressed};

/// The table of what matters most, and the verdict, for a terminal with this `room`.
pub(super) fn of(report: &Report<'_>, room: Option<usize>) -> String {
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
    let titles = Metric::KEY.iter().map(|metric| metric.label());
    let mut table = Table::new(["policy"].into_iter().chain(titles));
    for row in &report.table().rows {
        let cells = Metric::KEY.iter().map(|metric| {
            let cell = row.cells.iter().find(|cell| cell.metric == *metric);
            let shown = Cell::from(cell.map(forbear_reports::Cell::text).unwrap_or_default());
            if cell.is_some_and(|cell| cell.leads) { shown.bold() } else { shown }
        });
        table.push([Cell::from(&*row.policy)].into_iter().chain(cells));
    }
    // What a reader of a narrow terminal misses least: how fast comes before how dear.
    let table = table.with_spare([3, 2]);
    writeln!(text, "{}", table.render_within(room))?;
    let verdict_line = paragraph(&verdict.line(), room);
    // Not stressed where it had to be wrapped.
    writeln!(
        text,
        "{}",
        verdict_line.replacen(&verdict.headline, &stressed(&verdict.headline), 1)
    )?;
    verdict.cautions.iter().try_for_each(|caution| writeln!(text, "{}", paragraph(caution, room)))
}

/// The word for so many.
const fn replications(count: usize) -> &'static str {
    if count == 1 { "replication" } else { "replications" }
}
