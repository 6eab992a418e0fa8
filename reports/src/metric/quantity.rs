//! What a threshold, an objective or a constraint may name: a metric or its regret.

use std::fmt;
use std::str::FromStr;

use forbear_sim::results::RunResult;

use super::{Better, Metric};
use crate::number::Unit;

/// A metric, or its distance from what no policy can beat: `time_to_drain`,
/// `time_to_drain.regret`.
///
/// # Examples
///
/// ```
/// use forbear_reports::{Metric, Quantity};
///
/// let regret: Quantity = "sends.regret".parse()?;
/// assert_eq!(regret, Quantity::Regret(Metric::Sends));
/// assert_eq!(regret.to_string(), "sends.regret");
/// let error = "completion_p99.regret".parse::<Quantity>().unwrap_err();
/// assert!(error.to_string().starts_with("no bound of completion_p99 is known"));
/// # Ok::<(), forbear_reports::UnknownQuantity>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a metric is given in these two ways")]
pub enum Quantity {
    /// The metric itself.
    Value(Metric),
    /// Its [regret](Metric::regret).
    Regret(Metric),
}

/// A name that no quantity has.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownQuantity(String);

/// What follows the name of a metric.
const SUFFIX: &str = ".regret";

impl Quantity {
    /// The metric that it is or comes from.
    #[must_use]
    pub const fn metric(self) -> Metric {
        match self {
            Self::Value(metric) | Self::Regret(metric) => metric,
        }
    }

    /// Which way it is better: a regret is better the less it is.
    #[must_use]
    pub const fn better(self) -> Better {
        match self {
            Self::Value(metric) => metric.better(),
            Self::Regret(_) => Better::Lower,
        }
    }

    /// How its values are written.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.metric().unit()
    }

    /// Its name as a column title.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Value(metric) => metric.label().to_owned(),
            Self::Regret(metric) => format!("{} regret", metric.label()),
        }
    }

    /// Its value in one run, if the run has one.
    #[must_use]
    pub fn value(self, run: &RunResult) -> Option<f64> {
        match self {
            Self::Value(metric) => metric.value(run),
            Self::Regret(metric) => metric.regret(run),
        }
    }

    /// The seeds of the runs that have a value, each with it.
    pub(crate) fn values(self, runs: &[RunResult]) -> Vec<(u64, f64)> {
        let value = |run: &RunResult| self.value(run).map(|value| (run.seed, value));
        runs.iter().filter_map(value).collect()
    }
}

impl FromStr for Quantity {
    type Err = UnknownQuantity;

    fn from_str(name: &str) -> Result<Self, UnknownQuantity> {
        let (key, is_regret) = match name.strip_suffix(SUFFIX) {
            Some(key) => (key, true),
            None => (name, false),
        };
        let Some(metric) = Metric::named(key) else {
            let known = Metric::ALL.map(Metric::key).join(", ");
            let reason = format!("no metric is called '{key}'; there are {known}");
            return Err(UnknownQuantity(reason));
        };
        if is_regret && !metric.has_bound() {
            let known: Vec<&str> = Metric::ALL
                .into_iter()
                .filter(|metric| metric.has_bound())
                .map(Metric::key)
                .collect();
            return Err(UnknownQuantity(format!(
                "no bound of {key} is known, so it has no regret; there is one of {}",
                known.join(", ")
            )));
        }
        Ok(if is_regret { Self::Regret(metric) } else { Self::Value(metric) })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric().key())?;
        if matches!(self, Self::Regret(_)) { f.write_str(SUFFIX) } else { Ok(()) }
    }
}
