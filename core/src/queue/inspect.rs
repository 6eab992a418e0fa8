//! What is in a queue, and what it waits for.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::scope::Gate;
use super::slab::{Stage, index};
use super::{Job, JobId, Queue, ScopeId, Tally, TenantId};
use crate::{Cost, Decision, Limiter, Timestamp};

/// Where a job is, as a caller sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum JobState {
    /// Waits for its turn.
    Queued {
        /// How many jobs of its tenant go before it in its lane.
        ahead: usize,
        /// When it is expected to start; see [`Queue::push`].
        expected_start: Option<Timestamp>,
    },
    /// Is retried, not before this time.
    Hidden(Timestamp),
    /// Is in flight since this time.
    Started(Timestamp),
}

/// The job that goes next in its scope, once the limiter admits it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Turn<'a, T> {
    /// Which.
    pub id: JobId,
    /// What it is about.
    pub payload: &'a T,
    /// What the limiter is asked for.
    pub cost: &'a Cost,
}

/// A scope whose jobs wait.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stall {
    /// Which.
    pub scope: ScopeId,
    /// What it is called.
    pub name: Arc<str>,
    /// What holds it.
    pub hold: Hold,
}

/// What jobs wait for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Hold {
    /// The queue, or the scope, is paused.
    Paused,
    /// The limiter of this name opens at this time.
    Limiter {
        /// The part that is strictest.
        name: &'static str,
        /// When.
        until: Timestamp,
    },
    /// The limiter of this name waits for a request in flight.
    Completion {
        /// The part that is strictest.
        name: &'static str,
    },
    /// All tenants that have jobs are at their caps.
    Caps,
    /// Nothing: the driver has to ask [`Queue::next`]. If this lasts, it does not.
    Driver,
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waits for ", self.name)?;
        match self.hold {
            Hold::Paused => f.write_str("the end of a pause"),
            Hold::Limiter { name, until } => write!(f, "its {name}, which opens at {until:?}"),
            Hold::Completion { name } => {
                write!(f, "a request in flight, which its {name} needs back")
            }
            Hold::Caps => f.write_str("tenants that have as many jobs in flight as they may"),
            Hold::Driver => f.write_str("its driver, which does not ask for the next job"),
        }
    }
}

