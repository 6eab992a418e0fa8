//! How jobs are ordered that wait.

use std::collections::BTreeMap;

use forbear_core::queue::{Overflow, QueueConfig};
use forbear_core::spec::{Fairness, LanesSpec, QueueSpec};

use crate::BatchError;

/// Jobs that are queued at once; more wait in the file.
const QUEUED: u32 = 100_000;

/// The lanes that `priority` chooses from, where the policy file does not say.
const LANES: u8 = 10;

/// How jobs are ordered that wait, in production and in a forecast.
#[derive(Clone, Debug)]
pub(crate) struct Queueing {
    pub(crate) config: QueueConfig,
    pub(crate) capacity: u32,
    pub(crate) lanes: u8,
    /// Whether tenants share, or whoever comes first goes first.
    pub(crate) has_tenants: bool,
    weights: BTreeMap<String, u32>,
}

impl Queueing {
    /// As the table `[queue]` of a policy file says, if there is one.
    pub(crate) fn new(spec: Option<&QueueSpec>) -> Result<Self, BatchError> {
        let mut spec = spec.cloned().unwrap_or_default();
        let capacity = *spec.capacity.get_or_insert(QUEUED);
        spec.lanes.get_or_insert(LanesSpec::Strict(LANES));
        // The file waits for room; a job that is dropped would have no result.
        if matches!(spec.overflow, Overflow::DropOldest | Overflow::DropLowestPriority) {
            let message = "overflow must be 'block' in a batch: no job of it is dropped";
            return Err(BatchError::settings(message));
        }
        let config = spec.build().map_err(|error| BatchError::settings(error.to_string()))?;
        let lanes = u8::try_from(spec.lanes()).unwrap_or(u8::MAX);
        let has_tenants = spec.fairness == Fairness::Tenant;
        Ok(Self { config, capacity, lanes, has_tenants, weights: spec.weights })
    }

    pub(crate) fn set_weight(&mut self, tenant: &str, weight: u32) {
        self.weights.insert(tenant.to_owned(), weight);
    }

    /// The weight of a tenant.
    pub(crate) fn weight_of(&self, tenant: &str) -> u32 {
        self.weights.get(tenant).copied().unwrap_or(1)
    }
}
