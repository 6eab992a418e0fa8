//! Callers who think between their calls.

use serde::{Deserialize, Serialize};

use super::drive::{NEAR, ONCE, run, seconds_text};
use super::error::{ensure, ensure_positive, ensure_samples};
use super::queue::{check, exponential, number_in_system, throughput, time_in_system};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ClosedPopulation {
    clients: u32,
    /// The mean time that one thinks, in seconds.
    think_s: f64,
    /// The mean time that one is served, in seconds.
    service_s: f64,
    /// How many come.
    #[serde(alias = "suggested_customers")]
    samples: u32,
}

impl ClosedPopulation {
    pub(super) const KIND: Kind = kind::<Self>(
        "closed_population",
        "a closed population of callers who think",
        "R(n) = S (1 + Q(n - 1)), X(n) = n / (R(n) + Z), Q(n) = X(n) R(n)",
        "Reiser and Lavenberg, \"Mean-value analysis of closed multichain queuing networks\", 1980",
    );
}

impl Default for ClosedPopulation {
    fn default() -> Self {
        Self { clients: 20, think_s: 1.0, service_s: 0.04, samples: 200_000 }
    }
}

impl Law for ClosedPopulation {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { clients, think_s, service_s, samples } = *self;
        ensure_positive("think_s", think_s)?;
        ensure_positive("service_s", service_s)?;
        ensure_samples(samples)?;
        ensure((1..=10_000).contains(&clients), "clients", clients, "from 1 to 10000")?;
        let tables = format!(
            "[clients]\ncalls = {samples}\ncallers = {clients}\n[arrivals]\nkind = \"closed\"\n\
             think = {{ kind = \"exponential\", mean = \"{}\" }}\n{NEAR}{}",
            seconds_text(think_s),
            exponential(1, service_s)
        );
        let ends = run(&tables, ONCE, 1)?.ends;
        // The last callers think while there is nothing left to call for.
        let ends = &ends[..ends.len().saturating_sub(clients as usize)];
        let (mut response, mut rate, mut queue) = (0.0, 0.0, 0.0);
        for n in 1..=clients {
            response = service_s * (1.0 + queue);
            rate = f64::from(n) / (response + think_s);
            queue = rate * response;
        }
        Ok(vec![
            check("served a second", rate, throughput(ends)),
            check("mean time in the system [s]", response, time_in_system(ends)),
            check("mean number in the system", queue, number_in_system(ends)),
        ])
    }
}
