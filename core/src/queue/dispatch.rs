//! Whose turn it is now.

use super::flow::units;
use super::scope::{Choice, Gate};
use super::slab::{Stage, index};
use super::{JobId, Queue, Removed, ScopeId, Started, TenantId, Timer, Withdrawal};
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

/// What a scope that was asked gave.
enum Served<T> {
    Next(Next<T>),
    /// Nobody is there for the job whose turn it is.
    Unwanted,
    Closed(Gate),
}

impl<T, L: Limiter> Queue<T, L> {
    /// The next job to be sent.
    ///
    /// The limiter of a scope is asked about one job until it admits that: usually
    /// twice for each job that is started. A job whose deadline has passed is removed
    /// when its turn comes, and never started.
    pub fn next(&mut self, now: Timestamp) -> Next<T> {
        self.next_if(now, |_| true)
    }

    /// The next job to be sent, of those that somebody is there to send.
    ///
    /// A job that `is_wanted` does not hold for keeps its turn, at no charge, and so
    /// do the jobs of its scope behind it; other scopes go on. It is to be asked for
    /// again when somebody comes, for whom no time is named.
    pub fn next_if(&mut self, now: Timestamp, is_wanted: impl Fn(&T) -> bool) -> Next<T> {
        if self.is_paused {
            return Next::Wait(None);
        }
        self.wake(now);
        let mut unwanted = 0;
        while let Some(&scope) = self.ready.front().filter(|_| unwanted < self.ready.len()) {
            match self.serve(now, scope, &is_wanted) {
                Served::Next(next) => {
                    self.ready.rotate_left(1);
                    return next;
                }
                Served::Unwanted => {
                    self.ready.rotate_left(1);
                    unwanted += 1;
                }
                Served::Closed(gate) => {
                    self.ready.pop_front();
                    self.scopes[index(scope)].gate = gate;
                    if let Gate::Until(time) = gate {
                        self.timers.insert((time, Timer::Scope(scope)));
                    }
                }
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
                        self.enter(now, id.slot, place);
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
    fn serve(&mut self, now: Timestamp, number: u32, is_wanted: impl Fn(&T) -> bool) -> Served<T> {
        let Some((choice, id)) = self.choose(now, number) else {
            self.scopes[index(number)].on_time();
            return Served::Closed(Gate::Idle);
        };
        let Some(entry) = self.jobs.get(id) else { return Served::Closed(Gate::Idle) };
        let (cost, deadline) = (entry.cost, entry.deadline);
        let removed = |next: Option<Removed<T>>| {
            next.map_or(Served::Closed(Gate::Idle), |removed| Served::Next(Next::Remove(removed)))
        };
        if deadline <= now {
            return removed(self.withdraw(id, Withdrawal::Expired));
        }
        if !entry.payload.as_ref().is_some_and(is_wanted) {
            return Served::Unwanted;
        }
        let scope = &mut self.scopes[index(number)];
        let gate = match scope.acquire(now, &cost) {
            Decision::Admit => {
                scope.charge(now, &choice);
                let started = self.start(now, id, cost);
                return started.map_or(Served::Closed(Gate::Idle), |started| {
                    Served::Next(Next::Start(started))
                });
            }
            Decision::Refuse(refusal) => {
                return removed(self.withdraw(id, Withdrawal::Refused(refusal)));
            }
            Decision::WaitUntil(time) => Gate::Until(time),
            Decision::WaitForCompletion => Gate::Completion,
        };
        scope.blocked = Some((choice.lane, choice.flow));
        Served::Closed(gate)
    }

    fn choose(&mut self, now: Timestamp, number: u32) -> Option<(Choice, JobId)> {
        let Self { scopes, flows, tenants, members, jobs, config, .. } = self;
        let scope = &mut scopes[index(number)];
        if scope.is_paused {
            return None;
        }
        let choice = scope.choose(now, config.ageing, |flow| {
            flows[index(flow)].head(tenants, members, |slot| {
                Some(units(&jobs.get(jobs.id(slot))?.cost, config.dimension))
            })
        })?;
        let (_, &slot) = flows[index(choice.flow)].jobs.first_key_value()?;
        Some((choice, jobs.id(slot)))
    }

    fn start(&mut self, now: Timestamp, id: JobId, cost: Cost) -> Option<Started<T>> {
        self.unqueue(id)?;
        let entry = self.jobs.get_mut(id)?;
        let (payload, waited) = (entry.payload.take()?, now.since(entry.pushed_at));
        (entry.stage, entry.at) = (Stage::Started, now);
        let deadline = Some(entry.deadline).filter(|&deadline| deadline < Timestamp::MAX);
        let flow = &self.flows[index(entry.flow)];
        let (scope, tenant) = (ScopeId(flow.scope), TenantId(flow.tenant));
        self.members[index(flow.member)].in_flight += 1;
        self.tally.started += 1;
        self.tally.in_flight += 1;
        Some(Started { id, scope, tenant, payload, cost, deadline, waited })
    }
}
