//! One limiter, and the lanes of jobs that wait for it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::time::Duration;

use super::ring::{Head, Ring};
use super::slab::index;
use crate::time::nanos;
use crate::{Cost, Decision, Limiter, Rate, Timestamp};

/// What a scope is called, how it is limited and how fast it is expected to be.
#[derive(Debug)]
pub struct Scope<L> {
    name: Arc<str>,
    limiter: L,
    rate: Option<Rate>,
    payback: Duration,
}

impl<L: Limiter> Scope<L> {
    /// Jobs that wait for `limiter`; `name` is for explanations.
    ///
    /// A scope that shall stand still while its server says so needs a
    /// [`Cooldown`](crate::limiter::Cooldown) among its limiters.
    pub fn new(name: impl Into<Arc<str>>, limiter: L) -> Self {
        Self { name: name.into(), limiter, rate: None, payback: Duration::from_millis(5) }
    }

    /// Expected to serve at this rate, in units of the dimension that shares are
    /// counted in. Only estimates go by it.
    #[must_use]
    pub const fn expecting(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// A wake-up that comes late is made up for, up to this; 5 ms if not said.
    ///
    /// The limiter is then asked about the time at which the job was due, so that
    /// the next is due when it would have been. Over any span of time the scope
    /// starts at most `rate * payback` more than its limiter allows at the real time;
    /// with zero it never does, and loses what each timer is late.
    #[must_use]
    pub const fn payback(mut self, payback: Duration) -> Self {
        self.payback = payback;
        self
    }
}

impl<L> Scope<L> {
    /// The same scope with another limiter.
    #[cfg(feature = "std")]
    pub(crate) fn map<M>(self, change: impl FnOnce(L) -> M) -> Scope<M> {
        let Self { name, limiter, rate, payback } = self;
        Scope { name, limiter: change(limiter), rate, payback }
    }
}

/// A scope at work.
#[derive(Debug)]
pub(super) struct ScopeState<L> {
    pub(super) name: Arc<str>,
    pub(super) limiter: L,
    pub(super) rate: Option<Rate>,
    payback_ns: u64,
    pub(super) gate: Gate,
    pub(super) is_paused: bool,
    /// The lane and the flow whose job the gate is closed for.
    pub(super) blocked: Option<(u8, u32)>,
    pub(super) lanes: Vec<Lane>,
    /// Whose turn it is among weighted lanes; absent where lanes are strict.
    turns: Option<Ring>,
    /// The time at which the last job was due, while others wait behind it.
    due: Option<Timestamp>,
}

/// Whether a scope can be served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Gate {
    /// It has no job that may have a turn.
    Idle,
    /// It is in the ring of those to be served.
    Ready,
    /// Not before this time.
    Until(Timestamp),
    /// Not before a job of this scope completes.
    Completion,
}

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) ring: Ring,
    pub(super) weight: NonZeroU32,
    /// Whether it has a turn among weighted lanes.
    in_turns: bool,
    /// Units that wait.
    pub(super) backlog: u64,
    /// When it got something last, or began to wait.
    since: Timestamp,
}

/// The job that goes next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) lane: u8,
    pub(super) flow: u32,
    units: u64,
    /// By the turn of its lane, and not because the lane has aged.
    by_turn: bool,
}

impl<L: Limiter> ScopeState<L> {
    pub(super) fn new(scope: Scope<L>, weights: &[NonZeroU32], is_weighted: bool) -> Self {
        let lane = |&weight| Lane {
            ring: Ring::default(),
            weight,
            in_turns: false,
            backlog: 0,
            since: Timestamp::ZERO,
        };
        Self {
            name: scope.name,
            limiter: scope.limiter,
            rate: scope.rate,
            payback_ns: nanos(scope.payback),
            gate: Gate::Idle,
            is_paused: false,
            blocked: None,
            lanes: weights.iter().map(lane).collect(),
            turns: is_weighted.then(Ring::default),
            due: None,
        }
    }

