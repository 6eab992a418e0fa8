//! The summary as CSV (RFC 4180), one metric of one policy a line.

use crate::error::ReportError;
use crate::report::Report;
use crate::stats::Estimate;

/// Column names. `difference` is this policy less the policy in `against`.
const HEADER: [&str; 11] = [
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
            writer.write_record([
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
            ])?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8(bytes).expect("every field is a string"))
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
