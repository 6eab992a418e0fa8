//! A sweep as one HTML page, under the same rules as that of a comparison.

use forbear_sim::sweep::Parameter;
use minijinja::Value;
use serde::Serialize;

use super::{Effect, Standing, SweepReport};
use crate::chart;
use crate::error::ReportError;
use crate::name::{printable, shown};
use crate::number::whole;
use crate::render;
use crate::render::parts::{Definition, Fact};

const TEMPLATE: &str = include_str!("../../templates/sweep.html");
const STYLE: &str = include_str!("../../templates/report.css");

/// Points in the table at most: the CSV has all.
const POINTS_SHOWN: usize = 1_000;

#[derive(Serialize)]
struct Page {
    style: Value,
    headline: String,
    cautions: Vec<String>,
    facts: Vec<Fact>,
    definitions: Vec<Definition>,
    charts: Vec<Chart>,
    effects: Vec<Shown>,
    effects_note: &'static str,
    columns: Vec<String>,
    points: Vec<Vec<String>>,
    scenario_name: String,
    scenario: String,
    policy_name: String,
    policy: String,
    version: String,
    command: String,
}

#[derive(Serialize)]
struct Chart {
    id: String,
    title: String,
    caption: String,
    svg: Value,
}

#[derive(Serialize)]
struct Shown {
    key: String,
    label: &'static str,
    sentence: String,
    rows: Vec<[String; 4]>,
}

/// Writes the page.
pub(super) fn html(report: &SweepReport<'_>) -> Result<String, ReportError> {
    let sweep = report.sweep();
    let rules = [chart::rules(), chart::heat_rules(), chart::scatter_rules()].concat();
    let css = format!("{}{rules}{STYLE}", chart::variables());
    let charts = report.figures().into_iter().map(|figure| Chart {
        id: figure.id(),
        svg: Value::from_safe_string(figure.inline()),
        title: figure.title,
        caption: figure.caption,
    });
    let mut cautions = report.cautions();
    if report.rows().len() > POINTS_SHOWN {
        cautions.push(format!(
            "The table has the first {} of {} points; the CSV has all.",
            whole(POINTS_SHOWN as u64),
            whole(report.rows().len() as u64)
        ));
    }
    let page = Page {
        style: Value::from_safe_string(css),
        headline: report.headline(),
        cautions,
        facts: facts(report),
        definitions: Definition::all(report.objectives()),
        charts: charts.collect(),
        effects: report.effects().iter().map(Shown::of).collect(),
        effects_note: report.effects_note(),
        columns: columns(report),
        points: points(report),
        scenario_name: shown(&sweep.scenario.name),
        scenario: printable(&sweep.scenario.source),
        policy_name: shown(&sweep.policy.name),
        policy: printable(&sweep.policy.source),
        version: shown(&sweep.version),
        command: printable(&sweep.command),
    };
    render::page("sweep.html", TEMPLATE, page)
}

fn facts(report: &SweepReport<'_>) -> Vec<Fact> {
    let sweep = report.sweep();
    vec![
        Fact { term: "Policy", value: shown(&sweep.policy.name) },
        Fact { term: "Points", value: whole(report.rows().len() as u64) },
        Fact { term: "Replications a point", value: whole(u64::from(sweep.replications)) },
        Fact::seeds(sweep.seed, sweep.replications),
    ]
}

fn columns(report: &SweepReport<'_>) -> Vec<String> {
    let keys = report.sweep().parameters.iter().map(Parameter::key).map(shown);
    let metrics = report.objectives().iter().map(|metric| metric.label().to_owned());
    keys.chain(["Pareto".to_owned()]).chain(metrics).collect()
}

fn points(report: &SweepReport<'_>) -> Vec<Vec<String>> {
    let row = |row: &super::SweepRow| {
        let standing = row.standing.map_or("", Standing::word).to_owned();
        let metrics = report.objectives().iter().map(|metric| match row.interval_text(*metric) {
            interval if interval.is_empty() => row.text(*metric),
            interval => format!("{} ({interval})", row.text(*metric)),
        });
        row.values.iter().cloned().chain([standing]).chain(metrics).collect()
    };
    report.rows().iter().take(POINTS_SHOWN).map(row).collect()
}

impl Shown {
    fn of(effect: &Effect) -> Self {
        let unit = effect.metric.unit();
        // Where nothing differs the sentence says all.
        let levels = effect.levels.iter().filter(|_| effect.explains.is_some());
        let rows = levels.map(|level| {
            let points = whole(level.points as u64);
            [level.value.clone(), points, unit.text(level.mean), level.text(effect.metric)]
        });
        Self {
            key: effect.key.clone(),
            label: effect.metric.label(),
            sentence: effect.sentence(),
            rows: rows.collect(),
        }
    }
}
