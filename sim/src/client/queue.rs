//! The queue in which the calls of a process wait, where its policy has one.

use std::collections::BTreeMap;

use forbear_core::limiter::Cooldown;
use forbear_core::queue::{JobId, Queue, QueueConfig, Scope, ScopeId, TenantId};
use forbear_core::{GiveUp, Limiter, Policy};

use super::Wait;
use crate::storm::Tenancy;

/// The production queue of places of tasks, with the limiters of the policy: one scope,
/// and a tenant for each client of the process.
#[derive(Debug)]
pub(crate) struct ClientQueue {
    pub(crate) queue: Queue<u32>,
    pub(crate) scope: ScopeId,
    tenants: Vec<TenantId>,
    lanes: u8,
    /// For when the queue is to be asked again.
    pub(crate) timer: Wait,
    /// The jobs of tasks, by their places.
    pub(crate) jobs: BTreeMap<u32, JobId>,
    /// The job that was told of as the one whose turn it is, with the place of its task.
    pub(crate) turn: Option<(JobId, u32)>,
    /// Tasks whose calls left it without a turn, and why, until they hear of it.
    pub(crate) removed: BTreeMap<u32, GiveUp>,
}

impl ClientQueue {
    /// The queue of a process with these clients, which draws from a lease where it shares
    /// a quota.
    ///
    /// # Panics
    ///
    /// Never: a scenario has weights of at least 1.
    pub(crate) fn new(
        config: &QueueConfig,
        policy: &Policy,
        lease: Option<Box<dyn Limiter>>,
        clients: impl Iterator<Item = Tenancy>,
    ) -> Self {
        let mut queue = Queue::new(config.clone());
        let limiter = match lease {
            Some(lease) => policy.limiter().and(lease).boxed(),
            None => policy.limiter(),
        };
        let limiter = if policy.hint_rule().is_shared() {
            limiter.and(Cooldown::new()).boxed()
        } else {
            limiter
        };
        let scope = queue.add_scope(Scope::new("server", limiter));
        let mut tenant = |weight| queue.add_tenant(weight).expect("a weight is at least 1");
        let tenants = if config.is_by_tenant() {
            clients.map(|tenancy| tenant(tenancy.weight)).collect()
        } else {
            vec![tenant(1)]
        };
        Self {
            queue,
            scope,
            tenants,
            lanes: config.lanes(),
            timer: Wait::new(),
            jobs: BTreeMap::new(),
            turn: None,
            removed: BTreeMap::new(),
        }
    }

    /// Whose jobs are those of the client with this place among those of the process.
    pub(crate) fn tenant(&self, client: u32) -> TenantId {
        // All are those of one where tenants do not share.
        self.tenants.get(client as usize).copied().unwrap_or(self.tenants[0])
    }

    /// The lane of calls of this urgency; the last where there are fewer.
    pub(crate) fn lane(&self, lane: u8) -> u8 {
        lane.min(self.lanes.saturating_sub(1))
    }
}
