//! The `[clients]` table: who calls.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bounded::{Count, Positive};

/// Clients, each a process with an engine of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientsSpec {
    /// How many there are.
    #[serde(default = "one")]
    count: Count<100_000>,
    /// Calls that each of them makes.
    #[serde(default = "one_call")]
    calls: Count,
    /// Calls that one client has under way at once, waits included; any number
    /// unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    callers: Option<Count<100_000>>,
    /// After what time a client stops to wait for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<Positive>,
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

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout.map(Positive::get)
    }
}

const fn one() -> Count<100_000> {
    Count::ONE
}

const fn one_call() -> Count {
    Count::ONE
}
