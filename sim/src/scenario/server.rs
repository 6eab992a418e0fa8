//! The `[server]` table: what it allows and what it says.

use std::time::Duration;

use forbear_core::spec::DurationText;
use forbear_core::text::{format_duration, serde_duration};
use forbear_core::{Dimension, Rate};
use serde::{Deserialize, Serialize};

use super::bounded::{Count, Factor, positive};
use super::dist::{Dist, Sampler};

/// A server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
pub(crate) struct ServerSpec {
    /// What it says about when to come back.
    #[serde(default)]
    retry_after: RetryAfterSpec,
    /// Whether it sends `X-RateLimit-*` with each answer.
    #[serde(default)]
    quota_headers: bool,
    /// Whether these say when a window ends as a date, in seconds since 1970, and not as a
    /// time from now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    epoch_resets: bool,
    /// Whether answers with dates have the field `Date` too, by which a client can tell
    /// what time it is at the server.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    date: bool,
    /// How long it works on a request.
    #[serde(default = "no_time")]
    service: Dist<DurationText>,
    /// How much longer for each token of the answer.
    #[serde(default, with = "serde_duration", skip_serializing_if = "Duration::is_zero")]
    per_output_token: Duration,
    /// Requests that it works on at once; any number unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workers: Option<Count<100_000>>,
    /// Requests that may wait for a worker; any number unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<u32>,
    /// Whether each request reads a row and then writes it, under optimistic
    /// concurrency: what was written by another in between refuses the write.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    optimistic: bool,
    /// What it limits; every limit must allow a request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    limit: Vec<LimitSpec>,
}

/// What a refusal says about when to come back.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RetryAfterSpec {
    /// Nothing.
    None,
    /// `Retry-After` in whole seconds, rounded up, as RFC 9110 section 10.2.3 has it.
    #[default]
    Seconds,
    /// `Retry-After-Ms` in whole milliseconds, rounded up.
    Milliseconds,
    /// `Retry-After` as a date, in whole seconds, rounded up.
    Date,
    /// The same wait whatever the truth.
    Fixed(DurationText),
    /// The truth times a number from `0` to this, in milliseconds: a server whose
    /// estimate is wrong.
    Lies(Factor<1000>),
}

/// What a server limits.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum LimitSpec {
    /// A bucket that refills at a rate.
    TokenBucket {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units a time.
        rate: Rate,
        /// Units that it holds.
        burst: Count<{ u32::MAX }>,
        /// Whether a refused request takes what is left.
        #[serde(default)]
        refusals_count: bool,
        /// Whether what a request did not use goes back at its end.
        #[serde(default = "yes")]
        refund: bool,
    },
    /// So many units in each window of time.
    FixedWindow {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units in a window.
        limit: Count<{ u32::MAX }>,
        /// Length of a window.
        #[serde(deserialize_with = "positive", serialize_with = "serde_duration::serialize")]
        window: Duration,
        /// When a window begins.
        #[serde(default)]
        start: WindowStart,
        /// Whether a refused request counts as one that was let in, as where a counter is
        /// raised before it is looked at. It shows where requests cost more than a unit.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        refusals_count: bool,
        /// How long after time 0 a window begins, where they begin by the clock.
        #[serde(default, with = "serde_duration", skip_serializing_if = "Duration::is_zero")]
        offset: Duration,
    },
    /// So many units in each window of time, the last window counted by the share of it
    /// that is in sight.
    SlidingWindow {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units in a window.
        limit: Count<{ u32::MAX }>,
        /// Length of a window.
        #[serde(deserialize_with = "positive", serialize_with = "serde_duration::serialize")]
        window: Duration,
        /// Whether a refused request counts as one that was let in, as in the stick tables
        /// of `HAProxy`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        refusals_count: bool,
        /// How long after time 0 a window begins.
        #[serde(default, with = "serde_duration", skip_serializing_if = "Duration::is_zero")]
        offset: Duration,
    },
    /// So many requests at once.
    Concurrency {
        /// Requests at once.
        max: Count<{ u32::MAX }>,
    },
}

/// When a fixed window begins.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WindowStart {
    /// By the clock, as on the minute.
    #[default]
    Clock,
    /// With the first request after the one before has ended.
    FirstCall,
}

impl LimitSpec {
    /// What it is, in a few words.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::TokenBucket { dimension, rate, burst, refusals_count, .. } => {
                let (period, burst) = (format_duration(rate.period()), burst.get());
                let period = period
                    .strip_prefix('1')
                    .filter(|unit| unit.starts_with(|first: char| first.is_ascii_alphabetic()))
                    .unwrap_or(&period);
                let rule = counting(*refusals_count);
                format!("bucket of {burst} {dimension}, {}/{period}{rule}", rate.limit())
            }
            Self::FixedWindow { dimension, limit, window, refusals_count, .. } => {
                let (window, rule) = (format_duration(*window), counting(*refusals_count));
                format!("window of {} {dimension} in {window}{rule}", limit.get())
            }
            Self::SlidingWindow { dimension, limit, window, refusals_count, .. } => {
                let (window, rule) = (format_duration(*window), counting(*refusals_count));
                format!("sliding window of {} {dimension} in {window}{rule}", limit.get())
            }
            Self::Concurrency { max } => format!("{} at once", max.get()),
        }
    }
}

const fn counting(refusals: bool) -> &'static str {
    if refusals { ", refused ones counted" } else { "" }
}

impl ServerSpec {
    pub(crate) const fn retry_after(&self) -> RetryAfterSpec {
        self.retry_after
    }

    pub(crate) const fn quota_headers(&self) -> bool {
        self.quota_headers
    }

    /// Whether anything that it says is a date.
    pub(crate) const fn says_dates(&self) -> bool {
        self.says_waits_as_dates() || self.says_resets_as_dates()
    }

    pub(crate) const fn says_waits_as_dates(&self) -> bool {
        matches!(self.retry_after, RetryAfterSpec::Date)
    }

    pub(crate) const fn says_resets_as_dates(&self) -> bool {
        self.epoch_resets && self.quota_headers
    }

    pub(crate) const fn sends_date(&self) -> bool {
        self.date
    }

    pub(crate) fn service(&self) -> Sampler {
        self.service.sampler()
    }

    pub(crate) const fn per_output_token(&self) -> Duration {
        self.per_output_token
    }

    pub(crate) fn workers(&self) -> Option<u32> {
        self.workers.map(Count::get)
    }

    pub(crate) const fn queue(&self) -> Option<u32> {
        self.queue
    }

    pub(crate) const fn optimistic(&self) -> bool {
        self.optimistic
    }

    pub(crate) fn limits(&self) -> &[LimitSpec] {
        &self.limit
    }
}

const fn no_time() -> Dist<DurationText> {
    Dist::Constant(DurationText(Duration::ZERO))
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_true(value: &bool) -> bool {
    *value
}
