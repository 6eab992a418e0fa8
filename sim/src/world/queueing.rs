//! What the production driver of a queue does.
//!
//! Kept in the shape of `forbear-core`'s `driver/queue/state.rs` and `driver/queue/place.rs`,
//! as the driver of a line is: each call stands in the queue with a job of its own, and the
//! queue has one timer for all of them.

mod telling;

use std::sync::Arc;

use forbear_core::queue::{Job, Next, Rejection, Removed, Started, Withdrawal};
use forbear_core::stop::Until;
use forbear_core::{
    Action, Call, Cost, GiveUp, Observation, Outcome, Progress, StopCondition, StopReason,
    Timestamp,
};

use super::event::Event;
use super::{Ongoing, World};
use crate::client::ClientQueue;
use crate::fact::Fact;

impl World<'_> {
    /// Gives each process whose policy has a queue one that holds nothing.
    pub(super) fn make_queues(&mut self) {
        let groups = self.storm.groups().iter();
        let mut policies =
            groups.map(|group| self.scenario.policy_under(group.number, self.policy));
        if !policies.any(|policy| policy.queue().is_some()) {
            return;
        }
        self.queues.resize_with(self.storm.clients() as usize, || None);
        for client in 0..self.storm.clients() {
            if self.scenario.gate(client) == client {
                self.make_queue(client);
            }
        }
    }

    /// Gives the process of client `gate` a queue that holds nothing, if its policy has one.
    pub(super) fn make_queue(&mut self, gate: u32) {
        let policy = self.policy_of(gate);
        let Some(config) = policy.queue() else { return };
        let clients =
            if self.scenario.has_gateway() { 0..self.storm.clients() } else { gate..gate + 1 };
        let clients = clients.map(|client| self.storm.tenancy(client));
        let lease = self.fleet.as_ref().and_then(|fleet| fleet.limiter(gate));
        let queue = Box::new(ClientQueue::new(config, policy, lease, clients));
        if let Some(place) = self.queues.get_mut(gate as usize) {
            *place = Some(queue);
        }
    }

    pub(super) fn has_queue(&self, gate: u32) -> bool {
        self.queues.get(gate as usize).is_some_and(Option::is_some)
    }

    /// Why a call gets no turn any more; nothing while it waits for one.
    ///
    /// `SharedQueue::stand`, and then `Place::turn`.
    pub(super) fn poll_queued(&mut self, gate: u32, ongoing: Ongoing) -> Option<GiveUp> {
        let place = ongoing.place;
        if let Some(why) = self.queue_of(gate)?.removed.remove(&place) {
            return Some(why);
        }
        if !self.queue_of(gate)?.jobs.contains_key(&place) {
            if let Err(why) = self.stand(gate, ongoing) {
                return Some(why);
            }
            self.give_out(gate);
        }
        let end = self.queue_of(gate)?.removed.remove(&place);
        if end.is_none() {
            self.note_place(gate, ongoing);
        }
        end
    }

    fn stand(&mut self, gate: u32, ongoing: Ongoing) -> Result<(), GiveUp> {
        let now = Timestamp::from_nanos(self.queue.now());
        let Ongoing { client, call, place } = ongoing;
        let lane = self.storm.tenancy(client).lane;
        let deadline = self.deadline_of(ongoing);
        let (reserved, _) = self.storm.costs(call);
        let Some(queue) = self.queue_of(gate) else { return Ok(()) };
        let job = Job::new(queue.scope, queue.tenant(client - gate), place);
        let job = job.lane(queue.lane(lane)).cost(*reserved);
        let job = match deadline {
            None => job,
            Some(time) => job.deadline(time),
        };
        match queue.queue.push(now, job) {
            Ok(pushed) => {
                queue.jobs.insert(place, pushed.id);
                if let Some(dropped) = pushed.dropped {
                    self.left_queue(gate, &dropped);
                }
                Ok(())
            }
            Err(rejected) => Err(match rejected.why {
                Rejection::MissesDeadline { deadline, .. } => {
                    GiveUp::Stopped(StopReason::Until(deadline))
                }
                Rejection::NeverAdmitted(refusal) => GiveUp::Refused { limiter: "queue", refusal },
                // The queue is full.
                _ => GiveUp::Abandoned,
            }),
        }
    }

    /// When a call has to be started at the latest, if it has.
    fn deadline_of(&self, ongoing: Ongoing) -> Option<Timestamp> {
        let within = self.storm.tenancy(ongoing.client).start_within?;
        let arrived_at = self.population.task(ongoing.place).arrived_at;
        Some(Timestamp::from_nanos(arrived_at.saturating_add(within)))
    }

    /// What ends a call that has a deadline in a queue.
    pub(super) fn own_stop(&self, gate: u32, ongoing: Ongoing) -> Option<Arc<dyn StopCondition>> {
        if !self.has_queue(gate) {
            return None;
        }
        let deadline = self.deadline_of(ongoing)?;
        Some(Arc::new(Until::new(deadline) | Arc::clone(self.policy_of(gate).stop())))
    }

    /// Starts what may start, and sets the timer for the next.
    fn give_out(&mut self, gate: u32) {
        let now = Timestamp::from_nanos(self.queue.now());
        loop {
            let Some(queue) = self.queue_of(gate) else { return };
            match queue.queue.next(now) {
                Next::Start(started) => self.start(gate, &started),
                Next::Remove(removed) => self.left_queue(gate, &removed),
                Next::Wait(time) => {
                    self.note_turn(gate);
                    return self.wind(gate, time);
                }
            }
        }
    }

    /// The limiter of a process has news from elsewhere.
    pub(super) fn look_again(&mut self, gate: u32) {
        if let Some(queue) = self.queue_of(gate) {
            queue.queue.look_again(queue.scope);
            self.give_out(gate);
        }
    }

    /// The answer to a call: it is over, or goes back to its place until its retry.
    pub(super) fn settle(&mut self, gate: u32, ongoing: Ongoing, is_over: bool) {
        let now = Timestamp::from_nanos(self.queue.now());
        let place = ongoing.place;
        let Some(queue) = self.queues.get_mut(gate as usize).and_then(Option::as_mut) else {
            return;
        };
        let Some(&id) = queue.jobs.get(&place) else { return };
        let (client, task) = self.population.pair_mut(gate, place);
        match task.progress.not_before().filter(|_| !is_over) {
            None => {
                queue.queue.complete(now, id, &self.seen);
                queue.jobs.remove(&place);
            }
            Some(not_before) => {
                let (reserved, _) = self.storm.costs(ongoing.call);
                let call = Call::resumed(*reserved, task.progress);
                if let Some(deadline) = client.engine.deadline(&call) {
                    queue.queue.tighten_deadline(id, deadline);
                }
                let _ = queue.queue.retry(now, id, place, not_before, &self.seen);
            }
        }
        self.give_out(gate);
    }

    /// It is the turn of a call.
    fn start(&mut self, gate: u32, started: &Started<u32>) {
        let now = Timestamp::from_nanos(self.queue.now());
        let place = started.payload;
        let ongoing = self.ongoing(place, self.population.task(place).call());
        let stop = self.own_stop(gate, ongoing);
        let (client, task) = self.population.pair_mut(gate, place);
        if task.progress.sends() == 0 {
            // Its time counts from its first send.
            task.progress = Progress::new(now);
        }
        let mut call = Call::resumed(started.cost, task.progress);
        if let Some(stop) = stop {
            call = call.with_stop(stop);
        }
        let action = client.engine.poll(now, &mut call);
        task.progress = call.progress().unwrap_or(task.progress);
        if action == Action::Send {
            self.note(Fact::Permitted { call: ongoing.call });
            self.send(ongoing);
            return;
        }
        // Its time is over at this very moment.
        let mut unsent = Observation::new(Outcome::Ignored);
        unsent.usage = Some(Cost::ZERO);
        if let Some(queue) = self.queue_of(gate) {
            queue.queue.complete(now, started.id, &unsent);
            queue.jobs.remove(&place);
            queue.removed.insert(place, GiveUp::Stopped(StopReason::Until(now)));
        }
        self.wake(Some(place));
    }

    /// A call left the queue without a turn.
    fn left_queue(&mut self, gate: u32, removed: &Removed<u32>) {
        let now = Timestamp::from_nanos(self.queue.now());
        let place = removed.payload;
        let why = match removed.why {
            Withdrawal::Expired => GiveUp::Stopped(StopReason::Until(now)),
            Withdrawal::Refused(refusal) => GiveUp::Refused { limiter: "queue", refusal },
            // It made room for another.
            _ => GiveUp::Abandoned,
        };
        let (client, task) = self.population.pair_mut(gate, place);
        let (reserved, _) = self.storm.costs(task.call());
        // What a retry was paid with goes back.
        client.engine.abandon(now, &mut Call::resumed(*reserved, task.progress));
        if let Some(queue) = self.queue_of(gate) {
            queue.jobs.remove(&place);
            queue.removed.insert(place, why);
        }
        self.wake(Some(place));
    }

    /// Sets the timer of a queue.
    fn wind(&mut self, gate: u32, time: Option<Timestamp>) {
        let Some(time) = time.map(Timestamp::as_nanos) else { return };
        let fires_at = self.fires_at(time);
        let Some(queue) = self.queue_of(gate) else { return };
        if let Some(generation) = queue.timer.set(time) {
            self.queue.schedule(fires_at, Event::Queue { gate, generation });
        }
    }

    /// The timer of a queue goes off.
    pub(super) fn ring(&mut self, gate: u32, generation: u32) {
        if self.queue_of(gate).is_some_and(|queue| queue.timer.goes_off(generation)) {
            self.give_out(gate);
        }
    }

    fn queue_of(&mut self, gate: u32) -> Option<&mut ClientQueue> {
        self.queues.get_mut(gate as usize)?.as_deref_mut()
    }
}
