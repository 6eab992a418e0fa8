//! A comparison in the width of a terminal.

use std::fmt::Write;

use forbear_reports::{Metric, Report};

use crate::table::{Cell, Table, stressed};

/// The table of what matters most, and the verdict.
pub(crate) fn of(report: &Report<'_>) -> String {
    let mut text = String::new();
    write(&mut text, report).expect("a string takes any text");
    text
}

fn write(text: &mut String, report: &Report<'_>) -> std::fmt::Result {
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
    writeln!(text, "{}", table.render())?;
    writeln!(text, "{}. {}", stressed(&verdict.headline), verdict.reason)?;
    verdict.cautions.iter().try_for_each(|caution| writeln!(text, "{caution}"))
}

/// The word for so many.
const fn replications(count: usize) -> &'static str {
    if count == 1 { "replication" } else { "replications" }
}
