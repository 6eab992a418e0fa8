//! A sweep as CSV (RFC 4180), one metric of one point a line.

use super::SweepReport;
use crate::error::ReportError;
use crate::render::{beyond, finished, inert, numbers};

/// Columns after those of the parameters.
const HEADER: [&str; 16] = [
    "standing",
    "metric",
    "unit",
    "runs",
    "mean",
    "low",
    "high",
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

/// Columns of the effects.
const EFFECTS: [&str; 10] =
    ["parameter", "metric", "unit", "explains", "value", "points", "mean", "effect", "low", "high"];

/// Writes the effects.
pub(super) fn effects(report: &SweepReport<'_>) -> Result<String, ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(EFFECTS)?;
    for effect in report.effects() {
        let explains = effect.explains.map(|share| share.to_string()).unwrap_or_default();
        let (metric, unit) = (effect.metric.key(), effect.metric.unit_name());
        for level in &effect.levels {
            let [change, low, high] = numbers(Some(level.effect));
            let (points, mean) = (level.points.to_string(), level.mean.to_string());
            let (key, value) = (inert(&effect.key), inert(&level.value));
            let record = [&*key, metric, unit, &*explains, &*value, &*points, &*mean];
            writer.write_record(record.into_iter().chain([&*change, &*low, &*high]))?;
        }
    }
    finished(writer)
}

/// Writes the numbers.
pub(super) fn csv(report: &SweepReport<'_>) -> Result<String, ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let sweep = report.sweep();
    let keys = sweep.parameters.iter().map(|parameter| inert(parameter.key()));
    writer.write_record(keys.chain(HEADER.map(str::to_owned)))?;
    for (point, row) in sweep.points.iter().zip(report.rows()) {
        for cell in &row.cells {
            let [mean, low, high] = numbers(cell.estimate);
            let standing = row.standing.map_or("", super::Standing::word).to_owned();
            let runs = cell.estimate.map_or(0, |estimate| estimate.runs).to_string();
            let (key, unit) = (cell.metric.key().to_owned(), cell.metric.unit_name().to_owned());
            let values = point.values.iter().map(|value| inert(value));
            let record = values.chain([standing, key, unit, runs, mean, low, high]);
            writer.write_record(record.chain(beyond(cell)))?;
        }
    }
    finished(writer)
}
