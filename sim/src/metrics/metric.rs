//! Metrics by name, for assertions and thresholds.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::results::Metrics;

/// One of the numbers of [`Metrics`].
///
/// # Examples
///
/// ```
/// use forbear_sim::Metric;
///
/// assert_eq!(Metric::ThrottledRate.to_string(), "throttled_rate");
/// assert_eq!("wasted".parse(), Ok(Metric::Wasted));
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// [`Metrics::calls`].
    Calls,
    /// [`Metrics::succeeded`].
    Succeeded,
    /// [`Metrics::failed`].
    Failed,
    /// [`Metrics::sends`].
    Sends,
    /// [`Metrics::throttled`].
    Throttled,
    /// [`Metrics::wasted`].
    Wasted,
    /// [`Metrics::before_hint`].
    BeforeHint,
    /// [`Metrics::offered_load`].
    OfferedLoad,
    /// [`Metrics::goodput`].
    Goodput,
    /// [`Metrics::amplification`].
    Amplification,
    /// [`Metrics::throttled_rate`].
    ThrottledRate,
    /// [`Metrics::time_to_drain`].
    TimeToDrain,
    /// [`Metrics::completion_p50`].
    CompletionP50,
    /// [`Metrics::completion_p95`].
    CompletionP95,
    /// [`Metrics::completion_p99`].
    CompletionP99,
    /// [`Metrics::quota_utilisation`].
    QuotaUtilisation,
    /// [`Metrics::fairness`].
    Fairness,
    /// [`Metrics::missed_deadlines`].
    MissedDeadlines,
    /// [`Metrics::share_error`].
    ShareError,
}

impl Metric {
    /// Every metric, in the order of [`Metrics`].
    pub const ALL: [Self; 19] = [
        Self::Calls,
        Self::Succeeded,
        Self::Failed,
        Self::Sends,
        Self::Throttled,
        Self::Wasted,
        Self::BeforeHint,
        Self::OfferedLoad,
        Self::Goodput,
        Self::Amplification,
        Self::ThrottledRate,
        Self::TimeToDrain,
        Self::CompletionP50,
        Self::CompletionP95,
        Self::CompletionP99,
        Self::QuotaUtilisation,
        Self::Fairness,
        Self::MissedDeadlines,
        Self::ShareError,
    ];

    /// Its name in a file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Sends => "sends",
            Self::Throttled => "throttled",
            Self::Wasted => "wasted",
            Self::BeforeHint => "before_hint",
            Self::OfferedLoad => "offered_load",
            Self::Goodput => "goodput",
            Self::Amplification => "amplification",
            Self::ThrottledRate => "throttled_rate",
            Self::TimeToDrain => "time_to_drain",
            Self::CompletionP50 => "completion_p50",
            Self::CompletionP95 => "completion_p95",
            Self::CompletionP99 => "completion_p99",
            Self::QuotaUtilisation => "quota_utilisation",
            Self::Fairness => "fairness",
            Self::MissedDeadlines => "missed_deadlines",
            Self::ShareError => "share_error",
        }
    }

    /// Its value, if the run has one.
    #[must_use]
    pub const fn of(self, metrics: &Metrics) -> Option<f64> {
        match self {
            Self::Calls => Some(real(metrics.calls)),
            Self::Succeeded => Some(real(metrics.succeeded)),
            Self::Failed => Some(real(metrics.failed)),
            Self::Sends => Some(real(metrics.sends)),
            Self::Throttled => Some(real(metrics.throttled)),
            Self::Wasted => Some(real(metrics.wasted)),
            Self::BeforeHint => Some(real(metrics.before_hint)),
            Self::OfferedLoad => Some(metrics.offered_load),
            Self::Goodput => Some(metrics.goodput),
            Self::Amplification => Some(metrics.amplification),
            Self::ThrottledRate => Some(metrics.throttled_rate),
            Self::TimeToDrain => Some(metrics.time_to_drain),
            Self::CompletionP50 => metrics.completion_p50,
            Self::CompletionP95 => metrics.completion_p95,
            Self::CompletionP99 => metrics.completion_p99,
            Self::QuotaUtilisation => metrics.quota_utilisation,
            Self::Fairness => metrics.fairness,
            Self::MissedDeadlines => match metrics.missed_deadlines {
                Some(missed) => Some(real(missed)),
                None => None,
            },
            Self::ShareError => metrics.share_error,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
const fn real(count: u64) -> f64 {
    count as f64
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.name() == name)
            .ok_or_else(|| UnknownMetric(name.to_owned()))
    }
}

/// A name that no metric has.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no metric is called '{0}'")]
pub struct UnknownMetric(String);
