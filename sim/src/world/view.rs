//! What those see of a run who explain it.

use forbear_core::{BorrowedEngine, Cost};

use super::World;
use crate::probe::Probe;
use crate::rng::StreamRng;
use crate::scenario::Scenario;
use crate::server::Server;

impl World<'_> {
    pub(crate) fn probe(&self) -> Option<&Probe> {
        self.probe.as_deref()
    }

    pub(crate) const fn scenario(&self) -> &Scenario {
        self.scenario
    }

    pub(crate) const fn server_mut(&mut self) -> &mut Server {
        &mut self.server
    }

    pub(crate) const fn events(&self) -> u64 {
        self.events
    }

    /// The client of a call under way, and the attempts that it has made.
    pub(crate) fn whose(&self, call: u32) -> (u32, u32) {
        let place = self.population.place_of(call);
        let attempts = place.map_or(0, |place| self.population.task(place).attempt());
        (self.storm.client_of(call), attempts)
    }

    /// Each client's engine, with the cost of the call that is next in its line.
    pub(crate) fn each_engine(&self, mut look: impl FnMut(&BorrowedEngine<'_, StreamRng>, &Cost)) {
        let processes = (0..).zip(self.population.clients());
        let processes = processes.filter(|&(number, _)| self.scenario.gate(number) == number);
        for (_, client) in processes {
            let head = client.head().map(|place| self.population.task(place).call());
            let cost = head.map_or(Cost::REQUEST, |call| self.storm.costs(call).0);
            look(&client.engine, &cost);
        }
    }
}
