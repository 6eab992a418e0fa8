//! Why nothing could be compared.

use std::fmt::Display;

use forbear_core::InvalidConfig;
use thiserror::Error;

use crate::check::Violation;
use crate::scenario::ScenarioError;

/// Parameters that a kind cannot be verified with, or a run that broke a rule.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct TruthError(Kind);

#[derive(Debug, Error)]
enum Kind {
    #[error("{}", .0.message())]
    Parameters(Box<toml::de::Error>),
    #[error(transparent)]
    Range(#[from] InvalidConfig),
    #[error(transparent)]
    Scenario(Box<ScenarioError>),
    #[error("{0}")]
    Broken(Violation),
}

impl TruthError {
    pub(super) fn parameters(error: toml::de::Error) -> Self {
        Self(Kind::Parameters(Box::new(error)))
    }

    pub(super) const fn broken(violation: Violation) -> Self {
        Self(Kind::Broken(violation))
    }

    /// Whether a run broke a [rule](crate::Rule), which is no fault of the parameters.
    #[must_use]
    pub const fn is_violation(&self) -> bool {
        matches!(self.0, Kind::Broken(_))
    }
}

impl From<InvalidConfig> for TruthError {
    fn from(error: InvalidConfig) -> Self {
        Self(Kind::Range(error))
    }
}

impl From<ScenarioError> for TruthError {
    fn from(error: ScenarioError) -> Self {
        Self(Kind::Scenario(Box::new(error)))
    }
}

/// Refuses `value` unless it `holds`.
pub(super) fn ensure(
    holds: bool,
    parameter: &'static str,
    value: impl Display,
    must: &'static str,
) -> Result<(), InvalidConfig> {
    if holds { Ok(()) } else { Err(InvalidConfig::new(parameter, value, must)) }
}

/// Refuses a number that is not above 0 or more than a billion.
pub(super) fn ensure_positive(parameter: &'static str, value: f64) -> Result<(), InvalidConfig> {
    let must = "a number from 0.000001 to 1000000000";
    ensure((1e-6..=1e9).contains(&value), parameter, value, must)
}

/// Refuses what is no probability.
pub(super) fn ensure_share(parameter: &'static str, value: f64) -> Result<(), InvalidConfig> {
    ensure((0.0..=1.0).contains(&value), parameter, value, "a number from 0 to 1")
}

/// Refuses so few samples that they say nothing, and so many that they do not fit.
pub(super) fn ensure_samples(samples: u32) -> Result<(), InvalidConfig> {
    let must = "from 1000 to 1000000";
    ensure((1000..=1_000_000).contains(&samples), "samples", samples, must)
}
