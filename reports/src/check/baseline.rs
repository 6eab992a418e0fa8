//! An earlier result that must not become worse.

use std::str::FromStr;

use forbear_sim::results::{Comparison, PolicyResult};
use serde::Deserialize;

use super::{Asker, Finding};
use crate::metric::{Better, Metric};
use crate::stats::{Estimate, differences, mean};
use crate::table::{range_text, values};

/// What `forbear compare --json` printed at an earlier time.
///
/// Both sides replay the storms of the same seeds, so they are compared seed by seed:
/// a metric is a regression only if the whole 95 % interval of its paired difference
/// lies beyond the tolerance, on the worse side.
#[derive(Clone, Debug)]
pub struct Baseline(Comparison);

/// How much worse a metric may become, as a share of its value in the baseline.
///
/// # Examples
///
/// ```
/// use forbear_reports::Tolerance;
///
/// assert_eq!("5%".parse::<Tolerance>(), "0.05".parse());
/// assert!("-1%".parse::<Tolerance>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance(f64);

/// A text that is no tolerance.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be a share of 0 or more, such as 5% or 0.05")]
pub struct ToleranceError;

/// A baseline that nothing can be held against.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BaselineError(String);

#[derive(Deserialize)]
struct Document {
    comparison: Comparison,
}

impl Baseline {
    /// Reads the JSON of a comparison.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn from_json(text: &str) -> Result<Self, BaselineError> {
        match serde_json::from_str(text) {
            Ok(Document { comparison }) => Ok(Self(comparison)),
            Err(error) => Err(BaselineError(format!("is no result of a comparison: {error}"))),
        }
    }

    /// Holds each policy of `comparison` against the one of that name; where each side
    /// has one policy, these two, whatever their names.
    ///
    /// # Errors
    ///
    /// If the scenario is another, a policy is missing, or they have fewer than two seeds
    /// in common.
    pub fn check(
        &self,
        comparison: &Comparison,
        metrics: &[Metric],
        tolerance: Tolerance,
    ) -> Result<Vec<Finding>, BaselineError> {
        let (then, now) = (&self.0.scenario, &comparison.scenario);
        if then.hash != now.hash {
            return Err(BaselineError(format!(
                "is of scenario {} with hash {}, must be of {} with hash {}",
                then.name, then.hash, now.name, now.hash
            )));
        }
        let mut findings = Vec::new();
        for policy in &comparison.policies {
            let before = self.of(policy, comparison)?;
            let seeds = before.runs.iter().map(|run| run.seed);
            let common =
                seeds.filter(|seed| policy.runs.iter().any(|run| run.seed == *seed)).count();
            if common < 2 {
                return Err(BaselineError(format!(
                    "has {common} seeds of {} in common with this run, must be at least 2",
                    policy.name
                )));
            }
            let judged = metrics.iter().filter(|metric| metric.better() != Better::Neither);
            findings.extend(judged.filter_map(|metric| judge(*metric, before, policy, tolerance)));
        }
        Ok(findings)
    }

    fn of(
        &self,
        policy: &PolicyResult,
        comparison: &Comparison,
    ) -> Result<&PolicyResult, BaselineError> {
        match (&self.0.policies[..], &comparison.policies[..]) {
            ([only], [_]) => Ok(only),
            (policies, _) => {
                let found = policies.iter().find(|before| before.name == policy.name);
                found.ok_or_else(|| BaselineError(format!("has no policy '{}'", policy.name)))
            }
        }
    }
}

/// `None` where nobody has a value, as of deadlines where calls have none.
fn judge(
    metric: Metric,
    before: &PolicyResult,
    after: &PolicyResult,
    Tolerance(tolerance): Tolerance,
) -> Option<Finding> {
    let (then, now) = (values(metric, &before.runs), values(metric, &after.runs));
    if then.is_empty() && now.is_empty() {
        return None;
    }
    let only = |values: &[(u64, f64)]| values.iter().map(|(_, value)| *value).collect::<Vec<_>>();
    let base = mean(&only(&then));
    let more = Estimate::of(&differences(&now, &then));
    let worse =
        more.map(|more| if metric.better() == Better::Higher { more.negated() } else { more });
    let allowed = base.map_or(0.0, |base| base.abs() * tolerance);
    let is_worse =
        worse.and_then(|worse| worse.interval).is_some_and(|interval| interval.low > allowed);
    // No success at all has no completion time, and is no improvement.
    let is_lost = !then.is_empty() && now.is_empty();
    let unit = metric.unit();
    let found = match (more, base) {
        (Some(more), Some(base)) => {
            let range = range_text(Some(more), |mean, low, high| {
                unit.difference_range_text(mean, low, high)
            });
            let range = if range.is_empty() { range } else { format!(" (95 % interval {range})") };
            format!("{}{range} from {}", unit.difference_text(more.mean), unit.text(base))
        }
        _ if is_lost => "no replication has a value any more".to_owned(),
        _ => "no replication had a value before".to_owned(),
    };
    Some(Finding {
        policy: crate::name::shown(&after.name),
        source: Asker::Baseline,
        rule: format!("{} is no worse than before", metric.key()),
        found,
        holds: !is_worse && !is_lost,
    })
}

impl FromStr for Tolerance {
    type Err = ToleranceError;

    fn from_str(text: &str) -> Result<Self, ToleranceError> {
        let (number, scale) = match text.strip_suffix('%') {
            Some(percent) => (percent.trim_end(), 100.0),
            None => (text, 1.0),
        };
        let share = number.parse::<f64>().map_err(|_| ToleranceError)? / scale;
        if share.is_finite() && share >= 0.0 { Ok(Self(share)) } else { Err(ToleranceError) }
    }
}