    /// Gives a flow of `lane` a turn.
    pub(super) fn join(&mut self, lane: u8, flow: u32) {
        let place = &mut self.lanes[usize::from(lane)];
        place.ring.join(flow);
        if let Some(turns) = &mut self.turns
            && !place.in_turns
        {
            place.in_turns = true;
            turns.join(u32::from(lane));
        }
    }

    /// Counts `units` more in a lane.
    pub(super) fn add(&mut self, now: Timestamp, lane: u8, units: u64) {
        let lane = &mut self.lanes[usize::from(lane)];
        if lane.backlog == 0 {
            lane.since = now;
        }
        lane.backlog = lane.backlog.saturating_add(units);
    }

    /// Chooses the job that goes next; `head` is asked about flows.
    pub(super) fn choose(
        &mut self,
        now: Timestamp,
        ageing: Option<Duration>,
        mut head: impl FnMut(u32) -> Option<Head>,
    ) -> Option<Choice> {
        let aged = ageing.and_then(|age| {
            let lanes = (0..).zip(&self.lanes);
            let aged = lanes.filter(|(_, lane)| lane.backlog > 0 && now.since(lane.since) >= age);
            aged.min_by_key(|(_, lane)| lane.since).map(|(number, _)| number)
        });
        if let Some(choice) = aged.and_then(|lane: u8| self.choose_in(lane, false, &mut head)) {
            return Some(choice);
        }
        let Some(turns) = &mut self.turns else {
            let lanes = u8::try_from(self.lanes.len()).unwrap_or(u8::MAX);
            return (0..lanes).find_map(|lane| self.choose_in(lane, true, &mut head));
        };
        let lanes = &mut self.lanes;
        let (lane, _) = turns.front(|number| {
            let lane = &mut lanes[index(number)];
            let front = lane.ring.front(&mut head);
            lane.in_turns = front.is_some();
            front.map(|(_, units)| Head { units, weight: lane.weight.get() })
        })?;
        self.choose_in(u8::try_from(lane).unwrap_or(u8::MAX), true, &mut head)
    }

    fn choose_in(
        &mut self,
        lane: u8,
        by_turn: bool,
        head: &mut impl FnMut(u32) -> Option<Head>,
    ) -> Option<Choice> {
        let (flow, units) = self.lanes[usize::from(lane)].ring.front(head)?;
        Some(Choice { lane, flow, units, by_turn })
    }

    /// Charges the lane and the tenant for the job that was chosen.
    pub(super) fn charge(&mut self, now: Timestamp, choice: &Choice) {
        let lane = &mut self.lanes[usize::from(choice.lane)];
        lane.ring.charge(choice.units);
        lane.since = now;
        if let Some(turns) = &mut self.turns
            && choice.by_turn
        {
            turns.charge(choice.units);
        }
    }

    /// Asks the limiter, about the time at which the job was due if that was a moment
    /// ago, and charges it if it admits.
    pub(super) fn acquire(&mut self, now: Timestamp, cost: &Cost) -> Decision {
        let earliest = Timestamp::from_nanos(now.as_nanos().saturating_sub(self.payback_ns));
        let mut at = self.due.map_or(now, |due| due.clamp(earliest, now));
        loop {
            match self.limiter.check(at, cost) {
                Decision::Admit => {
                    self.limiter.commit(at, cost);
                    self.due = self.due.map(|_| at);
                    return Decision::Admit;
                }
                // The job was due at a time that has passed as well. A limiter that
                // names no later time breaks its contract.
                Decision::WaitUntil(time) if at < now && time <= now => {
                    at = if time > at { time } else { now };
                }
                Decision::WaitUntil(time) => {
                    let next = Timestamp::from_nanos(now.as_nanos().saturating_add(1));
                    let time = time.max(next);
                    self.due = Some(time);
                    return Decision::WaitUntil(time);
                }
                other => {
                    self.on_time();
                    return other;
                }
            }
        }
    }

    /// Forgets lateness: what follows is due when it is asked for.
    pub(super) const fn on_time(&mut self) {
        self.due = None;
    }
}
