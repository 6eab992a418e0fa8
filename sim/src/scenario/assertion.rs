//! The `[[assert]]` tables: what must come of a scenario.

use std::fmt;

use forbear_core::InvalidConfig;
use serde::{Deserialize, Serialize};

use crate::metrics::Metric;
use crate::results::Metrics;

/// A bound on one metric of one policy.
///
/// # Examples
///
/// ```
/// use forbear_sim::Scenario;
///
/// let scenario = Scenario::named("retry-after-herd").unwrap();
/// let first = &scenario.assertions()[0];
/// assert!(scenario.policies().iter().any(|policy| policy.name() == first.policy()));
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, try_from = "Unchecked")]
pub struct Assertion {
    policy: String,
    metric: Metric,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
}

/// As the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    policy: String,
    metric: Metric,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

/// An assertion that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    assertion: Assertion,
    value: Option<f64>,
    /// Calls that the horizon cut off, where the value is only known to be more for that.
    cut_off: u64,
}

impl Assertion {
    /// The policy that it is about.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// The metric that it bounds.
    #[must_use]
    pub const fn metric(&self) -> Metric {
        self.metric
    }

    pub(super) fn broken_by(&self, policy: &str, metrics: &Metrics) -> Option<Broken> {
        if policy != self.policy {
            return None;
        }
        let value = self.metric.of(metrics);
        let cut_off = if self.metric == Metric::TimeToDrain { metrics.cut_off } else { 0 };
        let holds = value.is_some_and(|value| {
            self.at_least.is_none_or(|least| value >= least)
                && self.at_most.is_none_or(|most| value <= most && cut_off == 0)
        });
        (!holds).then(|| Broken { assertion: self.clone(), value, cut_off })
    }
}

impl Broken {
    /// What does not hold.
    #[must_use]
    pub const fn assertion(&self) -> &Assertion {
        &self.assertion
    }
}

impl TryFrom<Unchecked> for Assertion {
    type Error = InvalidConfig;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidConfig> {
        let Unchecked { policy, metric, at_least, at_most } = unchecked;
        if at_least.is_none() && at_most.is_none() {
            return Err(InvalidConfig::new("assert", "empty", "one with at_least or at_most"));
        }
        if [at_least, at_most].into_iter().flatten().any(f64::is_nan) {
            return Err(InvalidConfig::new("bound", "nan", "a number"));
        }
        Ok(Self { policy, metric, at_least, at_most })
    }
}

impl fmt::Display for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is ", self.metric)?;
        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) => write!(f, "{least} to {most}"),
            (Some(least), None) => write!(f, "at least {least}"),
            (None, Some(most)) => write!(f, "at most {most}"),
            (None, None) => f.write_str("anything"),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Assertion { policy, metric, at_least, at_most } = &self.assertion;
        write!(f, "{metric} of {policy} is ")?;
        match self.value {
            Some(value) => write!(f, "{value}, must be ")?,
            None => f.write_str("unknown, must be ")?,
        }
        match (at_least, at_most) {
            (Some(least), Some(most)) => write!(f, "{least} to {most}"),
            (Some(least), None) => write!(f, "at least {least}"),
            (None, Some(most)) => write!(f, "at most {most}"),
            (None, None) => f.write_str("anything"),
        }?;
        match self.cut_off {
            0 => Ok(()),
            cut_off => write!(f, ", and would be more: the horizon cut off {cut_off} calls"),
        }
    }
}
