//! Clients that restart: the process dies, and what it knew with it.
//!
//! Deployments and crashes are when a policy's memory matters: the new process has a
//! full bucket, a fresh budget and no idea that the server asked the old one to wait.

use std::collections::BTreeSet;

use forbear_core::Entropy;

use super::World;
use super::event::Event;
use crate::fact::Fact;
use crate::queue::EventQueue;
use crate::rng::{Stream, StreamRng};
use crate::scenario::{Scenario, nanos};
use crate::storm::Storm;

/// Schedules the restarts of `scenario`, drawn for each client from a stream of its own.
pub(super) fn schedule(
    queue: &mut EventQueue<Event>,
    scenario: &Scenario,
    storm: &Storm,
    seed: u64,
) {
    let faults = || scenario.faults().iter().filter(|fault| !fault.restart.is_none());
    if faults().next().is_none() {
        return;
    }
    for (client, _) in (0..).zip(&storm.clients) {
        let mut words = StreamRng::of(seed, Stream::Restarts(client));
        for fault in faults() {
            if fault.restart.holds(words.next_u64()) {
                queue.schedule(nanos(fault.from), Event::Restart { client });
            }
        }
    }
}

impl World<'_> {
    /// A client dies and starts anew: its unfinished calls begin again, in their order.
    pub(super) fn restart(&mut self, number: u32) {
        let client = &mut self.clients[number as usize];
        let policy = self.scenario.policy_of(client.plan.group).unwrap_or(self.policy);
        client.restart(number, policy, self.seed);
        // What no caller had taken up yet is in the queue still.
        let backlog: BTreeSet<u32> = client.backlog.iter().copied().collect();
        let mut begun: Vec<u32> = (client.plan.first..client.plan.end).collect();
        begun.retain(|call| self.tasks.get(*call).is_some() && !backlog.contains(call));
        self.tally.restarted(self.queue.now(), number, begun.len() as u64);
        self.note(Fact::Restarted { client: number });
        for &call in &begun {
            let task = &mut self.tasks[call];
            self.cut_off += u64::from(task.call.is_in_flight());
            task.forget();
            self.begin(call);
        }
        for call in begun {
            self.drive(call);
        }
    }
}
