//! One server with a constant service.

use serde::{Deserialize, Serialize};

use super::drive::seconds_text;
use super::error::ensure_positive;
use super::estimate::Estimate;
use super::queue::{Queue, check, ensure_stable, time_in_system};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Md1 {
    /// Customers a second.
    lambda: f64,
    /// The time that each is served, in seconds.
    service_s: f64,
    /// How many come.
    #[serde(alias = "suggested_customers")]
    samples: u32,
}

impl Md1 {
    pub(super) const KIND: Kind = kind::<Self>(
        "md1",
        "the queue M/D/1",
        "Wq = rho D / (2 (1 - rho))",
        "Pollaczek and Khinchine",
    );
}

impl Default for Md1 {
    fn default() -> Self {
        Self { lambda: 0.7, service_s: 1.0, samples: 200_000 }
    }
}

impl Law for Md1 {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { lambda, service_s, samples } = *self;
        ensure_positive("lambda", lambda)?;
        ensure_positive("service_s", service_s)?;
        let rho = lambda * service_s;
        ensure_stable(rho)?;
        let server = format!("[server]\nworkers = 1\nservice = \"{}\"\n", seconds_text(service_s));
        let ends = Queue { lambda, server: &server, customers: samples }.run()?;
        let wait = rho * service_s / (2.0 * (1.0 - rho));
        let time = time_in_system(&ends);
        Ok(vec![
            check("mean wait [s]", wait, Estimate { value: time.value - service_s, ..time }),
            check("mean time in the system [s]", wait + service_s, time),
        ])
    }
}
