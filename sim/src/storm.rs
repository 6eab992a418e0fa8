//! What befalls the clients, whatever their policy.
//!
//! A function of the seed alone, so that every policy meets the same calls at the same
//! times with the same luck. What a run needs in order, the times of calls that arrive by
//! themselves, is drawn before it; the rest of a call is found when it is wanted, so that
//! a storm takes no memory for calls of which there is nothing to say.

mod arrivals;
mod group;

use forbear_core::{Cost, Dimension};

pub(crate) use self::group::Group;
use crate::rng::{Keys, Luck, Purpose};
use crate::scenario::{Answer, Sampler, Scenario};
use crate::server::Request;

/// The calls of one seed.
#[derive(Debug)]
pub(crate) struct Storm {
    /// The groups of clients, the main one first; each goes on where the last one ends.
    groups: Vec<Group>,
    keys: Keys,
    /// The calls that arrive at a time of their own, in the order of these times.
    pub(crate) order: Vec<u32>,
}

/// What was recorded of the server's work on a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// How long it worked, in ns, where that is known.
    pub(crate) service_ns: Option<u64>,
    /// What it answers.
    pub(crate) status: u16,
}

/// What the calls of a client are in the queue of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tenancy {
    pub(crate) weight: u32,
    pub(crate) lane: u8,
    /// How long after it is wanted a call is to be sent first, in ns.
    pub(crate) start_within: Option<u64>,
}

/// A call, as the seed has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) client: u32,
    /// When it is wanted; `None` where that depends on the end of another, in ns.
    pub(crate) arrives_at: Option<u64>,
    /// What it may cost at most.
    pub(crate) reserved: Cost,
}

impl Storm {
    /// The storm of `seed`.
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Self {
        let keys = Keys::of(seed);
        let mut groups = Vec::<Group>::new();
        for spec in scenario.groups() {
            groups.push(Group::new(spec, groups.last(), keys, seed));
        }
        let mut storm = Self { groups, keys, order: Vec::new() };
        let mut order = Vec::with_capacity(storm.groups.iter().map(Group::timed_calls).sum());
        for call in 0..storm.calls() {
            let at = storm.arrival(call);
            if at < u64::MAX {
                order.push((at, call));
            }
        }
        order.sort_unstable();
        storm.order = order.into_iter().map(|(_, call)| call).collect();
        storm
    }

    /// How many clients there are; their numbers begin at 0.
    pub(crate) fn clients(&self) -> u32 {
        self.groups.last().map_or(0, |group| group.clients.end)
    }

    /// How many calls there are; their numbers begin at 0, those of a client one after
    /// another.
    pub(crate) fn calls(&self) -> u32 {
        self.groups.last().map_or(0, |group| group.calls.end)
    }

    /// The groups of clients, by their numbers.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group of `client`.
    pub(crate) fn group_of(&self, client: u32) -> &Group {
        self.last_that(|group| group.clients.start <= client)
    }

    /// What the calls of `client` are in the queue of a process.
    pub(crate) fn tenancy(&self, client: u32) -> Tenancy {
        self.group_of(client).tenancy(client)
    }

    /// The client that makes `call`.
    pub(crate) fn client_of(&self, call: u32) -> u32 {
        self.group_with(call).client_of(call)
    }

    /// What is to be said of `call`.
    pub(crate) fn planned(&self, call: u32) -> Planned {
        let arrives_at = Some(self.arrival(call)).filter(|&at| at < u64::MAX);
        let (reserved, _) = *self.costs(call);
        Planned { client: self.client_of(call), arrives_at, reserved }
    }

    /// What `call` may cost at most, and what it does cost.
    pub(crate) fn costs(&self, call: u32) -> &(Cost, Cost) {
        self.group_with(call).costs(call)
    }

    /// The luck of attempt `attempt` of `call`, which `client` makes.
    pub(crate) fn luck(&self, client: u32, call: u32, attempt: u32) -> Luck {
        Luck::new(self.key(client, call), attempt)
    }

    /// What the server sees of attempt `attempt` of `call`, which `client` makes.
    pub(crate) fn request(&self, client: u32, call: u32, attempt: u32) -> Request<'_> {
        let group = self.group_with(call);
        let (reserved, actual) = group.costs(call);
        let luck = self.luck(client, call, attempt);
        Request { reserved, actual, luck, script: group.script(call) }
    }

    /// Whether recorded answers are to be repeated.
    pub(crate) fn has_answers(&self) -> bool {
        self.groups.iter().any(Group::has_answers)
    }

    /// What attempt `attempt` of `call` was answered if it reached the server about `now`,
    /// in ns.
    pub(crate) fn answer(&self, now: u64, call: u32, attempt: u32) -> Option<Answer> {
        self.group_with(call).answer(now, call, attempt)
    }

    /// How long the caller of `client` thinks before `call`, in ns.
    pub(crate) fn thinking(&self, think: &Sampler, client: u32, call: u32) -> u64 {
        thinking(think, self.key(client, call))
    }

    /// Units that all calls take in `dimension`: reserved, and used.
    pub(crate) fn units(&self, dimension: Dimension) -> (u64, u64) {
        self.groups.iter().fold((0, 0), |(reserved, used), group| {
            let units = group.units(dimension);
            (reserved + units.0, used + units.1)
        })
    }

    /// Units that the `calls` cheapest calls take in `dimension`: reserved, and used.
    pub(crate) fn least_units(&self, dimension: Dimension, calls: u64) -> (u64, u64) {
        if calls >= u64::from(self.calls()) {
            return self.units(dimension);
        }
        if self.groups.iter().all(Group::is_plain) {
            let units = calls * u64::from(Cost::REQUEST.get(dimension));
            return (units, units);
        }
        let calls = usize::try_from(calls).unwrap_or(usize::MAX);
        let least = |units: fn(&(Cost, Cost)) -> &Cost| {
            let mut units: Vec<u64> = (0..self.calls())
                .map(|call| u64::from(units(self.costs(call)).get(dimension)))
                .collect();
            units.sort_unstable();
            units.iter().take(calls).sum()
        };
        (least(|(reserved, _)| reserved), least(|(_, actual)| actual))
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
        self.group_with(call).arrival(call, self.keys)
    }

    fn key(&self, client: u32, call: u32) -> u64 {
        self.keys.key(client, call - self.group_of(client).first_call(client))
    }

    fn group_with(&self, call: u32) -> &Group {
        self.last_that(|group| group.calls.start <= call)
    }

    /// The last group that has begun; most storms have one.
    fn last_that(&self, has_begun: impl Fn(&Group) -> bool) -> &Group {
        match self.groups.as_slice() {
            [only] => only,
            several => &several[several.partition_point(has_begun).saturating_sub(1)],
        }
    }
}

/// How long the caller thinks before the call with this key, in ns.
fn thinking(think: &Sampler, key: u64) -> u64 {
    think.sample(Luck::new(key, 0).word(Purpose::Think))
}
