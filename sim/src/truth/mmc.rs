//! Several servers with an exponential service.

use serde::{Deserialize, Serialize};

use super::arithmetic::erlang_b;
use super::error::{ensure, ensure_positive};
use super::estimate::Estimate;
use super::queue::{Queue, check, ensure_stable, exponential, time_in_system, waited};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Mmc {
    /// Customers a second.
    lambda: f64,
    /// Customers that one server can serve in a second.
    mu: f64,
    /// Servers.
    c: u32,
    /// How many come.
    #[serde(alias = "suggested_customers")]
    samples: u32,
}

impl Mmc {
    pub(super) const KIND: Kind = kind::<Self>(
        "mmc",
        "the queue M/M/c",
        "C = c B / (c - a (1 - B)) wait, Wq = C / (c mu - lambda)",
        "Erlang C",
    );
}

impl Default for Mmc {
    fn default() -> Self {
        Self { lambda: 8.0, mu: 1.0, c: 10, samples: 200_000 }
    }
}

impl Law for Mmc {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { lambda, mu, c, samples } = *self;
        ensure_positive("lambda", lambda)?;
        ensure_positive("mu", mu)?;
        ensure((1..=10_000).contains(&c), "c", c, "from 1 to 10000")?;
        let (erlangs, servers) = (lambda / mu, f64::from(c));
        ensure_stable(erlangs / servers)?;
        let server = exponential(c, 1.0 / mu);
        let ends = Queue { lambda, server: &server, customers: samples }.run()?;
        let lost = erlang_b(erlangs, c);
        let waits = servers * lost / (servers - erlangs * (1.0 - lost));
        let time = time_in_system(&ends);
        let wait = Estimate { value: time.value - 1.0 / mu, ..time };
        Ok(vec![
            check("share that waits", waits, waited(&ends, c as usize)),
            check("mean wait [s]", waits / (servers * mu - lambda), wait),
        ])
    }
}
