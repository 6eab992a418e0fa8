//! A run in which clients share a quota.

use super::World;
use crate::fact::Fact;

impl World<'_> {
    /// Lets the next thing happen between the clients and Redis, if it comes before all
    /// else; of what happens at one time it comes last.
    pub(super) fn step_of_fleet(&mut self) -> Option<u64> {
        let at = self.fleet.as_ref()?.next_at()?;
        let others = self.arrival_or_event_at();
        if at > self.horizon || others.is_some_and(|other| other <= at) {
            return None;
        }
        // A member calls Redis for ever; a run ends with its calls.
        if others.is_none() && self.population.is_idle() {
            return None;
        }
        self.queue.advance_to(at);
        let client = self.fleet.as_mut().and_then(|fleet| fleet.step());
        if let Some(client) = client {
            self.note(Fact::Leased { client });
            self.look_again(client);
            self.wake(self.population.client(client).head());
        }
        Some(at)
    }

    /// Does what a member's task is told to do by the limiters, after each event.
    pub(super) fn settle_fleet(&mut self, at: u64) {
        if let Some(fleet) = &mut self.fleet {
            fleet.settle(at);
        }
    }
}
