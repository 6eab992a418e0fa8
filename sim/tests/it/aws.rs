#![expect(clippy::float_arithmetic, reason = "standard errors are real")]

use std::sync::atomic::AtomicBool;

use forbear_sim::{NamedPolicy, Options, Scenario, Shipped, compare};
use serde::Deserialize;

/// See `tests/data/README.md`.
const TABLE: &str = include_str!("../data/aws_table.json");

/// As many as the table has; half of them in a debug build, for the time it takes.
///
/// Of 50 comparisons, one in seven tables of this size would be off by three standard
/// errors by chance alone. The seeds are fixed, so this one is or is not.
const SEEDS: u32 = if cfg!(debug_assertions) { 200 } else { 400 };

#[derive(Deserialize)]
struct Table {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    clients: u32,
    policy: String,
    calls_mean: f64,
    calls_se: f64,
    completion_ms_mean: f64,
    completion_ms_se: f64,
}

#[test]
fn every_row_of_the_experiment_is_reproduced_within_three_standard_errors() {
    let table: Table = serde_json::from_str(TABLE).unwrap();
    let mut crowds: Vec<u32> = table.rows.iter().map(|row| row.clients).collect();
    crowds.dedup();
    let mut far = Vec::new();
    for clients in crowds {
        let runs = runs(clients);
        for row in table.rows.iter().filter(|row| row.clients == clients) {
            let name = row.policy.replace('_', "-");
            let found = runs.iter().find(|(policy, ..)| *policy == name);
            let (_, sends, drained) = found.unwrap_or_else(|| panic!("no policy is {name}"));
            for (what, ours, mean, error) in [
                ("calls", sends, row.calls_mean, row.calls_se),
                ("completion", drained, row.completion_ms_mean, row.completion_ms_se),
            ] {
                let errors = error.hypot(ours.error);
                let away = (ours.mean - mean).abs() / errors.max(1e-9);
                if away > 3.0 {
                    far.push(format!("{clients} {name} {what}: {} for {mean}", ours.mean));
                }
            }
        }
    }
    assert!(far.is_empty(), "{far:#?}");
}

/// A mean and its standard error.
#[derive(Debug)]
struct Estimate {
    mean: f64,
    error: f64,
}

/// Calls and milliseconds until the last event, by policy.
fn runs(clients: u32) -> Vec<(String, Estimate, Estimate)> {
    let overrides = [("clients.count".to_owned(), clients.to_string())];
    let shipped = Shipped::ALL.iter().find(|shipped| shipped.name == "aws-backoff");
    let text = shipped.expect("it is shipped").text;
    let scenario = Scenario::parse(text, &overrides).expect("the count is in range");
    let options = Options { seed: 1, replications: SEEDS, ..Options::default() };
    let policies: &[NamedPolicy] = scenario.policies();
    let comparison = compare(&scenario, policies, &options, &|_| {}, &AtomicBool::new(false));
    let estimates = comparison.policies.into_iter().map(|policy| {
        let metrics = || policy.runs.iter().map(|run| &run.metrics);
        assert!(metrics().all(|metrics| metrics.succeeded == u64::from(clients)));
        #[expect(clippy::cast_precision_loss, reason = "a few hundred calls")]
        let sends = estimate(metrics().map(|metrics| metrics.sends as f64));
        let drained = estimate(metrics().map(|metrics| metrics.time_to_drain * 1e3));
        (policy.name, sends, drained)
    });
    estimates.collect()
}

fn estimate(values: impl Iterator<Item = f64> + Clone) -> Estimate {
    let n = f64::from(SEEDS);
    let mean = values.clone().sum::<f64>() / n;
    let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
    Estimate { mean, error: (squares / (n - 1.0) / n).sqrt() }
}
