//! The whole report as JSON: the finding, the summary and what they come from.

use std::collections::BTreeMap;

use forbear_sim::results::Comparison;
use serde::Serialize;

use crate::error::ReportError;
use crate::metric::{Better, Metric};
use crate::report::Report;
use crate::stats::{Estimate, Modes};
use crate::table::{Cell, Row};

#[derive(Serialize)]
struct Document<'a> {
    /// Rises when a reader of the previous form would misread this one.
    format: u32,
    verdict: Finding<'a>,
    metrics: Vec<Column>,
    summary: Vec<Policy<'a>>,
    comparison: &'a Comparison,
}

#[derive(Serialize)]
struct Finding<'a> {
    headline: &'a str,
    reason: &'a str,
    cautions: &'a [String],
    best: Vec<&'a str>,
    against: Option<&'a str>,
}

#[derive(Serialize)]
struct Column {
    key: &'static str,
    label: &'static str,
    unit: &'static str,
    better: Better,
    definition: &'static str,
}

#[derive(Serialize)]
struct Policy<'a> {
    policy: &'a str,
    metrics: BTreeMap<&'static str, Number>,
}

#[derive(Serialize)]
struct Number {
    #[serde(flatten)]
    estimate: Option<Estimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Estimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regret: Option<Estimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modes: Option<Modes>,
    text: String,
}

/// Writes the report, indented, with a final line break.
pub(crate) fn json(report: &Report<'_>) -> Result<String, ReportError> {
    let comparison = report.comparison();
    let name = |&index: &usize| comparison.policies[index].name.as_str();
    let verdict = report.verdict();
    let rows = report.table().rows.iter().enumerate();
    let document = Document {
        format: 1,
        verdict: Finding {
            headline: &verdict.headline,
            reason: &verdict.reason,
            cautions: &verdict.cautions,
            best: verdict.best.iter().map(name).collect(),
            against: verdict.reference().as_ref().map(name),
        },
        metrics: report.table().metrics.iter().copied().map(Column::of).collect(),
        summary: rows.map(|(index, row)| Policy::of(name(&index), row)).collect(),
        comparison,
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

impl Column {
    const fn of(metric: Metric) -> Self {
        Self {
            key: metric.key(),
            label: metric.label(),
            unit: metric.unit_name(),
            better: metric.better(),
            definition: metric.definition(),
        }
    }
}

impl<'a> Policy<'a> {
    fn of(policy: &'a str, row: &Row) -> Self {
        let number = |cell: &Cell| (cell.metric.key(), Number::of(cell));
        Self { policy, metrics: row.cells.iter().map(number).collect() }
    }
}

impl Number {
    fn of(cell: &Cell) -> Self {
        let Cell { estimate, difference, bound, regret, modes, .. } = *cell;
        Self { estimate, difference, bound, regret, modes, text: cell.text() }
    }
}
