//! The metrics of a comparison: what each is called, counts and means.

mod about;
mod bound;
mod collapse;
mod quantity;
mod redis;

use forbear_sim::results::RunResult;
use serde::Serialize;

use self::about::About;
pub use self::quantity::{Quantity, UnknownQuantity};
use crate::number::{Unit, float};

/// One thing that is measured in every run.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// Share of the calls that succeeded.
    SuccessShare,
    /// Calls that clients began.
    Calls,
    /// Calls that succeeded.
    Succeeded,
    /// Calls that were given up.
    Failed,
    /// Whether the run collapsed: 1 or 0, so that the mean is a probability.
    Collapsed,
    /// Jain's index over the clients' successes.
    Fairness,
    /// Calls that were not sent as soon as the scenario demands.
    MissedDeadlines,
    /// The farthest that a tenant's share was from its weight's.
    ShareError,
    /// Time until the last call ended.
    TimeToDrain,
    /// Successful calls a second.
    Goodput,
    /// Median time of a call that succeeded.
    CompletionP50,
    /// 95th percentile of the same.
    CompletionP95,
    /// 99th percentile of the same.
    CompletionP99,
    /// Sends for each call.
    Amplification,
    /// Requests that reached the server.
    Sends,
    /// Requests a second that reached the server.
    OfferedLoad,
    /// Sends that were throttled.
    Throttled,
    /// Share of the sends that were throttled.
    ThrottledRate,
    /// Sends that brought no call to success.
    Wasted,
    /// Sends that came before the wait that the server had asked for.
    BeforeHint,
    /// Share of what the server permitted that was used.
    QuotaUtilisation,
    /// Calls that reached the Redis that clients share a quota in.
    RedisCalls,
    /// The same for each send.
    RedisCallsPerSend,
    /// Calls of Redis that were not answered in time.
    RedisFailures,
    /// Time that a client was without Redis.
    RedisOutage,
    /// Units that were sent from leases.
    RedisLeased,
    /// Units that were sent without Redis.
    RedisWithout,
}

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither: it describes the load.
    Neither,
}

/// A table's worth of metrics that answer one question.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Group {
    /// What came of the calls.
    Outcome,
    /// How long it took.
    Time,
    /// How well the quota was used.
    Rate,
    /// What it cost the server.
    Load,
    /// How a quota was used that clients share in Redis.
    Redis,
}

impl Group {
    /// Every group, in the order in which reports show them.
    pub const ALL: [Self; 5] = [Self::Outcome, Self::Time, Self::Rate, Self::Load, Self::Redis];

    /// The question that its metrics answer, as a title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Outcome => "What came of the calls",
            Self::Time => "How long it took",
            Self::Rate => "How the quota was used",
            Self::Load => "What it asked of the server",
            Self::Redis => "How Redis was used",
        }
    }
}

impl Metric {
    /// Every metric, in the order in which reports show them.
    pub const ALL: [Self; 27] = [
        Self::SuccessShare,
        Self::Succeeded,
        Self::Failed,
        Self::Calls,
        Self::Collapsed,
        Self::Fairness,
        Self::MissedDeadlines,
        Self::ShareError,
        Self::TimeToDrain,
        Self::CompletionP50,
        Self::CompletionP95,
        Self::CompletionP99,
        Self::Goodput,
        Self::OfferedLoad,
        Self::QuotaUtilisation,
        Self::Amplification,
        Self::ThrottledRate,
        Self::Sends,
        Self::Throttled,
        Self::Wasted,
        Self::BeforeHint,
        Self::RedisCalls,
        Self::RedisCallsPerSend,
        Self::RedisFailures,
        Self::RedisOutage,
        Self::RedisLeased,
        Self::RedisWithout,
    ];

    /// The few that a narrow terminal has room for.
    pub const KEY: [Self; 6] = [
        Self::SuccessShare,
        Self::TimeToDrain,
        Self::Goodput,
        Self::CompletionP95,
        Self::Amplification,
        Self::ThrottledRate,
    ];

    /// Whether only some scenarios have it; reports of others do not name it.
    pub(crate) const fn is_of_some_scenarios(self) -> bool {
        matches!(self, Self::MissedDeadlines | Self::ShareError)
            || matches!(self.group(), Group::Redis)
    }

    /// The metric with that key.
    #[must_use]
    pub fn named(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.key() == key)
    }

    /// Its key in JSON and CSV: lower-case words with underscores.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.about().key
    }

    /// Its name as a column title.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.about().label
    }

    /// What it means, as a sentence.
    #[must_use]
    pub const fn definition(self) -> &'static str {
        self.about().definition
    }

    /// What it is counted in, in words.
    #[must_use]
    pub const fn unit_name(self) -> &'static str {
        self.about().unit_name
    }

    /// How its values are written.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.about().unit
    }

    /// Which way it is better.
    #[must_use]
    pub const fn better(self) -> Better {
        self.about().better
    }

    /// The table that shows it.
    #[must_use]
    pub const fn group(self) -> Group {
        self.about().group
    }

    /// Whether it says what came of a storm, so that its mean over storms that end in two
    /// ways would mislead.
    pub(crate) const fn is_outcome(self) -> bool {
        matches!(
            self,
            Self::SuccessShare
                | Self::TimeToDrain
                | Self::Goodput
                | Self::CompletionP50
                | Self::CompletionP95
                | Self::CompletionP99
                | Self::Amplification
        )
    }

    /// Its value in one run; `None` if the run has none, or one that is not finite.
    #[must_use]
    pub fn value(self, run: &RunResult) -> Option<f64> {
        let metrics = &run.metrics;
        let value = match self {
            Self::SuccessShare | Self::Collapsed if metrics.calls == 0 => return None,
            Self::SuccessShare => float(metrics.succeeded) / float(metrics.calls),
            Self::Calls => float(metrics.calls),
            Self::Succeeded => float(metrics.succeeded),
            Self::Failed => float(metrics.failed),
            Self::Collapsed => f64::from(u8::from(collapse::has_collapsed(metrics))),
            Self::Fairness => metrics.fairness?,
            Self::MissedDeadlines => float(metrics.missed_deadlines?),
            Self::ShareError => metrics.share_error?,
            Self::TimeToDrain => metrics.time_to_drain,
            Self::Goodput => metrics.goodput,
            Self::CompletionP50 => metrics.completion_p50?,
            Self::CompletionP95 => metrics.completion_p95?,
            Self::CompletionP99 => metrics.completion_p99?,
            Self::Amplification => metrics.amplification,
            Self::Sends => float(metrics.sends),
            Self::OfferedLoad => metrics.offered_load,
            Self::Throttled => float(metrics.throttled),
            Self::ThrottledRate => metrics.throttled_rate,
            Self::Wasted => float(metrics.wasted),
            Self::BeforeHint => float(metrics.before_hint),
            Self::QuotaUtilisation => metrics.quota_utilisation?,
            Self::RedisCalls => float(run.shared?.calls),
            Self::RedisCallsPerSend if metrics.sends == 0 => return None,
            Self::RedisCallsPerSend => float(run.shared?.calls) / float(metrics.sends),
            Self::RedisFailures => float(run.shared?.failures),
            Self::RedisOutage => redis::outage_s(&run.shared?)?,
            Self::RedisLeased => float(run.shared?.leased),
            Self::RedisWithout => float(run.shared?.without_redis),
        };
        value.is_finite().then_some(value)
    }

    const fn about(self) -> About {
        About::of(self)
    }
}
