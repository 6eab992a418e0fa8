//! The `[clients]` table: who calls.

use std::time::Duration;

use forbear_core::text::serde_duration;
use serde::{Deserialize, Serialize};

use super::bounded::{Count, Positive};

/// Clients, each a process with an engine of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientsSpec {
    /// How many there are.
    #[serde(default = "one")]
    count: Count<1_000_000>,
    /// Calls that each of them makes.
    #[serde(default = "one_call")]
    calls: Count,
    /// Calls that one client has under way at once, waits included; any number
    /// unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    callers: Option<Count<100_000>>,
    /// After what time a client stops to wait for an answer, unless its policy has a shorter
    /// `attempt_timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<Positive>,
    /// How far each client's clock may be from the server's, behind or ahead; it matters
    /// where the server says dates.
    #[serde(default, with = "serde_duration", skip_serializing_if = "Duration::is_zero")]
    clock_skew: Duration,
    /// How much slower or faster it may go, in parts of a million.
    #[serde(default, skip_serializing_if = "is_zero")]
    clock_drift_ppm: u32,
    /// What the clients weigh as tenants of a gateway, one after the other and again from
    /// the first; 1 unless set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    weights: Vec<Count<1000>>,
    /// How urgent their calls are where the policy has lanes; 0 is the most urgent.
    #[serde(default, skip_serializing_if = "is_most_urgent")]
    lane: u8,
    /// How soon after it is wanted a call is to be sent first: it is too late otherwise,
    /// and where the policy has a queue not sent at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_within: Option<Positive>,
}

impl ClientsSpec {
    pub(crate) const fn count(&self) -> u32 {
        self.count.get()
    }

    pub(crate) const fn calls(&self) -> u32 {
        self.calls.get()
    }

    pub(crate) fn calls_in_all(&self) -> u64 {
        u64::from(self.count.get()) * u64::from(self.calls.get())
    }

    pub(crate) fn callers(&self) -> Option<u32> {
        self.callers.map(Count::get)
    }

    /// What the clients weigh, in turn; 1 where nothing is said.
    pub(crate) fn weights(&self) -> Vec<u32> {
        self.weights.iter().map(|weight| weight.get()).collect()
    }

    pub(crate) const fn lane(&self) -> u8 {
        self.lane
    }

    pub(crate) fn start_within(&self) -> Option<Duration> {
        self.start_within.map(Positive::get)
    }

    pub(crate) const fn clock_skew(&self) -> Duration {
        self.clock_skew
    }

    pub(crate) const fn clock_drift_ppm(&self) -> u32 {
        self.clock_drift_ppm
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout.map(Positive::get)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_most_urgent(lane: &u8) -> bool {
    *lane == 0
}

const fn one() -> Count<1_000_000> {
    Count::ONE
}

const fn one_call() -> Count {
    Count::ONE
}
