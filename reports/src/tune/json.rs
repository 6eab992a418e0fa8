//! A search as JSON: what was found, and what it comes from.

use forbear_sim::tune::Tuned;
use serde::Serialize;

use super::{Outcome, TuneReport};
use crate::error::ReportError;
use crate::stats::Estimate;

#[derive(Serialize)]
struct Document<'a> {
    /// Rises when a reader of the previous form would misread this one.
    format: u32,
    outcome: &'static str,
    headline: String,
    reason: String,
    cautions: Vec<String>,
    command: &'a str,
    objective: String,
    constraints: Vec<String>,
    /// As TOML; `None` where there is none to keep.
    policy: Option<String>,
    validated: bool,
    measured: Vec<Row>,
    search: &'a Tuned,
}

#[derive(Serialize)]
struct Row {
    quantity: String,
    ours: Option<Estimate>,
    base: Option<Estimate>,
    difference: Option<Estimate>,
}

/// Writes the report, indented, with a final line break.
pub(super) fn json(report: &TuneReport<'_>, command: &str) -> Result<String, ReportError> {
    let goal = report.goal();
    let document = Document {
        format: 1,
        outcome: match report.outcome() {
            Outcome::Better => "better",
            Outcome::NoBetter => "no_better",
            Outcome::Infeasible => "infeasible",
            Outcome::Unvalidated => "unvalidated",
        },
        headline: report.headline(),
        reason: report.reason(),
        cautions: report.cautions(),
        command,
        objective: goal.objective().to_string(),
        constraints: goal.constraints().iter().map(ToString::to_string).collect(),
        policy: report.has_policy().then(|| report.policy_file(command)),
        validated: report.tuned().fresh.is_some(),
        measured: report
            .measured()
            .into_iter()
            .map(|measured| Row {
                quantity: measured.quantity.to_string(),
                ours: measured.ours,
                base: measured.base,
                difference: measured.difference,
            })
            .collect(),
        search: report.tuned(),
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}