impl<T, L: Limiter> Queue<T, L> {
    /// Counts of what became of the jobs.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// How many jobs are queued, hidden retries included.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.tally.queued
    }

    /// Whether nothing is queued and nothing in flight.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tally.queued == 0 && self.tally.in_flight == 0
    }

    /// Whether it takes no more jobs.
    #[must_use]
    pub const fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// How many jobs of a lane are queued, hidden retries included.
    #[must_use]
    pub fn depth_of_lane(&self, lane: u8) -> usize {
        self.places.get(usize::from(lane)).map_or(0, alloc::collections::BTreeMap::len)
    }

    /// How many jobs of a tenant wait for their turn, in steps that grow with the
    /// number of flows.
    #[must_use]
    pub fn depth_of_tenant(&self, tenant: TenantId) -> usize {
        let own = self.flows.iter().filter(|flow| flow.tenant == tenant.0);
        own.map(|flow| flow.jobs.len()).sum()
    }

    /// How long the oldest queued job of a lane has been there.
    #[must_use]
    pub fn oldest_wait(&self, now: Timestamp, lane: u8) -> Option<Duration> {
        let (_, &slot) = self.places.get(usize::from(lane))?.first_key_value()?;
        Some(now.since(self.jobs.get(self.jobs.id(slot))?.pushed_at))
    }

    /// The scope of a job; `None` if it left.
    #[must_use]
    pub fn scope_of(&self, id: JobId) -> Option<ScopeId> {
        let entry = self.jobs.get(id)?;
        Some(ScopeId(self.flows[index(entry.flow)].scope))
    }

    /// Where a job is; `None` if it left. Takes steps in the number of jobs of its
    /// tenant that are before it.
    #[must_use]
    pub fn state(&self, now: Timestamp, id: JobId) -> Option<JobState> {
        let entry = self.jobs.get(id)?;
        match entry.stage {
            Stage::Hidden => return Some(JobState::Hidden(entry.at)),
            Stage::Started => return Some(JobState::Started(entry.at)),
            Stage::Queued => {}
        }
        let flow = &self.flows[index(entry.flow)];
        let (mut ahead, mut units) = (0, 0u64);
        for (_, &slot) in flow.jobs.range(..self.place(entry).key) {
            ahead += 1;
            let other = self.jobs.get(self.jobs.id(slot));
            units = units.saturating_add(other.map_or(0, |other| self.place(other).units));
        }
        let (scope, tenant) = (ScopeId(flow.scope), TenantId(flow.tenant));
        let job = Job::new(scope, tenant, ()).lane(flow.lane).cost(entry.cost);
        let decision = self.scopes[index(scope.0)].limiter.check(now, &entry.cost);
        let expected_start = self.start_behind(now, &job, decision, units);
        Some(JobState::Queued { ahead, expected_start })
    }

    /// The job that keeps its turn in `scope` since the limiter told it to wait; `None` where
    /// none was told so, or there is no such scope.
    ///
    /// A more urgent job that came since is seen with the next call of [`next`](Self::next).
    #[must_use]
    pub fn turn(&self, scope: ScopeId) -> Option<Turn<'_, T>> {
        let (_, flow) = self.scopes.get(index(scope.0))?.blocked?;
        let (_, &slot) = self.flows[index(flow)].jobs.first_key_value()?;
        let id = self.jobs.id(slot);
        let entry = self.jobs.get(id)?;
        Some(Turn { id, payload: entry.payload.as_ref()?, cost: &entry.cost })
    }

    /// Tells what each part of the limiter of `scope` says of a job of this cost at `now`, by
    /// name; nothing where there is no such scope. Pure: it is for those who explain a wait,
    /// most often of the cost of the job whose [`turn`](Self::turn) it is.
    ///
    /// A driver that asks for its jobs late is given the time back that it lost, up to the
    /// [payback](super::Scope::payback), so it may start a job that has to wait by this.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_core::limiter::{Concurrency, Gcra};
    /// use forbear_core::queue::{Job, Next, Queue, QueueConfig, Scope};
    /// use forbear_core::{Cost, Decision, Limiter, Timestamp};
    ///
    /// let limiter = Gcra::per("1/s".parse()?).and(Concurrency::new(8)?);
    /// let mut queue = Queue::new(QueueConfig::new());
    /// let api = queue.add_scope(Scope::new("api", limiter));
    /// let ann = queue.add_tenant(1)?;
    /// let now = Timestamp::ZERO;
    /// for payload in ["first", "second"] {
    ///     queue.push(now, Job::new(api, ann, payload)).unwrap();
    /// }
    /// assert!(matches!(queue.next(now), Next::Start(job) if job.payload == "first"));
    /// assert!(matches!(queue.next(now), Next::Wait(Some(_))));
    ///
    /// let turn = queue.turn(api).expect("one was told to wait");
    /// assert_eq!(*turn.payload, "second");
    /// let mut said = Vec::new();
    /// queue.verdicts(now, api, turn.cost, &mut |name, decision| said.push((name, decision)));
    /// let in_1_s = Timestamp::from_nanos(1_000_000_000);
    /// assert_eq!(said, [("gcra", Decision::WaitUntil(in_1_s)), ("concurrency", Decision::Admit)]);
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    pub fn verdicts(
        &self,
        now: Timestamp,
        scope: ScopeId,
        cost: &Cost,
        tell: &mut dyn FnMut(&'static str, Decision),
    ) {
        if let Some(scope) = self.scopes.get(index(scope.0)) {
            scope.limiter.verdicts(now, cost, tell);
        }
    }

    /// The scopes whose jobs wait, and what for: for a watchdog.
    pub fn stalls(&self, now: Timestamp) -> impl Iterator<Item = Stall> {
        (0..).zip(&self.scopes).filter_map(move |(number, scope)| {
            if scope.lanes.iter().all(|lane| lane.backlog == 0) {
                return None;
            }
            let id = ScopeId(number);
            let blame = || {
                let turn = self.turn(id);
                turn.map_or(scope.limiter.name(), |turn| scope.limiter.culprit(now, turn.cost))
            };
            let hold = match scope.gate {
                _ if self.is_paused || scope.is_paused => Hold::Paused,
                Gate::Until(until) if now < until => Hold::Limiter { name: blame(), until },
                Gate::Completion => Hold::Completion { name: blame() },
                Gate::Idle => Hold::Caps,
                Gate::Ready | Gate::Until(_) => Hold::Driver,
            };
            Some(Stall { scope: id, name: Arc::clone(&scope.name), hold })
        })
    }
}
