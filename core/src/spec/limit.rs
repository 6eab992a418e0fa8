//! The `[[limit]]` tables.

mod build;

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::text::serde_duration;
use crate::{Dimension, Rate};

/// What holds requests back.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum LimitSpec {
    /// A rate, evenly spaced but for a burst.
    Gcra {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per time, such as "500/min".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
        /// Units at once after a pause; at least 1.
        #[serde(default = "one")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        burst: u32,
    },
    /// A bucket that refills at a rate.
    TokenBucket {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per time, such as "200000/min".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
        /// What the bucket holds; at least 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        burst: u32,
        /// What it holds at the start; full unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        initial: Option<u32>,
    },
    /// A bucket that is refilled at a stroke; what was not used is kept.
    Reservoir {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per refill, such as "100/min".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
        /// What it holds; at least 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        capacity: u32,
        /// What it holds at the start; full unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        initial: Option<u32>,
    },
    /// A rate, evenly spaced, without any burst.
    LeakyBucket {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per time, such as "10/s".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
    },
    /// A rate that is worked up to, at the start and after a pause.
    WarmUp {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per time once warm, such as "10/s".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
        /// How long it takes to warm up, such as "30s".
        #[serde(with = "serde_duration")]
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        period: Duration,
        /// How many times the interval is longer when cold; from 1 to 1000.
        #[serde(default = "three")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000)))]
        cold_factor: u32,
    },
    /// The server's windows, whatever their phase: never more than the limit in
    /// any of them.
    Window {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per window, such as "60/min".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
        /// By how much the time from send to count varies.
        #[serde(default, with = "serde_duration")]
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        margin: Duration,
    },
    /// The server's windows, aligned to the client's start.
    FixedWindow {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per window, such as "5000/h".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
        /// Where windows begin.
        #[serde(default)]
        start: WindowStart,
    },
    /// A log of sends: never more than the limit in any window.
    SlidingWindow {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per window, such as "60/min".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
    },
    /// The same in less memory, by a count per step.
    SlidingCounter {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per window, such as "60/min".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
        /// Steps per window; at least 1.
        #[serde(default = "sixty")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        steps: u32,
    },
    /// A number of requests in flight.
    Concurrency {
        /// Requests in flight at once; at least 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        max: u32,
    },
    /// Requests in flight: one more each round trip, a fraction after a refusal.
    Aimd {
        /// Requests in flight at the start.
        #[serde(default = "twenty")]
        initial: u32,
        /// The fewest; at least 1.
        #[serde(default = "one")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        min: u32,
        /// The most.
        #[serde(default = "thousand")]
        max: u32,
        /// What is left after a refusal; above 0 and below 1.
        #[serde(default = "nine_tenths")]
        ratio: f64,
        /// The share of a round's latencies that the one it goes by is not below, such
        /// as 0.5 for the median; above 0 and at most 1. The mean unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        percentile: Option<f64>,
    },
    /// Requests in flight by the queue that the latency shows.
    Vegas {
        /// Requests in flight at the start.
        #[serde(default = "twenty")]
        initial: u32,
        /// The most.
        #[serde(default = "thousand")]
        max: u32,
        /// The share of a round's latencies that the one it goes by is not below, such
        /// as 0.5 for the median; above 0 and at most 1. The mean unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        percentile: Option<f64>,
    },
    /// Requests in flight by the slope of the latency.
    Gradient {
        /// Requests in flight at the start.
        #[serde(default = "twenty")]
        initial: u32,
        /// The fewest; at least 1.
        #[serde(default = "one")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        min: u32,
        /// The most.
        #[serde(default = "two_hundred")]
        max: u32,
        /// The share of a round's latencies that the one it goes by is not below, such
        /// as 0.5 for the median; above 0 and at most 1. The mean unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        percentile: Option<f64>,
    },
    /// A rate that is cut at a refusal and comes back along a cubic curve.
    Cubic {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// What is kept of the rate at a refusal; above 0 and below 1, 0.7 unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ratio: Option<f64>,
        /// Below which it never falls, such as "1/min"; "1/2s" unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<alloc::string::String>"))]
        min_rate: Option<Rate>,
    },
    /// Drops a share of the requests while the server refuses most.
    AdaptiveThrottle {
        /// Requests per accepted one before any is dropped; from 1 to 1000.
        #[serde(default = "two")]
        k: f64,
        /// The seed of its lots.
        #[serde(default)]
        seed: u64,
    },
    /// Sends nothing for a while after too many failures.
    Breaker {
        /// Failures in a row that open it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failures: Option<u32>,
        /// Or the share of failures that opens it, from 1 to 100.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        percent: Option<u32>,
        /// With `percent`: of this many last requests, instead of those of a window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000)))]
        last: Option<u32>,
        /// With `percent`: over how long.
        #[serde(default = "ten_seconds", with = "serde_duration")]
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        window: Duration,
        /// With `percent`: of at least this many requests.
        #[serde(default = "twenty")]
        at_least: u32,
        /// How long it stays open.
        #[serde(default = "thirty_seconds", with = "serde_duration")]
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        open_for: Duration,
        /// Probes that must succeed to close it.
        #[serde(default = "one")]
        probes: u32,
    },
    /// What the server says of its quotas, or what its refusals tell where it says nothing.
    Learned {
        /// The part of each limit that is left to others; from 0 to below 1.
        #[serde(default)]
        headroom: f64,
        /// This client's share of the rest; above 0 and at most 1.
        #[serde(default = "whole")]
        share: f64,
        /// Whether what is left is spread over the window.
        #[serde(default = "yes")]
        paced: bool,
    },
}

/// Where fixed windows begin.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WindowStart {
    /// At multiples of the window after the clock's origin.
    #[default]
    Aligned,
    /// With the first send after the window before.
    FirstSend,
}

const fn one() -> u32 {
    1
}

const fn two() -> f64 {
    2.0
}

const fn three() -> u32 {
    3
}

const fn twenty() -> u32 {
    20
}

const fn sixty() -> u32 {
    60
}

const fn two_hundred() -> u32 {
    200
}

const fn thousand() -> u32 {
    1000
}

const fn nine_tenths() -> f64 {
    0.9
}

const fn whole() -> f64 {
    1.0
}

const fn yes() -> bool {
    true
}

const fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

const fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}
