//! One server with room for a few.

use serde::{Deserialize, Serialize};

use super::arithmetic::power;
use super::error::{ensure, ensure_positive};
use super::queue::{Queue, check, exponential, lost, throughput, time_in_system};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Mm1k {
    /// Customers a second.
    lambda: f64,
    /// Customers that the server can serve in a second.
    mu: f64,
    /// Room, the one that is served included.
    #[serde(alias = "K")]
    k: u32,
    /// How many come.
    #[serde(alias = "suggested_customers")]
    samples: u32,
}

impl Mm1k {
    pub(super) const KIND: Kind = kind::<Self>(
        "mm1k",
        "the queue M/M/1/K, which refuses when it is full",
        "P = (1 - r) r^K / (1 - r^(K + 1)) are refused, lambda (1 - P) served, W by Little",
        "Kleinrock, \"Queueing Systems\", volume 1, 1975",
    );
}

impl Default for Mm1k {
    fn default() -> Self {
        Self { lambda: 1.2, mu: 1.0, k: 5, samples: 200_000 }
    }
}

impl Law for Mm1k {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { lambda, mu, k, samples } = *self;
        ensure_positive("lambda", lambda)?;
        ensure_positive("mu", mu)?;
        ensure((1..=1000).contains(&k), "k", k, "from 1 to 1000")?;
        let server = format!("{}queue = {}\n", exponential(1, 1.0 / mu), k - 1);
        let ends = Queue { lambda, server: &server, customers: samples }.run()?;
        let load = lambda / mu;
        // The chain of births and deaths itself: its closed form is 0 / 0 at a load of 1.
        let weights: Vec<f64> = (0..=k).map(|n| power(load, f64::from(n))).collect();
        let all: f64 = weights.iter().sum();
        let refused = weights.last().map_or(0.0, |last| last / all);
        let number = weights.iter().zip(0..).map(|(weight, n)| f64::from(n) * weight).sum::<f64>();
        let rate = lambda * (1.0 - refused);
        Ok(vec![
            check("share that is refused", refused, lost(&ends)),
            check("served a second", rate, throughput(&ends)),
            check("mean time of the served [s]", number / all / rate, time_in_system(&ends)),
        ])
    }
}
