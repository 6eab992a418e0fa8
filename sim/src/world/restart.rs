//! Clients that restart: the process dies, and what it knew with it.
//!
//! Deployments and crashes are when a policy's memory matters: the new process has a
//! full bucket, a fresh budget and no idea that the server asked the old one to wait.

use std::collections::BTreeSet;

use forbear_core::Entropy;

use super::event::Event;
use super::{Ongoing, World};
use crate::fact::Fact;
use crate::queue::EventQueue;
use crate::rng::{Stream, StreamRng};
use crate::scenario::{FaultSpec, Scenario, nanos};
use crate::storm::Storm;

/// Whether any client may restart.
pub(super) fn happens(scenario: &Scenario) -> bool {
    faults(scenario).next().is_some()
}

fn faults(scenario: &Scenario) -> impl Iterator<Item = &FaultSpec> {
    scenario.faults().iter().filter(|fault| !fault.restart.is_none())
}

/// Schedules the restarts of `scenario`, drawn for each client from a stream of its own.
pub(super) fn schedule(
    queue: &mut EventQueue<Event>,
    scenario: &Scenario,
    storm: &Storm,
    seed: u64,
) {
    if !happens(scenario) {
        return;
    }
    // A process once, however many clients it has.
    for client in (0..storm.clients()).filter(|&client| scenario.gate(client) == client) {
        let mut words = StreamRng::of(seed, Stream::Restarts(client));
        for fault in faults(scenario) {
            if fault.restart.holds(words.next_u64()) {
                queue.schedule(nanos(fault.from), Event::Restart { client });
            }
        }
    }
}

impl World<'_> {
    /// A client dies and starts anew: its unfinished calls begin again, in their order.
    pub(super) fn restart(&mut self, number: u32) {
        let now = self.queue.now();
        let lease = self.fleet.as_mut().and_then(|fleet| fleet.restart(now, number));
        let policy = self.policy_of(number);
        let client = self.population.client_mut(number);
        client.restart(number, policy, lease, self.seed);
        self.make_queue(number);
        let all = 0..self.storm.clients();
        let begun: Vec<Ongoing> = all
            .filter(|&client| self.scenario.gate(client) == number)
            .flat_map(|client| self.begun(client))
            .collect();
        self.tally.restarted(self.queue.now(), number, begun.len() as u64);
        self.note(Fact::Restarted { client: number });
        for &ongoing in &begun {
            let task = self.population.task_mut(ongoing.place);
            self.cut_off += u64::from(task.progress.is_in_flight());
            task.forget();
            self.begin(ongoing);
        }
        for ongoing in begun {
            self.drive(ongoing);
        }
    }

    /// The calls of a client that a caller has taken up, in their order.
    fn begun(&self, client: u32) -> Vec<Ongoing> {
        // What no caller had taken up yet is in the backlog still.
        let backlog: BTreeSet<u32> = self.population.client(client).backlog().collect();
        let group = self.storm.group_of(client);
        let first = group.first_call(client);
        let begun = (first..first + group.calls_each).filter_map(|call| {
            let place = self.population.place_of(call).filter(|place| !backlog.contains(place))?;
            Some(Ongoing { client, call, place })
        });
        begun.collect()
    }
}
