//! A job, as it is pushed, started and given back.

use core::time::Duration;

use super::Withdrawal;
use crate::{Cost, Timestamp};

/// One who shares the queue with others: a customer, a team, an API key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TenantId(pub(super) u32);

/// A limiter and the jobs that wait for it: a host, a model, a quota.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ScopeId(pub(super) u32);

/// A job in a queue. Never given to another job, unless one place in the queue was
/// used 2^32 times in between.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct JobId {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

/// What is pushed: a payload, and what decides when its turn is.
///
/// Costs one request, in the most urgent lane and without a deadline, unless said
/// otherwise.
#[derive(Clone, Debug)]
pub struct Job<T> {
    pub(super) payload: T,
    pub(super) scope: ScopeId,
    pub(super) tenant: TenantId,
    pub(super) lane: u8,
    pub(super) cost: Cost,
    pub(super) deadline: Option<Timestamp>,
}

impl<T> Job<T> {
    /// `payload`, to be sent for `tenant` through `scope`.
    pub const fn new(scope: ScopeId, tenant: TenantId, payload: T) -> Self {
        Self { payload, scope, tenant, lane: 0, cost: Cost::REQUEST, deadline: None }
    }

    /// In this lane; 0 is the most urgent.
    #[must_use]
    pub const fn lane(mut self, lane: u8) -> Self {
        self.lane = lane;
        self
    }

    /// Of this cost.
    #[must_use]
    pub const fn cost(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }

    /// To be started before this time, or not at all.
    #[must_use]
    pub const fn deadline(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// What the job is about.
    pub fn into_payload(self) -> T {
        self.payload
    }

    #[cfg(feature = "std")]
    pub(crate) const fn in_lane(&self) -> u8 {
        self.lane
    }

    /// The same job about something else.
    #[cfg(feature = "std")]
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Job<U> {
        let Self { payload, scope, tenant, lane, cost, deadline } = self;
        Job { payload: change(payload), scope, tenant, lane, cost, deadline }
    }
}

impl ScopeId {
    /// Its number: 0 for the scope that was added first.
    #[cfg(feature = "std")]
    pub(crate) const fn index(self) -> usize {
        super::slab::index(self.0)
    }
}

/// A job that has its place in the queue.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pushed<T> {
    /// Its name until it is completed or removed.
    pub id: JobId,
    /// When it starts, as far as can be said; see [`Queue::push`](super::Queue::push).
    pub expected_start: Option<Timestamp>,
    /// The job that made room for it.
    pub dropped: Option<Removed<T>>,
}

/// A job whose turn it is: send it.
#[derive(Clone, Debug)]
#[must_use = "a job that is started has to be completed"]
#[non_exhaustive]
pub struct Started<T> {
    /// Which job.
    pub id: JobId,
    /// Where it is sent.
    pub scope: ScopeId,
    /// For whom.
    pub tenant: TenantId,
    /// What it is about.
    pub payload: T,
    /// What the limiter was charged.
    pub cost: Cost,
    /// Before when it is to be started, if it comes back.
    pub deadline: Option<Timestamp>,
    /// How long it was in the queue since it was pushed.
    pub waited: Duration,
}

/// A job that left the queue without being started.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Removed<T> {
    /// Which job it was.
    pub id: JobId,
    /// Where it was to be sent.
    pub scope: ScopeId,
    /// What it is about.
    pub payload: T,
    /// Why it left.
    pub why: Withdrawal,
}
