//! What is in a queue that is shared.

use alloc::vec::Vec;
use core::time::Duration;

use super::SharedQueue;
use crate::queue::{JobId, JobState, ScopeId, Stall, Tally, TenantId};
use crate::{Cost, Decision, Limiter};

impl<T, L: Limiter> SharedQueue<T, L> {
    /// Counts of what became of the jobs.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.inner.look(|state, _| state.tally())
    }

    /// How many jobs are queued, hidden retries included.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.inner.look(|state, _| state.queue.len())
    }

    /// Whether nothing is queued and nothing in flight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.look(|state, _| state.queue.is_empty())
    }

    /// How many jobs of a lane are queued, hidden retries included.
    #[must_use]
    pub fn depth_of_lane(&self, lane: u8) -> usize {
        self.inner.look(|state, _| state.queue.depth_of_lane(lane))
    }

    /// How many jobs of a tenant wait for their turn.
    #[must_use]
    pub fn depth_of_tenant(&self, tenant: TenantId) -> usize {
        self.inner.look(|state, _| state.queue.depth_of_tenant(tenant))
    }

    /// How long the oldest queued job of a lane has been there.
    #[must_use]
    pub fn oldest_wait(&self, lane: u8) -> Option<Duration> {
        self.inner.look(|state, now| state.queue.oldest_wait(now, lane))
    }

    /// Where a job is, and when it is expected to start; `None` if it left.
    #[must_use]
    pub fn state(&self, id: JobId) -> Option<JobState> {
        self.inner.look(|state, now| state.queue.state(now, id))
    }

    /// What each part of the limiter of `scope` says now, by name, of the job whose turn it is
    /// there, or of one that costs a request where none was told to wait; see
    /// [`Queue::verdicts`](crate::queue::Queue::verdicts).
    #[must_use]
    pub fn verdicts(&self, scope: ScopeId) -> Vec<(&'static str, Decision)> {
        self.inner.look(|state, now| {
            let cost = state.queue.turn(scope).map_or(Cost::REQUEST, |turn| *turn.cost);
            let mut said = Vec::new();
            state.queue.verdicts(now, scope, &cost, &mut |name, says| said.push((name, says)));
            said
        })
    }

    /// The scopes whose jobs wait, and what for.
    #[must_use]
    pub fn stalls(&self) -> Vec<Stall> {
        self.inner.look(|state, now| state.queue.stalls(now).collect())
    }
}
