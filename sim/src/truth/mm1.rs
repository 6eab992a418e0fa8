//! One server with an exponential service.

use serde::{Deserialize, Serialize};

use super::error::ensure_positive;
use super::estimate::Estimate;
use super::queue::{
    Queue, check, ensure_stable, exponential, number_in_system, time_in_system, time_p99,
};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Mm1 {
    /// Customers a second.
    lambda: f64,
    /// Customers that the server can serve in a second.
    mu: f64,
    /// How many come.
    #[serde(alias = "suggested_customers")]
    samples: u32,
}

impl Mm1 {
    pub(super) const KIND: Kind = kind::<Self>(
        "mm1",
        "the queue M/M/1",
        "Wq = rho / (mu - lambda), W = 1 / (mu - lambda), L = rho / (1 - rho), W is exponential",
        "Kleinrock, \"Queueing Systems\", volume 1, 1975",
    );
}

impl Default for Mm1 {
    fn default() -> Self {
        Self { lambda: 0.8, mu: 1.0, samples: 200_000 }
    }
}

impl Law for Mm1 {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { lambda, mu, samples } = *self;
        ensure_positive("lambda", lambda)?;
        ensure_positive("mu", mu)?;
        ensure_stable(lambda / mu)?;
        let server = exponential(1, 1.0 / mu);
        let ends = Queue { lambda, server: &server, customers: samples }.run()?;
        let (rho, rest) = (lambda / mu, mu - lambda);
        let time = time_in_system(&ends);
        let wait = Estimate { value: time.value - 1.0 / mu, ..time };
        Ok(vec![
            check("mean wait [s]", rho / rest, wait),
            check("mean time in the system [s]", 1.0 / rest, time),
            check("mean number in the system", rho / (1.0 - rho), number_in_system(&ends)),
            check("99th percentile of the time [s]", libm::log(100.0) / rest, time_p99(&ends)),
        ])
    }
}
