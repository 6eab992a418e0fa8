//! One scenario under several policies.
//!
//! Runs are independent and go to all cores; within a run there is no thread. The
//! runs of one seed meet the same storm, so that what differs between two policies
//! is the policies.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use crate::bound::{drain_s, permitted_per_s};
use crate::results::{Comparison, PolicyResult, RunResult, ScenarioInfo};
use crate::scenario::{NamedPolicy, Scenario};
use crate::simulation::{Run, Simulation, no_series};
use crate::storm::Storm;

/// How a comparison is made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// The first seed; replication `i` uses `seed + i`.
    pub seed: u64,
    /// Seeds to run each policy with; none counts as one.
    pub replications: u32,
    /// The command that makes the comparison again, for the report.
    pub command: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, replications: 1, command: String::new() }
    }
}

/// How far a comparison or a sweep is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Runs that are over.
    pub done: u64,
    /// Runs in all.
    pub runs: u64,
    /// Events in the run that ended last.
    pub events: u64,
    /// Which policy that was a run of, or which point of a sweep, counted from 0.
    pub of: usize,
    /// Its 95th percentile of the completion time \[s\]; `None` if no call succeeded.
    pub completion_p95: Option<f64>,
}

impl Progress {
    /// `result` is that of the `done`th of `runs` runs.
    pub(crate) const fn of(result: &RunResult, of: usize, done: u64, runs: u64) -> Self {
        let completion_p95 = result.metrics.completion_p95;
        Self { done, runs, events: result.events, of, completion_p95 }
    }
}

/// Replays `scenario` under each of `policies` with the same seeds.
///
/// `progress` is called after each run, from any thread. Once `cancel` is set, the
/// runs under way stop, and what is returned is partial: it has the replications
/// that all policies have finished.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use forbear_sim::{Options, Scenario, compare};
///
/// let scenario = Scenario::named("retry-after-herd")?;
/// let cancel = AtomicBool::new(false);
/// let policies = &scenario.policies()[..1];
/// let comparison = compare(&scenario, policies, &Options::default(), &|_| {}, &cancel);
/// assert_eq!(comparison.policies[0].runs.len(), 1);
/// # Ok::<(), forbear_sim::ScenarioError>(())
/// ```
#[must_use]
pub fn compare(
    scenario: &Scenario,
    policies: &[NamedPolicy],
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
    cancel: &AtomicBool,
) -> Comparison {
    let replications = options.replications.max(1);
    let first = Storm::new(scenario, options.seed);
    let runs = u64::from(replications) * policies.len() as u64;
    let done = AtomicU64::new(0);
    let replicate = |replication: u32| {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let seed = options.seed.wrapping_add(u64::from(replication));
        let storm = (replication > 0).then(|| Storm::new(scenario, seed));
        let storm = storm.as_ref().unwrap_or(&first);
        let run = |(of, policy): (usize, &NamedPolicy)| {
            if cancel.load(Ordering::Relaxed) {
                return None;
            }
            let simulation = Simulation::of(scenario, policy).seed(seed);
            let drawn = if replication == 0 { simulation.drawn() } else { simulation };
            let run = drawn.run_in(storm, cancel)?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress(Progress::of(&run.result, of, done, runs));
            Some(run)
        };
        // In the order of the policies, whatever the order of the threads.
        policies.par_iter().enumerate().map(run).collect::<Option<Vec<Run>>>()
    };
    let finished: Vec<Vec<Run>> = (0..replications)
        .into_par_iter()
        .map(replicate)
        .collect::<Vec<_>>()
        .into_iter()
        .flatten()
        .collect();
    Comparison {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: options.command.clone(),
        scenario: describe(scenario, &first),
        seed: options.seed,
        replications,
        partial: finished.len() < replications as usize,
        policies: gather(policies, finished),
    }
}

/// The runs by replication, as runs by policy.
fn gather(policies: &[NamedPolicy], finished: Vec<Vec<Run>>) -> Vec<PolicyResult> {
    let mut results: Vec<PolicyResult> = policies
        .iter()
        .map(|policy| PolicyResult {
            name: policy.name().to_owned(),
            source: policy.source(),
            runs: Vec::with_capacity(finished.len()),
            series: no_series(),
            completion: Vec::new(),
            attempts: Vec::new(),
        })
        .collect();
    for replication in finished {
        for (result, run) in results.iter_mut().zip(replication) {
            if !run.series.sends.is_empty() {
                result.series = run.series;
                result.completion = run.completion;
                result.attempts = run.attempts;
            }
            result.runs.push(run.result);
        }
    }
    results
}

/// `text` with the longest lines cut: those of recorded arrivals have megabytes, and the
/// hash tells them apart.
fn abridged(text: &str) -> String {
    const LONGEST: usize = 4000;
    const KEPT: usize = 400;
    if text.lines().all(|line| line.len() <= LONGEST) {
        return text.to_owned();
    }
    let mut short = String::new();
    for line in text.lines() {
        if line.len() <= LONGEST {
            short.extend([line, "\n"]);
            continue;
        }
        let kept: String = line.chars().take(KEPT).collect();
        let left = line.chars().count() - kept.chars().count();
        short.extend([&*kept, " # .. and ", &left.to_string(), " characters more\n"]);
    }
    short
}

fn describe(scenario: &Scenario, storm: &Storm) -> ScenarioInfo {
    ScenarioInfo {
        name: scenario.name().to_owned(),
        title: scenario.title().to_owned(),
        description: scenario.description().to_owned(),
        hash: scenario.hash(),
        foremost: scenario.foremost().iter().map(|metric| metric.name().to_owned()).collect(),
        source: abridged(scenario.text()),
        calls: u64::from(storm.calls()),
        permitted_per_s: permitted_per_s(scenario, storm),
        drain_bound_s: drain_s(scenario, storm, u64::from(storm.calls())),
    }
}
