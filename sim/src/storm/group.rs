//! Clients that the scenario describes in the same words.

use std::ops::Range;

use forbear_core::{Cost, Dimension};

use super::{Script, Tenancy, arrivals, thinking};
use crate::rng::{Keys, Luck, Stream, StreamRng};
use crate::scenario::{Answer, ArrivalsSpec, ClientsSpec, CostSpec, RecordedSpec, Sampler, nanos};

/// What a call costs that is one request and nothing else.
const PLAIN: (Cost, Cost) = (Cost::REQUEST, Cost::REQUEST);

/// The clients of a group and their calls.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its place among the groups; the main one is 0.
    pub(crate) number: u32,
    pub(crate) clients: Range<u32>,
    /// Their calls, those of a client one after another.
    pub(crate) calls: Range<u32>,
    /// Calls that each client makes.
    pub(crate) calls_each: u32,
    /// Calls that each client has under way at once, at most.
    pub(crate) callers: u32,
    /// How long a client waits for an answer, in ns.
    pub(crate) timeout: Option<u64>,
    /// How long a caller thinks between two calls, where it is one that does.
    pub(crate) think: Option<Sampler>,
    /// What the clients weigh in the queue of a gateway, in turn; empty where all weigh 1.
    weights: Vec<u32>,
    lane: u8,
    start_within: Option<u64>,
    /// When each call is wanted, in ns; empty where callers think.
    times: Vec<u64>,
    /// What each call may cost at most, and what it does cost; empty where all are [`PLAIN`].
    costs: Vec<(Cost, Cost)>,
    /// What the server does to each call; empty unless it was recorded.
    scripts: Vec<Script>,
    /// What the attempts of each call were answered; empty unless it is to be repeated.
    answers: Vec<Vec<Answer>>,
    /// How far an attempt may be from the recorded one to be answered so again, in ns.
    within_ns: u64,
}

impl Group {
    /// The group that comes after `previous`.
    pub(super) fn new(
        (clients, arrivals, cost): (&ClientsSpec, &ArrivalsSpec, &CostSpec),
        previous: Option<&Self>,
        keys: Keys,
        seed: u64,
    ) -> Self {
        let (number, client, call) = previous
            .map_or((0, 0, 0), |group| (group.number + 1, group.clients.end, group.calls.end));
        // A scenario has some millions of calls at most.
        let calls = u32::try_from(clients.calls_in_all()).unwrap_or(u32::MAX);
        let mut group = Self {
            number,
            clients: client..client.saturating_add(clients.count()),
            calls: call..call.saturating_add(calls),
            calls_each: clients.calls(),
            callers: clients.callers().unwrap_or(u32::MAX),
            timeout: clients.timeout().map(nanos),
            think: arrivals.think(),
            weights: clients.weights(),
            lane: clients.lane(),
            start_within: clients.start_within().map(nanos),
            times: Vec::new(),
            costs: Vec::new(),
            scripts: Vec::new(),
            answers: Vec::new(),
            within_ns: 0,
        };
        if group.think.is_none() {
            for client in group.clients.clone() {
                let mut words = StreamRng::of(seed, Stream::Arrivals(client));
                group.times.extend(arrivals::times(arrivals, clients.calls(), &mut words));
            }
        }
        if let ArrivalsSpec::Recorded(recorded) = arrivals {
            group.tell(recorded);
        } else if !cost.is_plain() {
            let price = cost.price();
            let each = group.clients.clone().flat_map(|client| {
                let keys = (0..clients.calls()).map(move |index| keys.key(client, index));
                keys.map(|key| price.draw(Luck::price(key)))
            });
            group.costs = each.collect();
        }
        group
    }

    /// Puts what was recorded of calls in the place of what would be drawn for them.
    fn tell(&mut self, recorded: &RecordedSpec) {
        let calls = 0..self.calls.len();
        if let Some(answers) = &recorded.answers {
            self.answers = calls.clone().map(|index| answers.of(index)).collect();
            self.within_ns = answers.within_ns();
        }
        self.costs = calls.clone().map(|index| recorded.costs(index)).collect();
        self.scripts = calls
            .map(|index| Script {
                service_ns: recorded.service_ns.get(index).copied().filter(|&ns| ns > 0),
                status: recorded.status.get(index).copied().unwrap_or(200),
            })
            .collect();
    }

    /// What the calls of `client` are in the queue of a process.
    pub(super) fn tenancy(&self, client: u32) -> Tenancy {
        let place = (client - self.clients.start) as usize;
        let weight = self.weights.get(place % self.weights.len().max(1));
        let (lane, start_within) = (self.lane, self.start_within);
        Tenancy { weight: weight.copied().unwrap_or(1), lane, start_within }
    }

    /// The first call of `client`.
    pub(crate) const fn first_call(&self, client: u32) -> u32 {
        self.calls.start + (client - self.clients.start) * self.calls_each
    }

    pub(super) const fn client_of(&self, call: u32) -> u32 {
        self.clients.start + (call - self.calls.start) / self.calls_each
    }

    pub(super) fn costs(&self, call: u32) -> &(Cost, Cost) {
        self.costs.get((call - self.calls.start) as usize).unwrap_or(&PLAIN)
    }

    pub(super) fn script(&self, call: u32) -> Option<Script> {
        self.scripts.get((call - self.calls.start) as usize).copied()
    }

    /// Whether recorded answers are to be repeated.
    pub(super) const fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }

    /// What attempt `attempt` of `call` was answered if it reached the server about `now`,
    /// in ns.
    pub(super) fn answer(&self, now: u64, call: u32, attempt: u32) -> Option<Answer> {
        let answers = self.answers.get((call - self.calls.start) as usize)?;
        let answer = answers.get(usize::try_from(attempt.checked_sub(1)?).ok()?)?;
        (answer.at.abs_diff(now) <= self.within_ns).then_some(*answer)
    }

    /// Whether each of its calls is one request and nothing else.
    pub(super) const fn is_plain(&self) -> bool {
        self.costs.is_empty()
    }

    /// How many of its calls may have a time of their own.
    pub(super) fn timed_calls(&self) -> usize {
        match self.think {
            Some(_) => self.clients.len() * self.callers.min(self.calls_each) as usize,
            None => self.calls.len(),
        }
    }

    /// When `call` arrives; the end of time if it has no time of its own, in ns.
    pub(super) fn arrival(&self, call: u32, keys: Keys) -> u64 {
        let Some(think) = &self.think else {
            return self.times.get((call - self.calls.start) as usize).copied().unwrap_or(u64::MAX);
        };
        let client = self.client_of(call);
        let index = call - self.first_call(client);
        // A caller that thinks does so before its first call too.
        if index < self.callers { thinking(think, keys.key(client, index)) } else { u64::MAX }
    }

    /// Units that all its calls take in `dimension`: reserved, and used.
    pub(super) fn units(&self, dimension: Dimension) -> (u64, u64) {
        if self.is_plain() {
            let units = self.calls.len() as u64 * u64::from(Cost::REQUEST.get(dimension));
            return (units, units);
        }
        self.costs.iter().fold((0, 0), |(reserved, used), costs| {
            let units = |cost: &Cost| u64::from(cost.get(dimension));
            (reserved + units(&costs.0), used + units(&costs.1))
        })
    }
}
