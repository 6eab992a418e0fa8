//! What came of a sweep, as plain data.

use serde::{Deserialize, Serialize};

use super::{Parameter, Sample, Shard};
use crate::results::RunResult;
use crate::scenario::{NamedPolicy, Scenario};

/// One scenario and one policy at many values of their parameters, in the same storms.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sweep {
    /// The version of forbear that made it.
    pub version: String,
    /// The command that makes all of it again, whatever part this is.
    pub command: String,
    /// The scenario, before a parameter was set.
    pub scenario: Source,
    /// The policy, before a parameter was set.
    pub policy: Source,
    /// What varies; in a grid the last varies fastest.
    pub parameters: Vec<Parameter>,
    /// How the points were drawn; `None` for a grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// The first seed; replication `i` uses `seed + i` at every point.
    pub seed: u64,
    /// Replications of each point.
    pub replications: u32,
    /// The part that this is; `None` if it is the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Whether it was interrupted, so that points are missing.
    pub partial: bool,
    /// The points that are over, in the order of their numbers.
    pub points: Vec<Point>,
}

/// A scenario or a policy.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// It as TOML.
    pub source: String,
}

/// One combination of values.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Point {
    /// Its number in the grid, from 0.
    pub index: u64,
    /// One value a parameter, in the order of the parameters.
    pub values: Vec<String>,
    /// One entry a replication, in the order of the seeds.
    pub runs: Vec<RunResult>,
}

impl Sweep {
    /// Points of the whole grid or sample.
    #[must_use]
    pub fn points_in_all(&self) -> u64 {
        if let Some(sample) = self.sample {
            return u64::from(sample.points);
        }
        let lengths = self.parameters.iter().map(|parameter| parameter.values().len() as u64);
        lengths.fold(1, u64::saturating_mul)
    }
}

impl From<&Scenario> for Source {
    fn from(scenario: &Scenario) -> Self {
        Self { name: scenario.name().to_owned(), source: scenario.text().to_owned() }
    }
}

impl From<&NamedPolicy> for Source {
    fn from(policy: &NamedPolicy) -> Self {
        Self { name: policy.name().to_owned(), source: policy.source() }
    }
}
