//! The points of a sweep: every combination of the values of some parameters, or a sample.

use std::collections::BTreeSet;

use super::{Axis, Parameter, Point, Sample, Shard};
use crate::results::RunResult;
use crate::scenario::{NamedPolicy, Scenario};

/// The most points of a grid; each holds a scenario.
const MOST: u64 = 10_000;

/// A scenario and a policy at every combination of values, or at sampled ones.
///
/// A key whose first part is one of a policy file (`retry`, `limit`) is set in the
/// policy, any other in the scenario.
#[derive(Clone, Debug)]
pub struct Grid {
    scenario: Scenario,
    policy: NamedPolicy,
    parameters: Vec<Parameter>,
    sample: Option<Sample>,
    places: Vec<Place>,
}

/// A point that is still to be run.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) index: u64,
    values: Vec<String>,
    pub(super) scenario: Scenario,
    pub(super) policy: NamedPolicy,
}

/// A grid that cannot be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct GridError(String);

impl Grid {
    /// Every combination of the values of `parameters`; the last varies fastest.
    ///
    /// # Errors
    ///
    /// If there is no parameter, one comes twice, a value is not right for its key, or
    /// there are more than 10 000 points.
    pub fn new(
        scenario: &Scenario,
        policy: &NamedPolicy,
        parameters: &[Parameter],
    ) -> Result<Self, GridError> {
        check_keys(parameters.iter().map(Parameter::key))?;
        let lengths = parameters.iter().map(|parameter| parameter.values().len() as u64);
        let count = lengths.fold(1, u64::saturating_mul);
        if count > MOST {
            return Err(GridError(format!("the grid has {count} points, must be at most {MOST}")));
        }
        let places = (0..count)
            .map(|index| Place::new(index, scenario, policy, parameters, values(index, parameters)))
            .collect::<Result<_, _>>()?;
        let (scenario, policy) = (scenario.clone(), policy.clone());
        Ok(Self { scenario, policy, parameters: parameters.to_vec(), sample: None, places })
    }

    /// The points of `sample`, each axis cut into as many parts as there are points.
    ///
    /// # Errors
    ///
    /// If there is no axis, one comes twice, a value is not right for its key, or there is
    /// no point or more than 10 000.
    pub fn sampled(
        scenario: &Scenario,
        policy: &NamedPolicy,
        axes: &[Axis],
        sample: Sample,
    ) -> Result<Self, GridError> {
        check_keys(axes.iter().map(Axis::key))?;
        let count = u64::from(sample.points);
        if !(1..=MOST).contains(&count) {
            return Err(GridError(format!("the sample has {count} points, must be 1 to {MOST}")));
        }
        let parameters = sample.draw(axes);
        let places = (0..count)
            .map(|index| {
                Place::new(index, scenario, policy, &parameters, sampled(index, &parameters))
            })
            .collect::<Result<_, _>>()?;
        let (scenario, policy) = (scenario.clone(), policy.clone());
        Ok(Self { scenario, policy, parameters, sample: Some(sample), places })
    }

    /// How the points were drawn; `None` for a grid.
    #[must_use]
    pub const fn sample(&self) -> Option<Sample> {
        self.sample
    }

    /// The scenario, before a parameter is set.
    #[must_use]
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The policy, before a parameter is set.
    #[must_use]
    pub const fn policy(&self) -> &NamedPolicy {
        &self.policy
    }

    /// What varies.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Whether it is a grid in which exactly two parameters have several values, so that it
    /// can be drawn as a field.
    #[must_use]
    pub fn is_field(&self) -> bool {
        let several = self.parameters.iter().filter(|parameter| parameter.values().len() > 1);
        self.sample.is_none() && several.count() == 2
    }

    /// Points of the grid, or of one part of it.
    #[must_use]
    pub fn points(&self, shard: Option<Shard>) -> u64 {
        self.places_of(shard).count() as u64
    }

    /// The points of one part.
    pub(super) fn places_of(&self, shard: Option<Shard>) -> impl Iterator<Item = &Place> {
        let takes = move |place: &&Place| shard.is_none_or(|shard| shard.takes(place.index));
        self.places.iter().filter(takes)
    }
}

impl Place {
    fn new(
        index: u64,
        scenario: &Scenario,
        policy: &NamedPolicy,
        parameters: &[Parameter],
        values: Vec<String>,
    ) -> Result<Self, GridError> {
        let set = parameters.iter().zip(&values).map(|(parameter, value)| {
            (parameter.is_of_policy(), (parameter.key().to_owned(), value.clone()))
        });
        let (of_policy, of_scenario): (Vec<_>, Vec<_>) = set.partition(|(is_policy, _)| *is_policy);
        let pairs = |set: Vec<(bool, (String, String))>| -> Vec<(String, String)> {
            set.into_iter().map(|(_, pair)| pair).collect()
        };
        let wrong = |error: crate::ScenarioError| GridError(error.to_string());
        let scenario = Scenario::parse(scenario.text(), &pairs(of_scenario)).map_err(wrong)?;
        let policy = policy.with(&pairs(of_policy)).map_err(wrong)?;
        Ok(Self { index, values, scenario, policy })
    }

    pub(super) fn point(&self, runs: Vec<RunResult>) -> Point {
        Point { index: self.index, values: self.values.clone(), runs }
    }
}

/// Whether something varies, and nothing twice.
fn check_keys<'a>(keys: impl Iterator<Item = &'a str>) -> Result<(), GridError> {
    let mut seen = BTreeSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(GridError(format!("{key} varies twice")));
        }
        if key.split('.').next().is_some_and(|first| first == "policy") {
            let reason = "a sweep has one policy, whose keys are those of a policy file, \
                          such as retry.max_attempts";
            return Err(GridError(format!("{key}: {reason}")));
        }
    }
    if seen.is_empty() { Err(GridError("no parameter varies".to_owned())) } else { Ok(()) }
}

/// The values at the point of that number of a sample.
pub(super) fn sampled(index: u64, parameters: &[Parameter]) -> Vec<String> {
    let value = |parameter: &Parameter| {
        let value = usize::try_from(index).ok().and_then(|at| parameter.values().get(at));
        value.cloned().unwrap_or_default()
    };
    parameters.iter().map(value).collect()
}

/// The values at the point of that number of a grid.
pub(super) fn values(index: u64, parameters: &[Parameter]) -> Vec<String> {
    let mut rest = index;
    let mut values: Vec<String> = parameters
        .iter()
        .rev()
        .map(|parameter| {
            let len = parameter.values().len() as u64;
            let value = usize::try_from(rest % len).ok().and_then(|at| parameter.values().get(at));
            rest /= len;
            value.cloned().unwrap_or_default()
        })
        .collect();
    values.reverse();
    values
}

/// Whether a policy file has the key.
pub(super) fn is_of_policy(key: &str) -> bool {
    let first = key.split('.').next().unwrap_or(key);
    ["retry", "limit"].contains(&first)
}
