//! A scenario's calls and its server, for a client and a server of one's own.
//!
//! The simulator runs both ends. A [`Stage`] is one end alone: behind a real HTTP server it
//! answers as the scenario's server would, with real header fields, at whatever clock one
//! has. It is what the second arm of this crate's conformance test is built on, and what a
//! test of a client's own can be.

use std::time::Duration;

use forbear_core::{Cost, Policy, Timestamp};
use http::HeaderMap;

use crate::scenario::{Exchange, Network, Scenario};
use crate::server::{Server, WrittenAt, wire_headers, wire_headers_at};
use crate::storm::Storm;

/// The calls of a seed, the network between, and the server that they go to.
///
/// Clients that restart are left out, which is the client's part, and so is a quota that
/// clients share.
///
/// # Examples
///
/// ```
/// use forbear_core::Timestamp;
/// use forbear_sim::{Scenario, Stage};
///
/// let scenario = Scenario::named("retry-after-herd")?;
/// let mut stage = Stage::new(&scenario, 1);
/// let first = stage.calls()[0];
/// let (there, _) = stage.round_trip(first.call, 1);
/// let reply = stage.arrive(first.at.unwrap().after(there), first.call, 1);
/// assert_eq!(reply.status, 200);
/// # Ok::<(), forbear_sim::ScenarioError>(())
/// ```
#[derive(Debug)]
pub struct Stage {
    scenario: Scenario,
    storm: Storm,
    server: Server,
    network: Network,
}

/// A call that is to be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StagedCall {
    /// Its number, counted from 0 over all clients.
    pub call: u32,
    /// The client that makes it, counted from 0.
    pub client: u32,
    /// The group of that client; 0 is the main one.
    pub group: u32,
    /// When it is wanted; `None` where a caller thinks first, after its last call.
    pub at: Option<Timestamp>,
    /// What it reserves.
    pub cost: Cost,
    /// Calls that its client has under way at once, at most.
    pub callers: u32,
    /// How long its client waits for an answer.
    pub timeout: Option<Duration>,
}

/// What the server answers.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StagedReply {
    /// The status.
    pub status: u16,
    /// Its header fields about rates and waits.
    pub headers: HeaderMap,
    /// What the request used, where the body says so.
    pub used: Option<Cost>,
    /// How long the server works before it answers.
    pub after: Duration,
    /// Whether it is a refusal for load.
    pub is_refusal: bool,
    /// Whether [`Stage::leave`] must follow when it answers.
    pub holds: bool,
    /// Whether the answer is lost on its way.
    pub is_lost: bool,
    /// The version of the row that it reads, where [`Stage::write`] must follow.
    pub version: Option<u32>,
}

impl Stage {
    /// The calls and the server of `scenario` with this seed.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        Self {
            scenario: scenario.clone(),
            storm: Storm::new(scenario, seed),
            server: Server::new(scenario),
            network: scenario.network(),
        }
    }

    /// The calls, those that have a time in the order of these times.
    #[must_use]
    pub fn calls(&self) -> Vec<StagedCall> {
        let mut calls: Vec<StagedCall> =
            (0..self.storm.calls()).map(|call| self.call(call)).collect();
        calls.sort_by_key(|call| (call.at.is_none(), call.at, call.call));
        calls
    }

    fn call(&self, call: u32) -> StagedCall {
        let planned = self.storm.planned(call);
        let plan = self.storm.group_of(planned.client);
        StagedCall {
            call,
            client: planned.client,
            group: plan.number,
            at: planned.arrives_at.map(Timestamp::from_nanos),
            cost: planned.reserved,
            callers: plan.callers,
            timeout: plan.timeout.map(Duration::from_nanos),
        }
    }

    /// The policy of group `group`, if it has one of its own.
    #[must_use]
    pub fn policy(&self, group: u32) -> Option<&Policy> {
        self.scenario.policy_of(group)
    }

    /// How long the caller of `call` thinks before it, where it is one that does.
    #[must_use]
    pub fn thinking(&self, call: u32) -> Option<Duration> {
        let client = self.storm.client_of(call);
        let think = self.storm.group_of(client).think.as_ref()?;
        Some(Duration::from_nanos(self.storm.thinking(think, client, call)))
    }

    /// How long attempt `attempt` of `call` is on the way, there and back.
    #[must_use]
    pub fn round_trip(&self, call: u32, attempt: u32) -> (Duration, Duration) {
        self.on_the_way(call, attempt, Exchange::Request)
    }

    /// The same for the write that follows what it [reads](StagedReply::version).
    #[must_use]
    pub fn round_trip_of_write(&self, call: u32, attempt: u32) -> (Duration, Duration) {
        self.on_the_way(call, attempt, Exchange::Write)
    }

    fn on_the_way(&self, call: u32, attempt: u32, exchange: Exchange) -> (Duration, Duration) {
        let luck = self.storm.luck(self.storm.client_of(call), call, attempt);
        let (there, back) = self.network.sample(luck, exchange);
        (Duration::from_nanos(there), Duration::from_nanos(back))
    }

    /// Attempt `attempt` of `call` reaches the server. Time must not go back.
    pub fn arrive(&mut self, now: Timestamp, call: u32, attempt: u32) -> StagedReply {
        let now = now.as_nanos();
        let request = self.storm.request(self.storm.client_of(call), call, attempt);
        let handling = self.server.arrive(now, &request);
        let written = WrittenAt::of(&self.scenario, now, handling.leaves_at);
        let reads = handling.reply.status == 200;
        StagedReply {
            status: handling.reply.status,
            headers: written.map_or_else(
                || wire_headers(&handling.reply),
                |written| wire_headers_at(&handling.reply, &written),
            ),
            used: handling.reply.used(),
            after: Duration::from_nanos(handling.leaves_at.saturating_sub(now)),
            is_refusal: handling.is_refusal,
            holds: handling.holds,
            is_lost: handling.is_lost,
            version: self.server.read().filter(|_| reads),
        }
    }

    /// The write of attempt `attempt` of `call` reaches the server, which names the version
    /// that it read; the status that it is answered with.
    pub fn write(&mut self, call: u32, attempt: u32, version: u32) -> u16 {
        let request = self.storm.request(self.storm.client_of(call), call, attempt);
        self.server.write(version, &request).status
    }

    /// The server is done with a request of `call` that [`holds`](StagedReply::holds).
    pub fn leave(&mut self, now: Timestamp, call: u32) {
        let request = self.storm.request(self.storm.client_of(call), call, 0);
        self.server.leave(now.as_nanos(), &request);
    }
}
