//! What those see of a run who explain it.

use forbear_core::{Cost, Engine};

use super::World;
use crate::client::Task;
use crate::probe::Probe;
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
        let client = self.storm.calls[call as usize].client;
        (client, self.tasks.get(call).map_or(0, Task::attempt))
    }

    /// Each client's engine, with the cost of the call that is next in its line.
    pub(crate) fn each_engine(&self, mut look: impl FnMut(&Engine, &Cost)) {
        for client in &self.clients {
            let head = client.line.head();
            let cost = head.map_or(Cost::REQUEST, |call| self.storm.calls[call as usize].reserved);
            look(&client.engine, &cost);
        }
    }
}
