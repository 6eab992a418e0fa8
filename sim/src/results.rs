//! What came of a comparison, as plain data: the contract with the reports.
//!
//! Floats here only report. Every one of them is computed from integers that the
//! run counted, in a fixed order, so the same seed prints the same digits.

use forbear_redis::Status;
pub use forbear_redis::WithoutRedis;
use serde::{Deserialize, Serialize};

/// One scenario under several policies, with the same storms for each.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Comparison {
    /// The version of forbear that made it.
    pub version: String,
    /// The command that makes it again.
    pub command: String,
    /// The scenario.
    pub scenario: ScenarioInfo,
    /// The first seed; replication `i` uses `seed + i`.
    pub seed: u64,
    /// Replications asked for.
    pub replications: u32,
    /// Whether it was interrupted, so that fewer were made.
    pub partial: bool,
    /// One entry a policy, in the order in which they were given.
    pub policies: Vec<PolicyResult>,
}

/// What was simulated.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ScenarioInfo {
    /// Its name: lower-case words with dashes.
    pub name: String,
    /// A title of a few words.
    pub title: String,
    /// What happens, in a paragraph.
    pub description: String,
    /// Hash of the scenario after `--set`, 16 hexadecimal digits.
    pub hash: String,
    /// The scenario as TOML, after `--set`.
    pub source: String,
    /// The metrics that matter more in this storm than the number of calls that succeed, in
    /// the order in which they are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foremost: Vec<String>,
    /// Calls that the clients make in one run (of the first seed).
    pub calls: u64,
    /// Requests a second that the server permits in the long run, if that is bounded.
    pub permitted_per_s: Option<f64>,
    /// The shortest time in which any policy could drain the calls, in seconds, if that is bounded.
    pub drain_bound_s: Option<f64>,
}

/// One policy over all seeds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PolicyResult {
    /// Its name.
    pub name: String,
    /// The policy as TOML.
    pub source: String,
    /// One entry a replication, in the order of the seeds.
    pub runs: Vec<RunResult>,
    /// The run of the first seed over time.
    pub series: Series,
    /// Completion times of the first seed, as points of the cumulative distribution.
    pub completion: Vec<CdfPoint>,
    /// How many calls of the first seed ended after how many sends, by rising `sends`.
    #[serde(default)]
    pub attempts: Vec<AttemptCount>,
}

/// One run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunResult {
    /// Its seed.
    pub seed: u64,
    /// Hash of every event in order, 16 hexadecimal digits.
    pub hash: String,
    /// Events that were simulated.
    pub events: u64,
    /// What was measured.
    pub metrics: Metrics,
    /// How the quota was used that clients shared in Redis; `None` where they shared none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<SharedUse>,
    /// Sends that were answered as they were recorded; `None` where no answers were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<u64>,
}

/// How a quota was used that clients share in Redis; all clients together.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct SharedUse {
    /// Calls that reached Redis.
    pub calls: u64,
    /// Calls that were not answered in time.
    pub failures: u64,
    /// Units of the first limit that were sent from leases.
    pub leased: u64,
    /// Units of the first limit that were sent without Redis.
    pub without_redis: u64,
    /// What a client did while Redis did not answer, once its lease was used up.
    #[serde(default)]
    pub rule: WithoutRedis,
    /// Clients that shared it.
    #[serde(default)]
    pub members: u32,
    /// Time that they were without Redis, each from when a call had no answer in time to the
    /// next answer or the end of the last call of all, added up \[ns\].
    #[serde(default)]
    pub outage_ns: u64,
}

impl SharedUse {
    /// Adds what a member did that goes now, or when the run ends.
    pub(crate) fn add(&mut self, status: &Status) {
        let first = |units: &[u64]| units.first().copied().unwrap_or(0);
        self.failures += status.failures;
        self.leased += first(&status.sent);
        self.without_redis += first(&status.sent_without_redis);
    }
}

/// What was measured in one run.
///
/// Times are in seconds of virtual time.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Metrics {
    /// Calls that clients began.
    pub calls: u64,
    /// Calls that succeeded.
    pub succeeded: u64,
    /// Calls that were given up.
    pub failed: u64,
    /// Calls that the horizon ended, which are among [`failed`](Self::failed), or kept from
    /// beginning; where there are some, the last call would have ended later than
    /// [`time_to_drain`](Self::time_to_drain) says.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut_off: u64,
    /// Requests that reached the server.
    pub sends: u64,
    /// Requests that the server answered with 429 or another refusal for load.
    pub throttled: u64,
    /// Requests that brought no call to success: `sends - succeeded`.
    pub wasted: u64,
    /// Sends that came before the wait was over which the server had asked that client
    /// for, whichever of its calls had been told.
    pub before_hint: u64,
    /// Requests a second, until the last call ended.
    pub offered_load: f64,
    /// Successful calls a second, until the last call ended.
    pub goodput: f64,
    /// Sends for each call.
    pub amplification: f64,
    /// Share of the sends that were throttled, 0 to 1.
    pub throttled_rate: f64,
    /// Time until the last call ended.
    pub time_to_drain: f64,
    /// Median time from when a call was wanted to its success; `None` if none succeeded.
    pub completion_p50: Option<f64>,
    /// 95th percentile of the same.
    pub completion_p95: Option<f64>,
    /// 99th percentile of the same.
    pub completion_p99: Option<f64>,
    /// Share of what the server permitted until the last call ended that was used,
    /// 0 to 1; `None` where nothing bounds it.
    pub quota_utilisation: Option<f64>,
    /// Jain's index over the clients' successes, each as a share of its max-min fair
    /// part, `1/n` to 1; `None` without successes.
    pub fairness: Option<f64>,
    /// Calls that were not sent as soon as the scenario demands; `None` where none has to
    /// be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_deadlines: Option<u64>,
    /// The farthest that a tenant's share was from its weight's in any whole second but the
    /// first in which all tenants of its lane had calls waiting, as a part of its fair
    /// share; `None` where there was no such second, or clients share no process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_error: Option<f64>,
    /// The shortest time in which any policy could have brought as many calls of this
    /// storm to success, at most [`time_to_drain`](Self::time_to_drain); `None` where
    /// nothing bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_bound: Option<f64>,
}

/// A run over time, in slices of equal length.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Series {
    /// Length of a slice, in seconds.
    pub slice_s: f64,
    /// Requests that reached the server in each slice.
    pub sends: Vec<u64>,
    /// Of these, the throttled.
    pub throttled: Vec<u64>,
    /// Calls that are begun and not ended at the end of each slice.
    pub outstanding: Vec<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Calls that ended after so many sends.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct AttemptCount {
    /// Sends of each of them; 0 for calls that were given up before the first.
    pub sends: u32,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that were given up.
    pub failed: u64,
}

/// `share` of the calls that succeeded took at most `seconds`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct CdfPoint {
    /// Time from when a call was wanted to its success, in seconds.
    pub seconds: f64,
    /// Share, 0 to 1.
    pub share: f64,
}
