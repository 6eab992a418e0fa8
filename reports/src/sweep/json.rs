//! A sweep as JSON: a summary, and what it comes from.

use std::collections::BTreeMap;

use forbear_sim::sweep::{Parameter, Sweep};
use serde::Serialize;

use super::{Effect, Level, Standing, SweepReport};
use crate::error::ReportError;
use crate::stats::{Estimate, Modes};
use crate::table::Cell;

#[derive(Serialize)]
struct Document<'a> {
    /// Rises when a reader of the previous form would misread this one.
    format: u32,
    headline: String,
    cautions: Vec<String>,
    objectives: Vec<&'static str>,
    summary: Vec<Summary<'a>>,
    effects: Vec<Change<'a>>,
    sweep: &'a Sweep,
}

#[derive(Serialize)]
struct Summary<'a> {
    values: BTreeMap<&'a str, &'a str>,
    standing: Option<Standing>,
    metrics: BTreeMap<&'static str, Option<Number>>,
}

#[derive(Serialize)]
struct Change<'a> {
    parameter: &'a str,
    metric: &'static str,
    explains: Option<f64>,
    sentence: String,
    levels: Vec<Setting<'a>>,
}

#[derive(Serialize)]
struct Setting<'a> {
    value: &'a str,
    points: usize,
    mean: f64,
    effect: Estimate,
}

impl<'a> Change<'a> {
    fn of(effect: &'a Effect) -> Self {
        let levels = effect.levels.iter().map(|level| {
            let Level { value, points, mean, effect } = level;
            Setting { value, points: *points, mean: *mean, effect: *effect }
        });
        Self {
            parameter: &effect.key,
            metric: effect.metric.key(),
            explains: effect.explains,
            sentence: effect.sentence(),
            levels: levels.collect(),
        }
    }
}

#[derive(Serialize)]
struct Number {
    #[serde(flatten)]
    estimate: Estimate,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regret: Option<Estimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modes: Option<Modes>,
}

impl Number {
    fn of(cell: &Cell) -> Option<Self> {
        let Cell { bound, regret, modes, .. } = *cell;
        Some(Self { estimate: cell.estimate?, bound, regret, modes })
    }
}

/// Writes the report, indented, with a final line break.
pub(super) fn json(report: &SweepReport<'_>) -> Result<String, ReportError> {
    let sweep = report.sweep();
    let keys = || sweep.parameters.iter().map(Parameter::key);
    let summary = sweep.points.iter().zip(report.rows()).map(|(point, row)| Summary {
        values: keys().zip(point.values.iter().map(String::as_str)).collect(),
        standing: row.standing,
        metrics: row.cells.iter().map(|cell| (cell.metric.key(), Number::of(cell))).collect(),
    });
    let document = Document {
        format: 1,
        headline: report.headline(),
        cautions: report.cautions(),
        objectives: report.objectives().iter().map(|metric| metric.key()).collect(),
        summary: summary.collect(),
        effects: report.effects().iter().map(Change::of).collect(),
        sweep,
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}
