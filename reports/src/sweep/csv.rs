//! A sweep as CSV (RFC 4180), one metric of one point a line.

use super::SweepReport;
use crate::error::ReportError;
use crate::metric::Metric;
use crate::render::{inert, numbers};

/// Columns after those of the parameters.
const HEADER: [&str; 7] = ["standing", "metric", "unit", "runs", "mean", "low", "high"];

/// Writes the numbers.
pub(super) fn csv(report: &SweepReport<'_>) -> Result<String, ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let sweep = report.sweep();
    let keys = sweep.parameters.iter().map(|parameter| inert(parameter.key()));
    writer.write_record(keys.chain(HEADER.map(str::to_owned)))?;
    for (point, row) in sweep.points.iter().zip(report.rows()) {
        for (metric, estimate) in Metric::ALL.into_iter().zip(&row.estimates) {
            let [mean, low, high] = numbers(*estimate);
            let standing = row.standing.map_or("", super::Standing::word).to_owned();
            let runs = estimate.map_or(0, |estimate| estimate.runs).to_string();
            let (key, unit) = (metric.key().to_owned(), metric.unit_name().to_owned());
            let values = point.values.iter().map(|value| inert(value));
            writer.write_record(values.chain([standing, key, unit, runs, mean, low, high]))?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8(bytes).expect("every field is a string"))
}
