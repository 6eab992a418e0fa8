//! The `[[group]]` tables: clients that behave otherwise than the main ones.

use forbear_core::Policy;
use forbear_core::spec::PolicySpec;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{ArrivalsSpec, ClientsSpec, CostSpec, NamedPolicy};

/// More clients with the same key.
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
    /// What they do whatever policy is compared; unless set, the same as the main ones.
    #[serde(default, deserialize_with = "own", skip_serializing_if = "Option::is_none")]
    policy: Option<NamedPolicy>,
}

impl GroupSpec {
    pub(crate) const fn parts(&self) -> (&ClientsSpec, &ArrivalsSpec, &CostSpec) {
        (&self.clients, &self.arrivals, &self.cost)
    }

    pub(crate) fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref().map(NamedPolicy::policy)
    }
}

/// A policy that needs no name, since nothing refers to it.
fn own<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NamedPolicy>, D::Error> {
    let spec = PolicySpec::deserialize(deserializer)?;
    NamedPolicy::new(spec, "").map(Some).map_err(D::Error::custom)
}
