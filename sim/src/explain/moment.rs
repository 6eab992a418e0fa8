//! How things stand at a moment of a run.

use std::collections::BTreeMap;

use forbear_core::{Decision, Timestamp};
use serde::Serialize;

use super::Reason;
use super::chronicle::{Chronicle, Latest};
use crate::fact::Fact;
use crate::scenario::LimitSpec;
use crate::world::World;

/// Examples that are named of each group.
const EXAMPLES: usize = 3;

/// Who waits for what at a moment, what is under way, and what the limits have left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moment {
    /// When, in ns.
    pub at_ns: u64,
    /// Events that happened until then.
    pub events: u64,
    /// How many calls are where.
    pub calls: Counts,
    /// Who waits, by reason.
    pub waiting: Vec<Waiting>,
    /// What is under way, by stage.
    pub in_flight: Vec<Flight>,
    /// What the limiters of the clients say of the next request, by limiter and answer.
    pub limiters: Vec<LimiterSays>,
    /// What each limit of the server has left.
    pub server: Vec<ServerLimit>,
    /// The workers of the server and the queue before them, if it has a number of them.
    pub queue: Option<ServerQueue>,
}

/// How many calls are where.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Counts {
    /// Not wanted yet.
    pub to_come: u64,
    /// Waiting, for whatever reason.
    pub waiting: u64,
    /// Sent and not answered.
    pub in_flight: u64,
    /// Over, with success.
    pub succeeded: u64,
    /// Over, without.
    pub failed: u64,
}

/// Calls that wait for the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiting {
    /// What for.
    #[serde(flatten)]
    pub reason: Reason,
    /// How many.
    pub count: u64,
    /// When the first and the last of these waits are over, in ns, where a time is named.
    pub until_ns: Option<(u64, u64)>,
    /// The first of them.
    pub examples: Vec<WaitingCall>,
}

/// A call that waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct WaitingCall {
    /// Its number, counted from 0.
    pub call: u32,
    /// Its client, counted from 0.
    pub client: u32,
    /// Attempts that it has made.
    pub attempts: u32,
    /// Since when, in ns.
    pub since_ns: u64,
    /// Until when, in ns, where a time is named.
    pub until_ns: Option<u64>,
}

/// Requests that are equally far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flight {
    /// How far.
    pub stage: Stage,
    /// How many.
    pub count: u64,
    /// The numbers of the first calls, counted from 0, with the time since which they are.
    pub examples: Vec<(u32, u64)>,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// On its way to the server.
    ToServer,
    /// At the server.
    AtServer,
    /// Its answer is on its way.
    ToClient,
    /// Its answer is lost, and its client waits in vain.
    Lost,
}

/// What the limiters of this name say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LimiterSays {
    /// The name.
    pub limiter: &'static str,
    /// Which of the limiters of this name in the policy, counted from 1.
    pub number: usize,
    /// What they say.
    pub says: Opinion,
    /// How many clients they are of.
    pub clients: u64,
    /// The first and the last time until which they say to wait, in ns.
    pub until_ns: Option<(u64, u64)>,
}

/// What a limiter says.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Opinion {
    /// Send.
    Admits,
    /// Wait until a time.
    Waits,
    /// Wait until another request ends.
    WaitsForCompletion,
    /// Never, or not now.
    Refuses,
}

/// What a limit of the server has left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServerLimit {
    /// The limit, as a title of a few words.
    pub title: String,
    /// What it allows at once, in units.
    pub limit: u64,
    /// Units left of that.
    pub left: u64,
    /// When all of it is there again, in ns from then; `None` where that depends on others.
    pub resets_in_ns: Option<u64>,
}

/// The workers of a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct ServerQueue {
    /// Workers that are busy.
    pub busy: u32,
    /// Workers in all.
    pub workers: u32,
    /// Requests that wait for one.
    pub waiting: u32,
}

impl World<'_> {
    /// How things stand, `at` being no earlier than the last event.
    pub(crate) fn moment(&mut self, at: u64) -> Moment {
        let now = Timestamp::from_nanos(at);
        let mut gathered = Gathered::default();
        if let Some(chronicle) = self.probe().and_then(|probe| probe.chronicle.as_ref()) {
            gathered.take(chronicle, self, at);
        }
        let titles = self.scenario().server().limits().iter().map(LimitSpec::title);
        let titles: Vec<String> = titles.collect();
        let states = self.server_mut().limit_states(at);
        let server = titles.into_iter().zip(states).map(|(title, state)| ServerLimit {
            title,
            limit: state.limit,
            left: state.left,
            resets_in_ns: state.resets_in_ns,
        });
        let server = server.collect();
        let queue = self.server_mut().queue_state(at);
        Moment {
            at_ns: at,
            events: self.events(),
            calls: gathered.counts,
            waiting: gathered.waiting.into_values().collect(),
            in_flight: gathered.in_flight.into_values().collect(),
            limiters: opinions(self, now),
            server,
            queue: queue.map(|(busy, waiting, workers)| ServerQueue { busy, workers, waiting }),
        }
    }
}

