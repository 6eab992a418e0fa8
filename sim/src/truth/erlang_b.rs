//! Servers without a queue.

use serde::{Deserialize, Serialize};

use super::arithmetic::erlang_b;
use super::error::{ensure, ensure_positive};
use super::queue::{Queue, check, lost};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ErlangB {
    /// Customers that come in the time that one is served.
    offered_erlangs: f64,
    servers: u32,
    /// How many come.
    #[serde(alias = "suggested_customers")]
    samples: u32,
}

impl ErlangB {
    pub(super) const KIND: Kind = kind::<Self>(
        "erlang_b",
        "what is lost without a queue, whatever the service",
        "B = (a^c / c!) / sum of a^k / k!",
        "Erlang B; it depends on the service by its mean only",
    );
}

impl Default for ErlangB {
    fn default() -> Self {
        Self { offered_erlangs: 3.0, servers: 5, samples: 200_000 }
    }
}

impl Law for ErlangB {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { offered_erlangs: erlangs, servers, samples } = *self;
        ensure_positive("offered_erlangs", erlangs)?;
        ensure((1..=10_000).contains(&servers), "servers", servers, "from 1 to 10000")?;
        let expected = erlang_b(erlangs, servers);
        let services =
            [("exponential", "{ kind = \"exponential\", mean = \"1s\" }"), ("constant", "\"1s\"")];
        let lost = services.map(|(name, service)| {
            let server = format!(
                "[server]\nservice = {service}\n[[server.limit]]\nkind = \"concurrency\"\nmax = {servers}\n"
            );
            let ends = Queue { lambda: erlangs, server: &server, customers: samples }.run()?;
            Ok(check(&format!("share that is lost ({name} service)"), expected, lost(&ends)))
        });
        lost.into_iter().collect()
    }
}
