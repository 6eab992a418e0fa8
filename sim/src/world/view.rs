//! What those see of a run who explain it.

use forbear_core::{Cost, Decision, Timestamp};

use super::World;
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
        let place = self.population.place_of(call);
        let attempts = place.map_or(0, |place| self.population.task(place).attempt());
        (self.storm.client_of(call), attempts)
    }

    /// What each part of each process' limiters says at `now`: of the call that is next in
    /// its line or whose turn it is in its queue, or of one that costs a request where nobody
    /// waits there. `tell` is given the number of the process, too.
    pub(crate) fn verdicts(
        &self,
        now: Timestamp,
        tell: &mut dyn FnMut(u32, &'static str, Decision),
    ) {
        let processes = (0..).zip(self.population.clients());
        let processes = processes.filter(|&(number, _)| self.scenario.gate(number) == number);
        for (number, client) in processes {
            let mut tell = |limiter, decision| tell(number, limiter, decision);
            let head = client.head().map(|place| self.population.task(place).call());
            let cost = head.map_or(Cost::REQUEST, |call| self.storm.costs(call).0);
            client.engine.verdicts(now, &cost, &mut tell);
            if let Some(Some(queue)) = self.queues.get(number as usize) {
                let (queue, scope) = (&queue.queue, queue.scope);
                let cost = queue.turn(scope).map_or(Cost::REQUEST, |turn| *turn.cost);
                queue.verdicts(now, scope, &cost, &mut tell);
            }
        }
    }
}
