//! A bound on a metric, as it is written: `completion_p99 < 30s`.

use std::fmt;
use std::str::FromStr;

use forbear_core::text::parse_duration;
use forbear_sim::results::{PolicyResult, RunResult};

use super::{Asker, Finding};
use crate::metric::{Metric, Quantity, UnknownQuantity};
use crate::number::Unit;
use crate::stats::{Estimate, mean};
use crate::table::{estimate, numbers};

/// A bound on the mean of one metric, or of its regret, over the replications.
///
/// Seconds may have a unit (`30s`, `500ms`) and are seconds without; shares may be
/// percentages. A percentage of any other regret is one of what no policy can beat:
/// `time_to_drain.regret <= 20%` allows 12 s where 10 s is the shortest possible.
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
    quantity: Quantity,
    relation: Relation,
    limit: Limit,
    text: String,
}

/// What the mean is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    /// A number in the unit of the metric.
    Number(f64),
    /// A share of the bound that the regret is the distance from.
    OfBound(f64),
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
    /// What it bounds.
    #[must_use]
    pub const fn quantity(&self) -> Quantity {
        self.quantity
    }

    pub(super) fn hold(&self, policy: &PolicyResult) -> Finding {
        let estimate = estimate(self.quantity, &policy.runs);
        let limit = self.limit_of(&policy.runs);
        let unit = self.quantity.unit();
        let found = match (estimate, limit) {
            (Some(estimate), Some(limit)) => {
                let Estimate { mean, interval, .. } = estimate;
                // One that is narrower than the digits shown says nothing.
                let range = interval.and_then(|interval| {
                    let text = unit.range_text(mean, interval.low, interval.high);
                    let is_open = interval.low < limit && limit < interval.high;
                    let open = if is_open { ", which holds the bound" } else { "" };
                    (text != unit.text(mean)).then(|| format!(" (95 % interval {text}{open})"))
                });
                let of = match self.limit {
                    Limit::OfBound(_) => format!(", {} are allowed", unit.text(limit)),
                    Limit::Number(_) => String::new(),
                };
                let is_open = self.relation.is_upper() && self.is_cut_off(&policy.runs);
                let open = if is_open {
                    ", and more without the horizon, which cut off calls"
                } else {
                    ""
                };
                format!("{}{}{of}{open}", unit.text(mean), range.unwrap_or_default())
            }
            _ => "no replication has a value".to_owned(),
        };
        Finding {
            policy: crate::name::shown(&policy.name),
            source: Asker::Threshold,
            rule: self.text.clone(),
            found,
            holds: self.excess(&policy.runs).is_some_and(|excess| excess <= 0.0),
        }
    }

    /// By how much the mean of `runs` breaks the threshold, in its unit: more than 0 if it
    /// does, by how little ever, and `None` if no run has a value.
    pub(crate) fn excess(&self, runs: &[RunResult]) -> Option<f64> {
        let values = numbers(self.quantity, runs);
        let (mean, limit) = (mean(&values)?, self.limit_of(runs)?);
        if self.relation.holds(mean, limit) {
            // Then the mean would be more, and nobody knows how much.
            let is_open = self.relation.is_upper() && self.is_cut_off(runs);
            return Some(if is_open { limit.abs().max(1.0) } else { 0.0 });
        }
        Some((mean - limit).abs().max(f64::MIN_POSITIVE))
    }

    /// Whether the horizon cut off calls on whose end this depends.
    fn is_cut_off(&self, runs: &[RunResult]) -> bool {
        self.quantity.metric() == Metric::TimeToDrain
            && runs.iter().any(|run| run.metrics.cut_off > 0)
    }

    /// What an excess is large or small beside: the bound, or 1 where that is nothing.
    pub(crate) fn scale(&self, runs: &[RunResult]) -> f64 {
        self.limit_of(runs).map(f64::abs).filter(|limit| *limit > 0.0).unwrap_or(1.0)
    }

    /// Whether no number keeps both.
    pub(crate) fn contradicts(&self, other: &Self) -> bool {
        let (low, high) = match (self.relation.is_upper(), other.relation.is_upper()) {
            (false, true) => (self, other),
            (true, false) => (other, self),
            _ => return false,
        };
        let ((Limit::Number(from), Limit::Number(to)) | (Limit::OfBound(from), Limit::OfBound(to))) =
            (low.limit, high.limit)
        else {
            return false;
        };
        let are_strict = low.relation == Relation::Above || high.relation == Relation::Below;
        low.quantity == high.quantity && (from > to || (from >= to && are_strict))
    }

    fn limit_of(&self, runs: &[RunResult]) -> Option<f64> {
        match self.limit {
            Limit::Number(number) => Some(number),
            Limit::OfBound(share) => {
                let metric = self.quantity.metric();
                let bounds: Vec<f64> = runs.iter().filter_map(|run| metric.bound(run)).collect();
                Some(share * mean(&bounds)?)
            }
        }
    }
}

impl Relation {
    /// Whether it bounds from above.
    const fn is_upper(self) -> bool {
        matches!(self, Self::Below | Self::AtMost)
    }

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
        let quantity: Quantity =
            key.parse().map_err(|error: UnknownQuantity| ThresholdError(error.to_string()))?;
        let limit = limit(quantity, number).ok_or_else(|| {
            let must = match (quantity, quantity.unit()) {
                (Quantity::Value(_), Unit::Seconds) => "a time such as 30s",
                (Quantity::Regret(_), Unit::Seconds) => {
                    "a time such as 30s or a share of the bound such as 20%"
                }
                (_, Unit::Share) => "a share such as 0.05 or 5%",
                (Quantity::Value(_), _) => "a number",
                (Quantity::Regret(_), _) => "a number or a share of the bound such as 20%",
            };
            ThresholdError(format!("the bound of {key} is '{number}', must be {must}"))
        })?;
        Ok(Self { quantity, relation, limit, text: text.trim().to_owned() })
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn limit(quantity: Quantity, text: &str) -> Option<Limit> {
    let plain = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let Some(percent) = text.strip_suffix('%') else {
        let number = plain(text);
        let number = match quantity.unit() {
            Unit::Seconds => number.or_else(|| Some(parse_duration(text).ok()?.as_secs_f64())),
            _ => number,
        };
        return number.map(Limit::Number);
    };
    let share = plain(percent.trim_end())? / 100.0;
    match (quantity, quantity.unit()) {
        (_, Unit::Share) => Some(Limit::Number(share)),
        (Quantity::Regret(_), _) => Some(Limit::OfBound(share)),
        (Quantity::Value(_), _) => None,
    }
}
