//! The words for every metric, in one table.

use super::{Better, Group, Metric};
use crate::number::Unit;

/// What is said about a metric.
pub(super) struct About {
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    pub(super) unit: Unit,
    pub(super) unit_name: &'static str,
    pub(super) better: Better,
    pub(super) group: Group,
    pub(super) definition: &'static str,
}

impl About {
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub(super) const fn of(metric: Metric) -> Self {
        match metric {
            Metric::SuccessShare => Self {
                key: "success_share",
                label: "Succeeded",
                unit: Unit::Share,
                unit_name: "share of calls",
                better: Better::Higher,
                group: Group::Outcome,
                definition: "Calls that succeeded, of all calls that clients began.",
            },
            Metric::Succeeded => Self {
                key: "succeeded",
                label: "Calls succeeded",
                unit: Unit::Count,
                unit_name: "calls",
                better: Better::Higher,
                group: Group::Outcome,
                definition: "Calls that ended with a success, after however many sends.",
            },
            Metric::Failed => Self {
                key: "failed",
                label: "Calls given up",
                unit: Unit::Count,
                unit_name: "calls",
                better: Better::Lower,
                group: Group::Outcome,
                definition: "Calls that the policy ended without a success.",
            },
            Metric::Calls => Self {
                key: "calls",
                label: "Calls begun",
                unit: Unit::Count,
                unit_name: "calls",
                better: Better::Neither,
                group: Group::Outcome,
                definition: "Calls that clients began, however many sends each of them took.",
            },
            Metric::Collapsed => Self {
                key: "collapsed",
                label: "P(collapse)",
                unit: Unit::Share,
                unit_name: "share of storms",
                better: Better::Lower,
                group: Group::Outcome,
                definition: "Storms in which more than half of the sends that were not throttled \
                             brought no call to success, and at least 5 % of the calls were given \
                             up.",
            },
            Metric::Fairness => Self {
                key: "fairness",
                label: "Fairness",
                unit: Unit::Ratio,
                unit_name: "index, 1/n to 1",
                better: Better::Higher,
                group: Group::Outcome,
                definition: "Jain's index over the clients' successes: 1 if all n clients had \
                             equally many, 1/n if one client had all.",
            },
            Metric::MissedDeadlines => Self {
                key: "missed_deadlines",
                label: "Missed deadlines",
                unit: Unit::Count,
                unit_name: "calls",
                better: Better::Lower,
                group: Group::Outcome,
                definition: "Calls that were not sent as soon after they were wanted as the \
                             scenario demands.",
            },
            Metric::ShareError => Self {
                key: "share_error",
                label: "Share error",
                unit: Unit::Share,
                unit_name: "share of the fair share",
                better: Better::Lower,
                group: Group::Outcome,
                definition: "The farthest that what a tenant of the gateway was sent in a second \
                             was from its weight's share, in any second but the first in which \
                             all tenants of its lane had calls waiting.",
            },
            Metric::TimeToDrain => Self {
                key: "time_to_drain",
                label: "Time to drain",
                unit: Unit::Seconds,
                unit_name: "s",
                better: Better::Lower,
                group: Group::Time,
                definition: "Virtual time until the last call ended, with or without success.",
            },
            Metric::Goodput => Self {
                key: "goodput",
                label: "Goodput",
                unit: Unit::PerSecond,
                unit_name: "calls/s",
                better: Better::Higher,
                group: Group::Rate,
                definition: "Calls that succeeded, divided by the time to drain.",
            },
            Metric::CompletionP50 => Self {
                key: "completion_p50",
                label: "Completion p50",
                unit: Unit::Seconds,
                unit_name: "s",
                better: Better::Lower,
                group: Group::Time,
                definition: "Median time from the start of a call to its success; calls given \
                             up are left out.",
            },
            Metric::CompletionP95 => Self {
                key: "completion_p95",
                label: "Completion p95",
                unit: Unit::Seconds,
                unit_name: "s",
                better: Better::Lower,
                group: Group::Time,
                definition: "The time within which 95 % of the successful calls succeeded.",
            },
            Metric::CompletionP99 => Self {
                key: "completion_p99",
                label: "Completion p99",
                unit: Unit::Seconds,
                unit_name: "s",
                better: Better::Lower,
                group: Group::Time,
                definition: "The time within which 99 % of the successful calls succeeded.",
            },
            Metric::Amplification => Self {
                key: "amplification",
                label: "Amplification",
                unit: Unit::Ratio,
                unit_name: "sends/call",
                better: Better::Lower,
                group: Group::Load,
                definition: "Sends divided by calls: 1 if nothing had to be sent twice.",
            },
            Metric::ThrottledRate => Self {
                key: "throttled_rate",
                label: "429 rate",
                unit: Unit::Share,
                unit_name: "share of sends",
                better: Better::Lower,
                group: Group::Load,
                definition: "Share of the sends that the server throttled.",
            },
            Metric::Sends => Self {
                key: "sends",
                label: "Sends",
                unit: Unit::Count,
                unit_name: "sends",
                better: Better::Lower,
                group: Group::Load,
                definition: "Requests that reached the server, first tries and retries.",
            },
            Metric::Throttled => Self {
                key: "throttled",
                label: "Throttled",
                unit: Unit::Count,
                unit_name: "sends",
                better: Better::Lower,
                group: Group::Load,
                definition: "Sends that the server answered with 429 or another refusal for load.",
            },
            Metric::Wasted => Self {
                key: "wasted",
                label: "Wasted",
                unit: Unit::Count,
                unit_name: "sends",
                better: Better::Lower,
                group: Group::Load,
                definition: "Sends that brought no call to success: sends less calls succeeded.",
            },
            Metric::BeforeHint => Self {
                key: "before_hint",
                label: "Before hint",
                unit: Unit::Count,
                unit_name: "sends",
                better: Better::Lower,
                group: Group::Load,
                definition: "Sends that came before the wait was over that the server had asked \
                             this client for (Retry-After).",
            },
            Metric::OfferedLoad => Self {
                key: "offered_load",
                label: "Offered load",
                unit: Unit::PerSecond,
                unit_name: "sends/s",
                better: Better::Neither,
                group: Group::Rate,
                definition: "Sends divided by the time to drain.",
            },
            Metric::QuotaUtilisation => Self {
                key: "quota_utilisation",
                label: "Quota used",
                unit: Unit::Share,
                unit_name: "share of quota",
                better: Better::Higher,
                group: Group::Rate,
                definition: "Share of what the server permitted until the last call ended that \
                             was used.",
            },
            Metric::RedisCalls => Self {
                key: "redis_calls",
                label: "Redis calls",
                unit: Unit::Count,
                unit_name: "calls",
                better: Better::Lower,
                group: Group::Redis,
                definition: "Calls of Redis that reached it, of all clients together: to ask for \
                             permits, to give some back, or to renew a lease.",
            },
            Metric::RedisCallsPerSend => Self {
                key: "redis_calls_per_send",
                label: "Redis calls per send",
                unit: Unit::Ratio,
                unit_name: "calls/send",
                better: Better::Lower,
                group: Group::Redis,
                definition: "Redis calls divided by sends: 1 if Redis were asked for each request.",
            },
            Metric::RedisFailures => Self {
                key: "redis_failures",
                label: "Not answered",
                unit: Unit::Count,
                unit_name: "calls",
                better: Better::Neither,
                group: Group::Redis,
                definition: "Calls of Redis that were not answered in time, whether they reached \
                             it or not.",
            },
            Metric::RedisOutage => Self {
                key: "redis_outage",
                label: "Without Redis",
                unit: Unit::Seconds,
                unit_name: "s, each client",
                better: Better::Neither,
                group: Group::Redis,
                definition: "Time that a client was without Redis, on average over the clients: \
                             from a call that was not answered in time to the next answer, or to \
                             the end.",
            },
            Metric::RedisLeased => Self {
                key: "redis_leased",
                label: "Sent from leases",
                unit: Unit::Count,
                unit_name: "units",
                better: Better::Neither,
                group: Group::Redis,
                definition: "Units of the first limit (requests, tokens) that were sent with \
                             permits of Redis.",
            },
            Metric::RedisWithout => Self {
                key: "redis_without",
                label: "Sent without Redis",
                unit: Unit::Count,
                unit_name: "units",
                better: Better::Neither,
                group: Group::Redis,
                definition: "Units of the first limit that were sent while Redis did not answer \
                             and no lease was left, by the rule for that.",
            },
        }
    }
}
