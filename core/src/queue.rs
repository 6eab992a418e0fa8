//! Which of many waiting jobs is sent next.
//!
//! A line serves calls in the order in which they came. A queue is for work that is
//! more than its quota for minutes or hours: jobs of several tenants, of several
//! urgencies, for several servers. It decides in four steps:
//!
//! 1. **Scope**: each limiter has jobs of its own. Scopes that may send take turns;
//!    one that cools down is asked again when its limiter said, and nobody else
//!    waits for it.
//! 2. **Lane**: the most urgent first, or in proportion to weights; with ageing.
//! 3. **Tenant**: deficit round robin, in units of cost, in proportion to weights.
//! 4. **Job**: first in first out, or the earliest deadline.
//!
//! The job that these choose is asked for at its limiter, and keeps its turn until it
//! is admitted: a job that is larger than the others is not overtaken by small ones
//! of its lane. Only a more urgent lane passes it.
//!
//! # Fairness
//!
//! While two tenants both have jobs in one lane of one scope and are below their
//! caps, what each was served, divided by its weight, differs by at most `3 * max`
//! between any two times, where `max` is the largest cost of a job then in the lane.
//! (Shreedhar and Varghese 1995, theorem 2: `Q + max / w_i + max / w_j` with a
//! quantum `Q`, which is here at most `max`.) Choosing takes constant work on average,
//! and the trees that keep places add `O(log n)`; only the estimate of a start looks at
//! each tenant of the scope.

mod completion;
mod config;
mod control;
mod dispatch;
mod estimate;
mod flow;
mod inspect;
mod job;
mod push;
mod rejected;
mod ring;
mod scope;
mod slab;
mod tally;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::num::NonZeroU32;

use self::flow::{Flow, Member, Tenant};
use self::scope::ScopeState;
use self::slab::Slab;
use crate::{InvalidConfig, Limiter, Timestamp};

pub use self::{
    config::{Order, Overflow, QueueConfig},
    control::Left,
    dispatch::Next,
    inspect::{Hold, JobState, Stall, Turn},
    job::{Job, JobId, Pushed, Removed, ScopeId, Started, TenantId},
    rejected::{Rejected, Rejection, Withdrawal},
    scope::Scope,
    tally::Tally,
};

/// Jobs that wait for their limiters, and who of them goes next.
///
/// A state machine: no method blocks, reads a clock or does I/O. A driver pushes
/// jobs, asks [`next`](Self::next) until that says to wait, sends what was started
/// and reports with [`complete`](Self::complete) or [`retry`](Self::retry).
///
/// Tenants and scopes are for good: what is kept of one that has no jobs is about a
/// hundred bytes for each lane and scope that it used.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::Gcra;
/// use forbear_core::queue::{Job, Next, Queue, QueueConfig, Scope};
/// use forbear_core::{Observation, Timestamp};
///
/// let mut queue = Queue::new(QueueConfig::new());
/// let rate = "1/s".parse()?;
/// let api = queue.add_scope(Scope::new("api", Gcra::per(rate)).expecting(rate));
/// let [ann, bob] = [queue.add_tenant(1)?, queue.add_tenant(1)?];
///
/// let now = Timestamp::ZERO;
/// for payload in ["ann 1", "ann 2"] {
///     queue.push(now, Job::new(api, ann, payload)).unwrap();
/// }
/// queue.push(now, Job::new(api, bob, "bob 1")).unwrap();
///
/// let Next::Start(first) = queue.next(now) else { panic!("the limiter is unused") };
/// assert_eq!(first.payload, "ann 1");
/// let in_1_s = Timestamp::from_nanos(1_000_000_000);
/// assert!(matches!(queue.next(now), Next::Wait(Some(time)) if time == in_1_s));
/// let Next::Start(second) = queue.next(in_1_s) else { panic!("a second is over") };
/// assert_eq!(second.payload, "bob 1");
/// queue.complete(in_1_s, first.id, Observation::SUCCESS);
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Debug)]
pub struct Queue<T, L = Box<dyn Limiter>> {
    config: QueueConfig,
    jobs: Slab<T>,
    /// Places of the jobs that wait, lane by lane, with their slots.
    places: Vec<BTreeMap<u64, u32>>,
    scopes: Vec<ScopeState<L>>,
    tenants: Vec<Tenant>,
    flows: Vec<Flow>,
    flow_of: BTreeMap<(u32, u32, u8), u32>,
    members: Vec<Member>,
    member_of: BTreeMap<(u32, u32), u32>,
    /// The scopes that may send, in turn.
    ready: VecDeque<u32>,
    timers: BTreeSet<(Timestamp, Timer)>,
    next_seq: u64,
    is_paused: bool,
    is_draining: bool,
    tally: Tally,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Timer {
    /// A scope opens.
    Scope(u32),
    /// A retry is no longer hidden.
    Job(JobId),
}

impl<T, L: Limiter> Queue<T, L> {
    /// An empty queue without scopes and tenants.
    #[must_use]
    pub fn new(config: QueueConfig) -> Self {
        let places = config.lane_weights().iter().map(|_| BTreeMap::new()).collect();
        Self {
            config,
            jobs: Slab::new(),
            places,
            scopes: Vec::new(),
            tenants: Vec::new(),
            flows: Vec::new(),
            flow_of: BTreeMap::new(),
            members: Vec::new(),
            member_of: BTreeMap::new(),
            ready: VecDeque::new(),
            timers: BTreeSet::new(),
            next_seq: 0,
            is_paused: false,
            is_draining: false,
            tally: Tally::default(),
        }
    }

    /// Adds a scope.
    pub fn add_scope(&mut self, scope: Scope<L>) -> ScopeId {
        let is_weighted = matches!(self.config.lanes, config::LaneOrder::Weighted(_));
        self.scopes.push(ScopeState::new(scope, &self.config.lane_weights(), is_weighted));
        ScopeId(number(self.scopes.len() - 1))
    }

    /// Adds a tenant of this weight.
    ///
    /// # Errors
    ///
    /// If the weight is 0.
    pub fn add_tenant(&mut self, weight: u32) -> Result<TenantId, InvalidConfig> {
        let weight = positive("weight", weight)?;
        self.tenants.push(Tenant { weight, cap: None });
        Ok(TenantId(number(self.tenants.len() - 1)))
    }
}

/// The number of a tenant, scope or flow.
fn number(index: usize) -> u32 {
    u32::try_from(index).expect("a queue has less than 2^32 tenants, scopes and flows")
}

fn positive(parameter: &'static str, value: u32) -> Result<NonZeroU32, InvalidConfig> {
    NonZeroU32::new(value).ok_or_else(|| InvalidConfig::new(parameter, value, "at least 1"))
}
