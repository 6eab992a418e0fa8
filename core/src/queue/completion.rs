//! Jobs that leave the queue, and those that come back.

use super::scope::Gate;
use super::slab::{Stage, index};
use super::{JobId, Queue, Removed, Timer, Withdrawal};
use crate::{Completion, Cost, Limiter, Observation, Outcome, Timestamp};

impl<T, L: Limiter> Queue<T, L> {
    /// Ends a job that was started, however it ended; whether there was one.
    ///
    /// The limiter learns from `seen`.
    pub fn complete(&mut self, now: Timestamp, id: JobId, seen: &Observation) -> bool {
        if !self.settle(now, id, seen) {
            return false;
        }
        self.jobs.remove(id);
        self.tally.completed += 1;
        true
    }

    /// Puts a job that was started back to its old place, hidden until `not_before`.
    ///
    /// It goes before all that its tenant pushed later into that lane, and is never
    /// dropped for coming back to a full queue.
    ///
    /// # Errors
    ///
    /// The payload, if no such job was started.
    pub fn retry(
        &mut self,
        now: Timestamp,
        id: JobId,
        payload: T,
        not_before: Timestamp,
        seen: &Observation,
    ) -> Result<(), T> {
        if !self.settle(now, id, seen) {
            return Err(payload);
        }
        let Some(entry) = self.jobs.get_mut(id) else { return Err(payload) };
        entry.payload = Some(payload);
        (entry.stage, entry.at) = (Stage::Hidden, not_before);
        let (seq, lane) = (entry.seq, self.flows[index(entry.flow)].lane);
        self.places[usize::from(lane)].insert(seq, id.slot);
        self.tally.queued += 1;
        self.timers.insert((not_before, Timer::Job(id)));
        Ok(())
    }

    /// Takes back the start of a job that was not sent after all, charge and all; it is
    /// at its old place.
    ///
    /// # Errors
    ///
    /// The payload, if no such job was started.
    pub fn retract(&mut self, now: Timestamp, id: JobId, payload: T) -> Result<(), T> {
        let mut unsent = Observation::new(Outcome::Ignored);
        unsent.usage = Some(Cost::ZERO);
        self.retry(now, id, payload, now, &unsent)?;
        self.tally.started -= 1;
        Ok(())
    }

    /// Lets a job that is in flight come back only to start before `deadline`, if that
    /// is earlier than its own; whether there is that job.
    pub fn tighten_deadline(&mut self, id: JobId, deadline: Timestamp) -> bool {
        let found = self.jobs.get_mut(id).filter(|entry| entry.stage == Stage::Started);
        found.map(|entry| entry.deadline = entry.deadline.min(deadline)).is_some()
    }

    /// Takes a job out of the queue; `None` if it is not in there any more.
    ///
    /// A job that was started has to be [completed](Self::complete) instead.
    pub fn cancel(&mut self, id: JobId) -> Option<T> {
        let payload = self.take_out(id)?;
        self.tally.cancelled += 1;
        Some(payload)
    }

    /// Removes a queued job for this reason.
    pub(super) fn withdraw(&mut self, id: JobId, why: Withdrawal) -> Option<Removed<T>> {
        let scope = self.scope_of(id)?;
        let payload = self.take_out(id)?;
        *match why {
            Withdrawal::Expired => &mut self.tally.expired,
            Withdrawal::Refused(_) => &mut self.tally.refused,
            Withdrawal::Dropped => &mut self.tally.dropped,
            Withdrawal::ShutDown => &mut self.tally.shut_down,
            Withdrawal::Abandoned => &mut self.tally.cancelled,
        } += 1;
        Some(Removed { id, scope, payload, why })
    }

    /// Takes a queued job out of everything that knows of it.
    fn take_out(&mut self, id: JobId) -> Option<T> {
        let number = self.unqueue(id)?;
        let flow = &self.flows[index(number)];
        let (scope, blocked) = (flow.scope, self.scopes[index(flow.scope)].blocked);
        if blocked == Some((flow.lane, number)) {
            // The gate may have been closed for this job.
            self.open(scope);
        }
        self.jobs.remove(id)?.payload
    }

    /// Takes a job out of its place, and returns its flow; `None` if it is not queued.
    pub(super) fn unqueue(&mut self, id: JobId) -> Option<u32> {
        let entry = self.jobs.get(id)?;
        let place = self.place(entry);
        match entry.stage {
            Stage::Started => return None,
            Stage::Queued => self.leave(place),
            Stage::Hidden => {
                let timer = (entry.at, Timer::Job(id));
                self.timers.remove(&timer);
            }
        }
        let lane = self.flows[index(place.flow)].lane;
        self.places[usize::from(lane)].remove(&place.key.1);
        self.tally.queued -= 1;
        Some(place.flow)
    }

    /// Gives back what a job in flight holds; whether there was one.
    fn settle(&mut self, now: Timestamp, id: JobId, seen: &Observation) -> bool {
        let Some(entry) = self.jobs.get(id).filter(|entry| entry.stage == Stage::Started) else {
            return false;
        };
        let (cost, sent_at) = (entry.cost, entry.at);
        let flow = &self.flows[index(entry.flow)];
        let (number, tenant, member) = (flow.scope, flow.tenant, flow.member);
        let actual = seen.usage.unwrap_or(cost);
        let scope = &mut self.scopes[index(number)];
        scope.limiter.observe(now, &Completion { sent_at, cost, actual, observation: seen });
        self.members[index(member)].in_flight -= 1;
        self.tally.in_flight -= 1;
        self.unpark(number, tenant);
        // A refund may let the next go earlier than was said.
        let is_refund = seen.usage.is_some();
        match self.scopes[index(number)].gate {
            Gate::Until(_) if !is_refund => {}
            _ => self.open(number),
        }
        true
    }
}
