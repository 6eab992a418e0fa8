//! One thing that varies, and its values.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Axis;
use super::grid::is_of_policy;

/// A dotted key and the values that it takes: `key=a,b,c`, or ranges.
///
/// | text | values |
/// | --- | --- |
/// | `retry.backoff.base=100ms,1s` | 100ms, 1s |
/// | `clients.count=10..40:10` | 10, 20, 30, 40 |
/// | `retry.backoff.max=1s..8s:x2` | 1s, 2s, 4s, 8s |
/// | `retry.backoff.base=10ms..10s:log4` | 10ms, 100ms, 1s, 10s |
///
/// A range with a step or a factor is exact (no floats), and has its end only if a step
/// meets it; one on a logarithmic scale has both ends, and three digits between them.
/// Commas in brackets or quotes do not divide.
///
/// # Examples
///
/// ```
/// use forbear_sim::sweep::Parameter;
///
/// let base: Parameter = "retry.backoff.base=50ms,100ms..1s:x3".parse()?;
/// assert_eq!(base.values(), ["50ms", "100ms", "300ms", "900ms"]);
/// # Ok::<(), forbear_sim::sweep::ParameterError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Parameter {
    key: String,
    values: Vec<String>,
    /// What was sampled, as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drawn_from: Option<String>,
}

/// A text that says no key with values.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct ParameterError(String);

impl ParameterError {
    pub(super) const fn new(reason: String) -> Self {
        Self(reason)
    }
}

impl Parameter {
    /// A key with its values.
    pub(super) fn new(key: &str, values: Vec<String>) -> Self {
        Self { key: key.to_owned(), values, drawn_from: None }
    }

    /// A key with one value a point, drawn from `axis`.
    pub(super) fn drawn(axis: &Axis, values: Vec<String>) -> Self {
        let drawn_from = Some(axis.to_string());
        Self { key: axis.key().to_owned(), values, drawn_from }
    }

    /// The dotted key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its values: in a grid at least one, each of them once; in a sample one a point, in
    /// the order of the points.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Whether a policy file has the key; otherwise a scenario has it.
    #[must_use]
    pub fn is_of_policy(&self) -> bool {
        is_of_policy(&self.key)
    }
}

impl FromStr for Parameter {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        text.parse::<Axis>()?.parameter()
    }
}