#[derive(Debug, Default)]
struct Gathered {
    counts: Counts,
    waiting: BTreeMap<Reason, Waiting>,
    in_flight: BTreeMap<Stage, Flight>,
}

impl Gathered {
    fn take(&mut self, chronicle: &Chronicle, world: &World<'_>, at: u64) {
        for (call, latest) in (0_u32..).zip(&chronicle.latest) {
            let Some(latest) = latest else {
                self.counts.to_come += 1;
                continue;
            };
            match latest.fact {
                Fact::Ended { end: Ok(()), .. } => self.counts.succeeded += 1,
                Fact::Ended { .. } | Fact::CutOff { .. } => self.counts.failed += 1,
                Fact::Wanted { .. } => self.waits(call, latest, Reason::Caller, None, world),
                Fact::Waits { until, reason, .. } => {
                    let until = until.map(Timestamp::as_nanos);
                    self.waits(call, latest, reason.into(), until, world);
                }
                fact => {
                    let stage = match fact {
                        Fact::Decided { is_lost: true, .. } => Stage::Lost,
                        Fact::Decided { leaves_at, .. } if leaves_at > at => Stage::AtServer,
                        Fact::Decided { .. } | Fact::Written { .. } => Stage::ToClient,
                        _ => Stage::ToServer,
                    };
                    self.counts.in_flight += 1;
                    let empty = Flight { stage, count: 0, examples: Vec::new() };
                    let flight = self.in_flight.entry(stage).or_insert(empty);
                    flight.count += 1;
                    if flight.examples.len() < EXAMPLES {
                        flight.examples.push((call, latest.since));
                    }
                }
            }
        }
    }

    fn waits(
        &mut self,
        call: u32,
        latest: &Latest,
        reason: Reason,
        until: Option<u64>,
        world: &World<'_>,
    ) {
        self.counts.waiting += 1;
        let empty = Waiting { reason, count: 0, until_ns: None, examples: Vec::new() };
        let group = self.waiting.entry(reason).or_insert(empty);
        group.count += 1;
        group.until_ns = spread(group.until_ns, until);
        if group.examples.len() < EXAMPLES {
            let (client, attempts) = world.whose(call);
            let (since_ns, until_ns) = (latest.since, until);
            group.examples.push(WaitingCall { call, client, attempts, since_ns, until_ns });
        }
    }
}

/// What the limiters of all clients say of the request that is next, by limiter and answer.
fn opinions(world: &World<'_>, now: Timestamp) -> Vec<LimiterSays> {
    // In the order in which a policy names its limiters.
    let mut groups = Vec::<LimiterSays>::new();
    let (mut last, mut said) = (None, Vec::new());
    world.verdicts(now, &mut |process, limiter, decision| {
        if last.replace(process) != Some(process) {
            said.clear();
        }
        said.push(limiter);
        let number = said.iter().filter(|name| **name == limiter).count();
        let (says, until) = match decision {
            Decision::Admit => (Opinion::Admits, None),
            Decision::WaitUntil(time) => (Opinion::Waits, Some(time.as_nanos())),
            Decision::WaitForCompletion => (Opinion::WaitsForCompletion, None),
            Decision::Refuse(_) => (Opinion::Refuses, None),
        };
        let is_mine = |group: &&mut LimiterSays| {
            (group.limiter, group.number, group.says) == (limiter, number, says)
        };
        if let Some(group) = groups.iter_mut().find(is_mine) {
            group.clients += 1;
            group.until_ns = spread(group.until_ns, until);
        } else {
            let until_ns = spread(None, until);
            groups.push(LimiterSays { limiter, number, says, clients: 1, until_ns });
        }
    });
    groups
}

/// The first and the last time, with one more.
fn spread(before: Option<(u64, u64)>, time: Option<u64>) -> Option<(u64, u64)> {
    match (before, time) {
        (Some((first, last)), Some(time)) => Some((first.min(time), last.max(time))),
        (before, time) => before.or(time.map(|time| (time, time))),
    }
}
