//! The `[[group]]` tables: clients that behave otherwise than the main ones.

use serde::{Deserialize, Serialize};

use super::{ArrivalsSpec, ClientsSpec, CostSpec};

/// More clients, under the same policy and with the same key.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupSpec {
    /// Who they are, for the reader of the file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    clients: ClientsSpec,
    arrivals: ArrivalsSpec,
    #[serde(default)]
    cost: CostSpec,
}

impl GroupSpec {
    pub(crate) const fn parts(&self) -> (&ClientsSpec, &ArrivalsSpec, &CostSpec) {
        (&self.clients, &self.arrivals, &self.cost)
    }
}
