//! What befalls the clients, whatever their policy.
//!
//! Drawn from the seed alone and before the run, so that every policy meets the
//! same calls at the same times with the same luck.

mod arrivals;

use forbear_core::{Cost, Dimension};

use crate::rng::{Keys, Luck, Purpose, Stream, StreamRng};
use crate::scenario::{ArrivalsSpec, RecordedSpec, Sampler, Scenario, nanos};
use crate::server::Request;

/// The calls of one seed.
#[derive(Debug)]
pub(crate) struct Storm {
    pub(crate) clients: Vec<Caller>,
    /// The calls, those of a client one after another.
    pub(crate) calls: Vec<Planned>,
    /// The calls that arrive at a time of their own, in the order of these times.
    pub(crate) order: Vec<u32>,
    /// What the server does to each call; empty unless it was recorded.
    pub(crate) scripts: Vec<Script>,
}

/// What was recorded of the server's work on a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// How long it worked, in ns, where that is known.
    pub(crate) service_ns: Option<u64>,
    /// What it answers.
    pub(crate) status: u16,
}

impl Script {
    /// Of a call of which nothing was recorded.
    const UNKNOWN: Self = Self { service_ns: None, status: 200 };
}

/// A client, as the scenario has it.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The group that it is in; the main one is 0.
    pub(crate) group: u32,
    /// Calls under way at once, at most.
    pub(crate) callers: u32,
    /// How long it waits for an answer, in ns.
    pub(crate) timeout: Option<u64>,
    /// How long a caller thinks between two calls, where it is one that does.
    pub(crate) think: Option<Sampler>,
    /// Its calls are `first..end`.
    pub(crate) first: u32,
    pub(crate) end: u32,
}

/// A call, as the seed has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) client: u32,
    /// When it is wanted; `None` where that depends on the end of another, in ns.
    pub(crate) arrives_at: Option<u64>,
    /// What it may cost at most.
    pub(crate) reserved: Cost,
    /// What it does cost.
    pub(crate) actual: Cost,
    /// The key of its luck.
    pub(crate) key: u64,
}

impl Planned {
    /// What the server sees of an attempt.
    pub(crate) const fn request(&self, attempt: u32, script: Option<Script>) -> Request<'_> {
        let luck = Luck::new(self.key, attempt);
        Request { reserved: &self.reserved, actual: &self.actual, luck, script }
    }
}

impl Storm {
    /// The storm of `seed`.
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut storm =
            Self { clients: Vec::new(), calls: Vec::new(), order: Vec::new(), scripts: Vec::new() };
        let keys = Keys::of(seed);
        for (group, (clients, arrivals, cost)) in (0..).zip(scenario.groups()) {
            let price = cost.price();
            let think = match arrivals {
                ArrivalsSpec::Closed { think } => Some(think.sampler()),
                _ => None,
            };
            for _ in 0..clients.count() {
                let client = count(storm.clients.len());
                let mut times = StreamRng::of(seed, Stream::Arrivals(client));
                let callers = clients.callers().unwrap_or(u32::MAX);
                let times = arrivals::times(arrivals, clients.calls(), callers, &mut times);
                let first = count(storm.calls.len());
                storm.calls.extend((0..).zip(times).map(|(index, arrives_at)| {
                    let key = keys.key(client, index);
                    let (reserved, actual) = price.draw(Luck::price(key));
                    // A caller that thinks does so before its first call too.
                    let thought = think.as_ref().map_or(0, |think| thinking(think, key));
                    let arrives_at = arrives_at.map(|at| at.saturating_add(thought));
                    Planned { client, arrives_at, reserved, actual, key }
                }));
                if let ArrivalsSpec::Recorded(recorded) = arrivals {
                    storm.tell(recorded, first as usize);
                }
                let timeout = clients.timeout().map(nanos);
                let end = count(storm.calls.len());
                let think = think.clone();
                storm.clients.push(Caller { group, callers, timeout, think, first, end });
            }
        }
        storm.sort();
        storm
    }

    /// Puts what was recorded of calls in the place of what was drawn for them, from call
    /// `first` on.
    fn tell(&mut self, recorded: &RecordedSpec, first: usize) {
        self.scripts.resize(self.calls.len(), Script::UNKNOWN);
        for (index, call) in self.calls[first..].iter_mut().enumerate() {
            (call.reserved, call.actual) = recorded.costs(index);
            let service_ns = recorded.service_ns.get(index).copied().filter(|&ns| ns > 0);
            let status = recorded.status.get(index).copied().unwrap_or(Script::UNKNOWN.status);
            self.scripts[first + index] = Script { service_ns, status };
        }
    }

    /// What was recorded of the server's work on `call`, if anything was.
    pub(crate) fn script(&self, call: u32) -> Option<Script> {
        self.scripts.get(call as usize).copied()
    }

    /// Units that all calls take in `dimension`: reserved, and used.
    pub(crate) fn units(&self, dimension: Dimension) -> (u64, u64) {
        self.calls.iter().fold((0, 0), |(reserved, used), call| {
            let units = |cost: &Cost| u64::from(cost.get(dimension));
            (reserved + units(&call.reserved), used + units(&call.actual))
        })
    }

    /// Units that the `calls` cheapest calls take in `dimension`: reserved, and used.
    pub(crate) fn least_units(&self, dimension: Dimension, calls: u64) -> (u64, u64) {
        let calls = usize::try_from(calls).unwrap_or(usize::MAX);
        if calls >= self.calls.len() {
            return self.units(dimension);
        }
        let least = |units: fn(&Planned) -> &Cost| {
            let mut units: Vec<u64> =
                self.calls.iter().map(|call| u64::from(units(call).get(dimension))).collect();
            units.sort_unstable();
            units.iter().take(calls).sum()
        };
        (least(|call| &call.reserved), least(|call| &call.actual))
    }

    /// When the first call arrives, in ns.
    pub(crate) fn first_arrival(&self) -> u64 {
        self.order.first().map_or(0, |&call| self.arrival(call))
    }

    /// When the last call arrives that has a time of its own, in ns.
    pub(crate) fn last_arrival(&self) -> u64 {
        self.order.last().map_or(0, |&call| self.arrival(call))
    }

    /// When `call` arrives; the end of time if it has no time of its own, in ns.
    pub(crate) fn arrival(&self, call: u32) -> u64 {
        self.calls[call as usize].arrives_at.unwrap_or(u64::MAX)
    }

    fn sort(&mut self) {
        let all = 0..count(self.calls.len());
        self.order = all.filter(|&call| self.arrival(call) < u64::MAX).collect();
        let mut order = std::mem::take(&mut self.order);
        order.sort_unstable_by_key(|&call| (self.arrival(call), call));
        self.order = order;
    }
}

/// How long the caller thinks before the call with this key, in ns.
pub(crate) fn thinking(think: &Sampler, key: u64) -> u64 {
    think.sample(Luck::new(key, 0).word(Purpose::Think))
}

/// A number of things, of which a scenario has at most a million.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
