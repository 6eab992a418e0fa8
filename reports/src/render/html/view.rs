//! What the page shows, as the template takes it: texts, already formatted.

mod summary;

use forbear_sim::results::RunResult;
use minijinja::Value;
use serde::Serialize;

use self::summary::Summary;
use crate::chart::{self, ChartName, Drawing};
use crate::metric::Metric;
use crate::name::{printable, shown};
use crate::number::{Unit, whole};
use crate::render::parts::{Definition, Fact};
use crate::report::Report;
use crate::verdict::Verdict;

/// Runs listed for each policy; a thousand would make the page too heavy to open.
const RUNS_SHOWN: usize = 50;

/// The styles of the page, without those of the charts.
const STYLE: &str = include_str!("../../../templates/report.css");

#[derive(Serialize)]
pub(super) struct Page {
    style: Value,
    title: String,
    headline: String,
    reason: String,
    cautions: Vec<String>,
    facts: Vec<Fact>,
    summary: Vec<Summary>,
    reference: Option<String>,
    differences: Vec<Summary>,
    charts: Vec<Chart>,
    description: String,
    scenario: String,
    policies: Vec<Source>,
    origin: Vec<Fact>,
    command: String,
    runs: Vec<Runs>,
    definitions: Vec<Definition>,
    method: &'static str,
}

#[derive(Serialize)]
struct Chart {
    key: &'static str,
    title: String,
    caption: String,
    svg: Value,
    numbers_caption: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct Source {
    name: String,
    source: String,
}

#[derive(Serialize)]
struct Runs {
    policy: String,
    rows: Vec<[String; 6]>,
    /// Runs that are not listed.
    more: usize,
}

impl Page {
    pub(super) fn of(report: &Report<'_>) -> Self {
        let (comparison, verdict) = (report.comparison(), report.verdict());
        let scenario = &comparison.scenario;
        let policies = || comparison.policies.iter();
        let css = format!("{}{}{STYLE}", chart::variables(), chart::rules());
        let reference = verdict.reference().map(|index| shown(&comparison.policies[index].name));
        Self {
            style: Value::from_safe_string(css),
            title: shown(&scenario.title),
            headline: verdict.headline.clone(),
            reason: verdict.reason.clone(),
            cautions: verdict.cautions.clone(),
            facts: facts(report),
            summary: Summary::all(report),
            differences: Summary::differences(report),
            reference,
            charts: charts(report),
            description: printable(&scenario.description),
            scenario: printable(&scenario.source),
            policies: policies()
                .map(|policy| Source {
                    name: shown(&policy.name),
                    source: printable(&policy.source),
                })
                .collect(),
            origin: origin(report),
            command: printable(&comparison.command),
            runs: runs(report),
            definitions: Definition::all(&report.table().metrics),
            method: Verdict::METHOD,
        }
    }
}

fn charts(report: &Report<'_>) -> Vec<Chart> {
    // Axes without a line on them say less than nothing.
    if report.comparison().policies.is_empty() {
        return Vec::new();
    }
    ChartName::ALL.into_iter().map(|name| Chart::of(chart::draw(report, name))).collect()
}

impl Chart {
    fn of(drawing: Drawing) -> Self {
        Self {
            key: drawing.name.key(),
            svg: Value::from_safe_string(drawing.inline()),
            title: drawing.title,
            caption: drawing.caption,
            numbers_caption: drawing.numbers.caption,
            columns: drawing.numbers.columns,
            rows: drawing.numbers.rows,
        }
    }
}

fn facts(report: &Report<'_>) -> Vec<Fact> {
    let comparison = report.comparison();
    let scenario = &comparison.scenario;
    let mut facts = vec![
        Fact { term: "Calls in a run", value: whole(scenario.calls) },
        Fact { term: "Replications", value: whole(u64::from(comparison.replications)) },
        Fact { term: "Policies", value: whole(comparison.policies.len() as u64) },
    ];
    if let Some(rate) = report.permitted_per_s() {
        let value = Unit::PerSecond.text(rate);
        facts.push(Fact { term: "Permitted in the long run", value });
    }
    if let Some(bound) = report.drain_bound_s() {
        let value = Unit::Seconds.text(bound);
        facts.push(Fact { term: "Shortest possible drain", value });
    }
    facts
}

fn origin(report: &Report<'_>) -> Vec<Fact> {
    let comparison = report.comparison();
    vec![
        Fact { term: "Scenario", value: shown(&comparison.scenario.name) },
        Fact { term: "Scenario hash", value: shown(&comparison.scenario.hash) },
        Fact::seeds(comparison.seed, comparison.replications),
        Fact { term: "forbear", value: shown(&comparison.version) },
    ]
}

fn runs(report: &Report<'_>) -> Vec<Runs> {
    let policies = report.comparison().policies.iter();
    policies
        .map(|policy| Runs {
            policy: shown(&policy.name),
            rows: policy.runs.iter().take(RUNS_SHOWN).map(row_of_run).collect(),
            more: policy.runs.len().saturating_sub(RUNS_SHOWN),
        })
        .collect()
}

/// Seed, what every storm is drawn by, events and hash.
fn row_of_run(run: &RunResult) -> [String; 6] {
    let value = |metric: Metric| {
        metric.value(run).map_or("–".to_owned(), |value| metric.unit().text(value))
    };
    [
        run.seed.to_string(),
        value(Metric::SuccessShare),
        value(Metric::TimeToDrain),
        value(Metric::CompletionP99),
        whole(run.events),
        shown(&run.hash),
    ]
}
