//! What came of a search, as plain data.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::Judge;
use crate::results::RunResult;
use crate::sweep::Source;

/// How good a candidate is: less is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// By how much it breaks the constraints, 0 if it keeps them all. What breaks less is
    /// better, whatever it costs.
    pub violation: f64,
    /// What it costs beside the policy to be beaten; below 0 if it is better.
    pub cost: f64,
}

impl Score {
    /// The better first. What is no number comes last.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let number = |value: f64| if value.is_nan() { f64::INFINITY } else { value };
        number(self.violation)
            .total_cmp(&number(other.violation))
            .then(number(self.cost).total_cmp(&number(other.cost)))
    }
}

/// A policy that was tried.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Candidate {
    /// One value a key, in the order of the keys.
    pub values: Vec<String>,
    /// Where these are on their axes, for the search.
    #[serde(skip)]
    pub(super) shares: Vec<f64>,
    /// One entry a storm that it met, in the order of the seeds.
    pub runs: Vec<RunResult>,
}

/// What came of a search.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Tuned {
    /// The version of forbear that made it.
    pub version: String,
    /// The scenario.
    pub scenario: Source,
    /// Hash of the scenario after `--set`, 16 hexadecimal digits.
    pub scenario_hash: String,
    /// The policy to be beaten.
    pub base: Source,
    /// What varied.
    pub keys: Vec<String>,
    /// The same with what it might be.
    pub axes: Vec<String>,
    /// The first seed of the search; storm `i` has `seed + i`.
    pub seed: u64,
    /// Storms that a finalist met.
    pub replications: u32,
    /// The first of as many seeds that the search did not see.
    pub fresh_seed: u64,
    /// Runs that were allowed.
    pub budget: u64,
    /// Runs that were made.
    pub runs: u64,
    /// Whether it was interrupted.
    pub partial: bool,
    /// Whether no candidate was left to try before the budget was used up.
    pub exhausted: bool,
    /// The policy to be beaten in the storms of the search.
    pub base_runs: Vec<RunResult>,
    /// What was tried, in order.
    pub candidates: Vec<Candidate>,
    /// The best of them, as an index, chosen in the storms of the search.
    pub best: Option<usize>,
    /// The best in the fresh storms; `None` if it was interrupted before.
    pub fresh: Option<Vec<RunResult>>,
    /// The policy to be beaten in the same.
    pub fresh_base: Option<Vec<RunResult>>,
}

impl Tuned {
    /// How good a candidate is in the storms that it met, beside the base in the same.
    #[must_use]
    pub fn score(&self, candidate: usize, judge: &dyn Judge) -> Score {
        let runs = self.candidates.get(candidate).map_or(&[][..], |candidate| &candidate.runs);
        let base = &self.base_runs[..runs.len().min(self.base_runs.len())];
        judge.score(runs, base)
    }
}
