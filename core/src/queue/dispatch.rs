//! Whose turn it is now.

use super::flow::units;
use super::scope::{Choice, Gate};
use super::slab::{Stage, index};
use super::{JobId, Queue, Removed, Started, Timer, Withdrawal};
use crate::{Cost, Decision, Limiter, Timestamp};

/// What a driver does next.
#[derive(Clone, Debug)]
#[must_use = "a job that is started or removed has to be handled"]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every answer")]
pub enum Next<T> {
    /// Send this job, and ask again.
    Start(Started<T>),
    /// Tell whoever waits for this job that it is not sent, and ask again.
    Remove(Removed<T>),
    /// Ask again at this time, or after the next push, completion or change; without a
    /// time only then.
    Wait(Option<Timestamp>),
}

impl<T, L: Limiter> Queue<T, L> {
    /// The next job to be sent.
    ///
    /// The limiter of a scope is asked about one job until it admits that: usually
    /// twice for each job that is started. A job whose deadline has passed is removed
    /// when its turn comes, and never started.
    pub fn next(&mut self, now: Timestamp) -> Next<T> {
        if self.is_paused {
            return Next::Wait(None);
        }
        self.wake(now);
        while let Some(&scope) = self.ready.front() {
            let (gate, next) = self.serve(now, scope);
            if let Some(next) = next {
                self.ready.rotate_left(1);
                return next;
            }
            self.ready.pop_front();
            self.scopes[index(scope)].gate = gate;
            if let Gate::Until(time) = gate {
                self.timers.insert((time, Timer::Scope(scope)));
            }
        }
        Next::Wait(self.timers.first().map(|&(time, _)| time))
    }

    /// Does what was to be done until `now`.
    fn wake(&mut self, now: Timestamp) {
        while let Some(&(time, timer)) = self.timers.first().filter(|(time, _)| *time <= now) {
            match timer {
                Timer::Scope(scope) => self.open(scope),
                Timer::Job(id) => {
                    self.timers.remove(&(time, timer));
                    if let Some(entry) = self.jobs.get_mut(id) {
                        entry.stage = Stage::Queued;
                    }
                    if let Some(place) = self.jobs.get(id).map(|entry| self.place(entry)) {
                        self.enter(now, place);
                    }
                }
            }
        }
    }

    /// Lets a scope be asked again.
    pub(super) fn open(&mut self, number: u32) {
        let scope = &mut self.scopes[index(number)];
        if scope.gate == Gate::Ready {
            return;
        }
        if let Gate::Until(time) = scope.gate {
            self.timers.remove(&(time, Timer::Scope(number)));
        }
        scope.gate = Gate::Ready;
        scope.blocked = None;
        self.ready.push_back(number);
    }

    /// What a scope that is open has to give, or how it is closed.
    fn serve(&mut self, now: Timestamp, number: u32) -> (Gate, Option<Next<T>>) {
        let Some((choice, id)) = self.choose(now, number) else {
            self.scopes[index(number)].on_time();
            return (Gate::Idle, None);
        };
        let Some(entry) = self.jobs.get(id) else { return (Gate::Idle, None) };
        let (cost, deadline) = (entry.cost, entry.deadline);
        if deadline <= now {
            return (Gate::Ready, self.withdraw(id, Withdrawal::Expired).map(Next::Remove));
        }
        let scope = &mut self.scopes[index(number)];
        let gate = match scope.acquire(now, &cost) {
            Decision::Admit => {
                scope.charge(now, &choice);
                return (Gate::Ready, self.start(now, id, cost).map(Next::Start));
            }
            Decision::Refuse(refusal) => {
                let removed = self.withdraw(id, Withdrawal::Refused(refusal));
                return (Gate::Ready, removed.map(Next::Remove));
            }
            Decision::WaitUntil(time) => Gate::Until(time),
            Decision::WaitForCompletion => Gate::Completion,
        };
        scope.blocked = Some((choice.lane, choice.flow));
        (gate, None)
    }

    fn choose(&mut self, now: Timestamp, number: u32) -> Option<(Choice, JobId)> {
        let Self { scopes, flows, tenants, members, jobs, places, config, .. } = self;
        let scope = &mut scopes[index(number)];
        if scope.is_paused {
            return None;
        }
        let choice = scope.choose(now, config.ageing, |flow| {
            flows[index(flow)].head(tenants, members, |lane, seq| {
                let slot = places[usize::from(lane)].get(&seq)?;
                Some(units(&jobs.get(jobs.id(*slot))?.cost, config.dimension))
            })
        })?;
        let &(_, seq) = flows[index(choice.flow)].jobs.first()?;
        let slot = places[usize::from(choice.lane)].get(&seq)?;
        Some((choice, jobs.id(*slot)))
    }

    fn start(&mut self, now: Timestamp, id: JobId, cost: Cost) -> Option<Started<T>> {
        self.unqueue(id)?;
        let entry = self.jobs.get_mut(id)?;
        let (payload, waited) = (entry.payload.take()?, now.since(entry.pushed_at));
        (entry.stage, entry.at) = (Stage::Started, now);
        let member = self.flows[index(entry.flow)].member;
        self.members[index(member)].in_flight += 1;
        self.tally.started += 1;
        self.tally.in_flight += 1;
        Some(Started { id, payload, cost, waited })
    }
}
