//! Whether a comparison keeps what was asked of it: thresholds, the assertions of its
//! scenario, and a baseline that it must not be worse than.

mod baseline;
mod threshold;

use forbear_sim::Scenario;
use forbear_sim::results::{Comparison, PolicyResult};
use serde::Serialize;

pub use self::baseline::{Baseline, BaselineError, Tolerance, ToleranceError};
pub use self::threshold::{Threshold, ThresholdError};

/// One thing that was asked of one policy, and whether it holds.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The policy.
    pub policy: String,
    /// Who asks.
    pub source: Asker,
    /// What is asked, `completion_p99 < 30s`.
    pub rule: String,
    /// What was found, with its numbers.
    pub found: String,
    /// Whether it holds.
    pub holds: bool,
}

/// Who asks something of a policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Asker {
    /// A threshold that was given.
    Threshold,
    /// An `[[assert]]` of the scenario.
    Scenario,
    /// The baseline.
    Baseline,
}

/// Holds each policy against each threshold: the mean over the replications counts.
#[must_use]
pub fn check_thresholds(comparison: &Comparison, thresholds: &[Threshold]) -> Vec<Finding> {
    let of = |policy: &PolicyResult| -> Vec<Finding> {
        thresholds.iter().map(|threshold| threshold.hold(policy)).collect()
    };
    comparison.policies.iter().flat_map(of).collect()
}

/// Holds each policy against what `scenario` asserts about it: in every replication.
#[must_use]
pub fn check_assertions(comparison: &Comparison, scenario: &Scenario) -> Vec<Finding> {
    let mut findings = Vec::new();
    for policy in &comparison.policies {
        for assertion in scenario.assertions() {
            if assertion.policy() != policy.name {
                continue;
            }
            let broken = policy.runs.iter().filter_map(|run| {
                let broken = scenario.broken(&policy.name, &run.metrics).into_iter();
                let mut broken = broken.filter(|broken| broken.assertion() == assertion);
                broken.next().map(|broken| (run.seed, broken))
            });
            let broken: Vec<_> = broken.collect();
            let runs = policy.runs.len();
            let found = match broken.first() {
                None => format!("holds in all {runs} replications"),
                Some((seed, first)) => format!(
                    "broken in {} of {runs} replications, first with seed {seed}: {first}",
                    broken.len()
                ),
            };
            findings.push(Finding {
                policy: crate::name::shown(&policy.name),
                source: Asker::Scenario,
                rule: assertion.to_string(),
                found,
                holds: broken.is_empty(),
            });
        }
    }
    findings
}
