//! The summary as CSV (RFC 4180), one metric of one policy a line.

use crate::error::ReportError;
use crate::report::Report;
use crate::stats::{Estimate, Modes};
use crate::table::Cell;

/// Column names. `difference` is this policy less the policy in `against`, `regret` the
/// distance from `bound`. The last five say where the two groups of the runs are, if they
/// fall into two, and how often a run ends in the worse.
const HEADER: [&str; 20] = [
    "policy",
    "metric",
    "unit",
    "runs",
    "mean",
    "low",
    "high",
    "against",
    "difference",
    "difference_low",
    "difference_high",
    "bound",
    "regret",
    "regret_low",
    "regret_high",
    "better_mode",
    "worse_mode",
    "p_worse",
    "p_worse_low",
    "p_worse_high",
];

/// Writes the summary.
pub(crate) fn csv(report: &Report<'_>) -> Result<String, ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    let policies = &report.comparison().policies;
    let name = |index: usize| inert(&policies[index].name);
    let table = report.table();
    for (index, row) in table.rows.iter().enumerate() {
        for cell in &row.cells {
            let [mean, low, high] = numbers(cell.estimate);
            let [difference, difference_low, difference_high] = numbers(cell.difference);
            let runs = cell.estimate.map_or(0, |estimate| estimate.runs).to_string();
            let against = cell.difference.and(table.reference).map(name).unwrap_or_default();
            let record = [
                name(index),
                cell.metric.key().to_owned(),
                cell.metric.unit_name().to_owned(),
                runs,
                mean,
                low,
                high,
                against,
                difference,
                difference_low,
                difference_high,
            ];
            writer.write_record(record.into_iter().chain(beyond(cell)))?;
        }
    }
    finished(writer)
}

/// What was written.
pub(crate) fn finished(writer: csv::Writer<Vec<u8>>) -> Result<String, ReportError> {
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8(bytes).expect("every field is a string"))
}

/// Bound, regret and its interval; the modes and the probability of the worse.
pub(crate) fn beyond(cell: &Cell) -> [String; 9] {
    let [regret, low, high] = numbers(cell.regret);
    let bound = cell.bound.map(|bound| bound.to_string()).unwrap_or_default();
    let modes = cell.modes.map(|Modes { better, worse, p_worse, .. }| {
        [better, worse, p_worse.share(), p_worse.interval.low, p_worse.interval.high]
    });
    let modes = modes.map(|modes| modes.map(|number| number.to_string())).unwrap_or_default();
    let [better, worse, p, p_low, p_high] = modes;
    [bound, regret, low, high, better, worse, p, p_low, p_high]
}

/// Mean, low and high with all their digits; empty where there is none.
pub(crate) fn numbers(estimate: Option<Estimate>) -> [String; 3] {
    let interval = estimate.and_then(|estimate| estimate.interval);
    [
        estimate.map(|estimate| estimate.mean),
        interval.map(|interval| interval.low),
        interval.map(|interval| interval.high),
    ]
    .map(|number| number.map(|number| number.to_string()).unwrap_or_default())
}

/// A name that no spreadsheet takes for a formula (OWASP, "CSV Injection").
pub(crate) fn inert(name: &str) -> String {
    if name.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{name}")
    } else {
        name.to_owned()
    }
}
