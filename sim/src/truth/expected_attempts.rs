//! Attempts of calls that fail at random.

use serde::{Deserialize, Serialize};

use super::arithmetic::{power, truncated_geometric};
use super::drive::run;
use super::error::{ensure, ensure_samples, ensure_share};
use super::estimate::{ERRORS, share_error};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ExpectedAttempts {
    /// How likely an attempt fails.
    p: f64,
    max_attempts: u32,
    /// Calls.
    #[serde(alias = "suggested_samples")]
    samples: u32,
}

impl ExpectedAttempts {
    pub(super) const KIND: Kind = kind::<Self>(
        "expected_attempts",
        "attempts and successes of calls that fail at random",
        "(1 - p^n) / (1 - p) attempts a call; 1 - p^n succeed",
        "the truncated geometric law",
    );
}

impl Default for ExpectedAttempts {
    fn default() -> Self {
        Self { p: 0.5, max_attempts: 4, samples: 100_000 }
    }
}

impl Law for ExpectedAttempts {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { p, max_attempts, samples } = *self;
        ensure_share("p", p)?;
        ensure_samples(samples)?;
        ensure((1..=1000).contains(&max_attempts), "max_attempts", max_attempts, "from 1 to 1000")?;
        let tables = format!(
            "[clients]\ncalls = {samples}\n[arrivals]\nkind = \"burst\"\n\
             [server]\n[[fault]]\nfail = {p:?}\nstatus = 500\n"
        );
        let retry = format!(
            "max_attempts = {max_attempts}\ndeadline = \"none\"\nbudget = \"none\"\n\
             backoff = {{ kind = \"constant\", delay = \"1s\" }}\n"
        );
        let metrics = run(&tables, &retry, 1)?.result.metrics;
        let (mean, variance) = truncated_geometric(p, f64::from(max_attempts));
        let calls = f64::from(samples);
        let succeeded = 1.0 - power(p, f64::from(max_attempts));
        let error = (variance / calls).sqrt();
        Ok(vec![
            Check::new("attempts a call", mean, metrics.amplification, ERRORS * error + 1e-9),
            Check::new(
                "share that succeeds",
                succeeded,
                metrics.succeeded as f64 / calls,
                ERRORS * share_error(succeeded, calls) + 1e-9,
            ),
        ])
    }
}
