//! The most that a retry budget lets through.

use serde::{Deserialize, Serialize};

use super::drive::{NEAR, run};
use super::error::ensure;
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RetryBudget {
    requests: u32,
    /// Retries for each first send.
    ratio: f64,
    /// Retries that are free.
    initial_tokens: u32,
}

impl RetryBudget {
    pub(super) const KIND: Kind = kind::<Self>(
        "retry_budget",
        "the most that a retry budget lets through",
        "N + floor(ratio * N + initial), so at most 1 + ratio + initial / N a request",
        "Finagle RetryBudget; linkerd retry budget",
    );
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { requests: 1000, ratio: 0.2, initial_tokens: 0 }
    }
}

impl Law for RetryBudget {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { requests, ratio, initial_tokens } = *self;
        let retries = ratio * f64::from(requests) + f64::from(initial_tokens);
        let must = "so many that all and their retries are at most 2000000";
        let sends = f64::from(requests) + retries;
        ensure(requests > 0 && sends <= 2e6, "requests", requests, must)?;
        // One after the other: all at once, a budget that holds no more than a retry and
        // a deposit would lose what a ratio above 1 deposits before it is used.
        let tables = format!(
            "[clients]\ncalls = {requests}\ncallers = 1\n[arrivals]\nkind = \"burst\"\n{NEAR}\
             [server]\n[[fault]]\nfail = 1\nstatus = 500\n"
        );
        let retry = format!(
            "max_attempts = \"none\"\ndeadline = \"none\"\n\
             budget = {{ ratio = {ratio:?}, reserve = {initial_tokens} }}\n\
             backoff = {{ kind = \"constant\", delay = \"1ms\" }}\n"
        );
        let sends = run(&tables, &retry, 1)?.result.metrics.sends as f64;
        // A ratio of 0.1 is a little more than a tenth, or less.
        let expected = f64::from(requests) + (retries + 1e-9 * retries.max(1.0)).floor();
        Ok(vec![Check::exact("sends", expected, sends)])
    }
}
