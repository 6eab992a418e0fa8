//! A bound on a metric, as it is written: `completion_p99 < 30s`.

use std::fmt;
use std::str::FromStr;

use forbear_core::text::parse_duration;
use forbear_sim::results::PolicyResult;

use super::{Asker, Finding};
use crate::metric::Metric;
use crate::number::Unit;
use crate::stats::Estimate;
use crate::table::values;

/// A bound on the mean of one metric over the replications.
///
/// Seconds may have a unit (`30s`, `500ms`) and are seconds without; shares may be
/// percentages.
///
/// # Examples
///
/// ```
/// use forbear_reports::Threshold;
///
/// let threshold: Threshold = "throttled_rate <= 5%".parse()?;
/// assert_eq!(threshold.to_string(), "throttled_rate <= 5%");
/// let error = "p99 < 30s".parse::<Threshold>().unwrap_err();
/// assert!(error.to_string().starts_with("no metric is called 'p99'"));
/// # Ok::<(), forbear_reports::ThresholdError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    metric: Metric,
    relation: Relation,
    bound: f64,
    text: String,
}

/// A text that is no threshold.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct ThresholdError(String);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Relation {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Threshold {
    /// The metric that it bounds.
    #[must_use]
    pub const fn metric(&self) -> Metric {
        self.metric
    }

    pub(super) fn hold(&self, policy: &PolicyResult) -> Finding {
        let values = values(self.metric, &policy.runs).into_iter().map(|(_, value)| value);
        let estimate = Estimate::of(&values.collect::<Vec<_>>());
        let unit = self.metric.unit();
        let found = match estimate {
            None => "no replication has a value".to_owned(),
            Some(Estimate { mean, interval, .. }) => {
                // One that is narrower than the digits shown says nothing.
                let range = interval.and_then(|interval| {
                    let text = unit.range_text(mean, interval.low, interval.high);
                    let is_open = interval.low < self.bound && self.bound < interval.high;
                    let open = if is_open { ", which holds the bound" } else { "" };
                    (text != unit.text(mean)).then(|| format!(" (95 % interval {text}{open})"))
                });
                format!("{}{}", unit.text(mean), range.unwrap_or_default())
            }
        };
        Finding {
            policy: crate::name::shown(&policy.name),
            source: Asker::Threshold,
            rule: self.text.clone(),
            found,
            holds: estimate.is_some_and(|estimate| self.relation.holds(estimate.mean, self.bound)),
        }
    }
}

impl Relation {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
            Self::Above => value > bound,
            Self::AtLeast => value >= bound,
        }
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let Some(at) = text.find(['<', '>']) else {
            let must =
                "must be a metric, one of < <= > >=, and a number, such as 'completion_p99 < 30s'";
            return Err(ThresholdError(must.to_owned()));
        };
        let (key, rest) = (text[..at].trim(), &text[at + 1..]);
        let (or_equal, number) = match rest.strip_prefix('=') {
            Some(number) => (true, number.trim()),
            None => (false, rest.trim()),
        };
        let relation = match (text[at..].starts_with('<'), or_equal) {
            (true, false) => Relation::Below,
            (true, true) => Relation::AtMost,
            (false, false) => Relation::Above,
            (false, true) => Relation::AtLeast,
        };
        let Some(metric) = Metric::named(key) else {
            let keys = Metric::ALL.map(Metric::key).join(", ");
            return Err(ThresholdError(format!("no metric is called '{key}'; there are {keys}")));
        };
        let bound = bound(metric.unit(), number).ok_or_else(|| {
            let must = match metric.unit() {
                Unit::Seconds => "a time such as 30s",
                Unit::Share => "a share such as 0.05 or 5%",
                _ => "a number",
            };
            ThresholdError(format!("the bound of {key} is '{number}', must be {must}"))
        })?;
        Ok(Self { metric, relation, bound, text: text.trim().to_owned() })
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn bound(unit: Unit, text: &str) -> Option<f64> {
    let plain = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    match (unit, text.strip_suffix('%')) {
        (Unit::Share, Some(percent)) => plain(percent.trim_end()).map(|percent| percent / 100.0),
        (Unit::Seconds, None) => {
            plain(text).or_else(|| Some(parse_duration(text).ok()?.as_secs_f64()))
        }
        _ => plain(text),
    }
}
