//! A storm, as a TOML file.
//!
//! Everything is read and checked here, once: what a [`Scenario`] holds can be
//! simulated. Unknown keys are refused, numbers have ranges, and what would need
//! more memory than a laptop has is refused too.

mod answers;
mod arrivals;
mod assertion;
mod bounded;
mod clients;
mod cost;
mod dist;
mod error;
mod fault;
mod foremost;
mod group;
mod network;
mod overrides;
mod policy;
mod redis;
mod server;
mod shipped;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use forbear_core::Policy;
use forbear_core::text::{format_duration, serde_duration};
use serde::{Deserialize, Serialize};

use self::bounded::{millisecond, positive};
use self::foremost::Foremost;
use crate::Metric;
use crate::hash::Hash;
use crate::results::Metrics;

pub(crate) use self::{
    answers::{Answer, AnswersSpec},
    arrivals::{ArrivalsSpec, RecordedSpec},
    bounded::{Count, Portion, nanos},
    clients::ClientsSpec,
    cost::CostSpec,
    dist::Sampler,
    fault::FaultSpec,
    group::GroupSpec,
    network::{Exchange, Network, NetworkSpec},
    redis::RedisSpec,
    server::{LimitSpec, RetryAfterSpec, ServerSpec, WindowStart},
};
pub use self::{
    assertion::{Assertion, Broken},
    error::ScenarioError,
    policy::NamedPolicy,
    shipped::Shipped,
};

/// The most calls in one run whose times or costs are drawn before it, which bounds its memory
/// to about 400 MB.
const MAX_DRAWN_CALLS: u64 = 1_000_000;

/// The most calls in one run; of one whose caller thinks before it, nothing is kept but how
/// long it took.
const MAX_CALLS: u64 = 10_000_000;

/// A storm: clients, a server with limits, and the policies to compare.
///
/// # Examples
///
/// ```
/// use forbear_sim::Scenario;
///
/// let scenario = Scenario::named("retry-after-herd").unwrap();
/// assert!(scenario.policies().len() >= 4);
///
/// let error = Scenario::parse("name = 7", &[]).unwrap_err();
/// assert!(error.to_string().contains("expected a string"));
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    name: String,
    title: String,
    description: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    source: String,
    #[serde(deserialize_with = "positive", serialize_with = "serde_duration::serialize")]
    horizon: Duration,
    #[serde(default, skip_serializing_if = "Foremost::is_empty")]
    foremost: Foremost,
    #[serde(default = "millisecond", with = "serde_duration")]
    timer: Duration,
    /// Whether all clients send through one process, as behind a gateway: one engine, and
    /// one line or queue, in which each client is a tenant.
    #[serde(default, skip_serializing_if = "is_false")]
    gateway: bool,
    clients: ClientsSpec,
    arrivals: ArrivalsSpec,
    #[serde(default)]
    cost: CostSpec,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    group: Vec<GroupSpec>,
    #[serde(default)]
    network: NetworkSpec,
    server: ServerSpec,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redis: Option<RedisSpec>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fault: Vec<FaultSpec>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    policy: Vec<NamedPolicy>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assert: Vec<Assertion>,
    /// The file it came from, with its comments.
    #[serde(skip)]
    text: String,
}

impl Scenario {
    /// Reads a scenario, with the values at some dotted keys replaced.
    ///
    /// A value is read as TOML where it is TOML, and as text otherwise:
    /// `clients.count=150`, `server.limit.0.rate=20/s`.
    ///
    /// # Errors
    ///
    /// If it is not TOML, a key is unknown or missing, or a value is out of range.
    pub fn parse(text: &str, overrides: &[(String, String)]) -> Result<Self, ScenarioError> {
        let scenario = Self::from_text(text.to_owned())?;
        if overrides.is_empty() {
            return Ok(scenario);
        }
        overrides::apply(text, overrides)
    }

    /// Reads a scenario from a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, and as for [`parse`](Self::parse).
    pub fn load(path: &Path, overrides: &[(String, String)]) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ScenarioError::unreadable(path, error))?;
        Self::parse(&text, overrides)
    }

    /// The shipped scenario of that name.
    ///
    /// # Errors
    ///
    /// If there is none; the message says which there are.
    pub fn named(name: &str) -> Result<Self, ScenarioError> {
        let shipped = Shipped::ALL.iter().find(|shipped| shipped.name == name);
        Self::parse(shipped.ok_or_else(|| ScenarioError::unknown(name))?.text, &[])
    }

    /// Its name: lower-case words with dashes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A title of a few words.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What happens, in a paragraph.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Where its numbers come from; empty if it does not say.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The file it came from; with values replaced, without its comments.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The policies that it compares.
    #[must_use]
    pub fn policies(&self) -> &[NamedPolicy] {
        &self.policy
    }

    /// What must come of it.
    #[must_use]
    pub fn assertions(&self) -> &[Assertion] {
        &self.assert
    }

    /// The metrics that matter more in this storm than the number of calls that succeed, up
    /// to three; a verdict asks them first, in this order.
    #[must_use]
    pub fn foremost(&self) -> &[Metric] {
        self.foremost.metrics()
    }

    /// When a run ends at the latest.
    #[must_use]
    pub const fn horizon(&self) -> Duration {
        self.horizon
    }

    /// How many calls its clients make in one run.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.groups().map(|(clients, ..)| clients.calls_in_all()).sum()
    }

    /// Hash of what it says, comments and defaults aside: 16 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hash = Hash::new();
        hash.text(&self.canonical());
        hash.to_string()
    }

    /// The assertions about `policy` that `metrics` breaks.
    #[must_use]
    pub fn broken(&self, policy: &str, metrics: &Metrics) -> Vec<Broken> {
        self.assert.iter().filter_map(|assertion| assertion.broken_by(policy, metrics)).collect()
    }

    pub(crate) const fn timer(&self) -> Duration {
        self.timer
    }

    pub(crate) fn network(&self) -> Network {
        self.network.network()
    }

    /// The client whose process `client` sends through: its own, or the first behind a
    /// gateway.
    pub(crate) const fn gate(&self, client: u32) -> u32 {
        if self.gateway { 0 } else { client }
    }

    /// Whether all clients send through one process.
    pub(crate) const fn has_gateway(&self) -> bool {
        self.gateway
    }

    pub(crate) const fn server(&self) -> &ServerSpec {
        &self.server
    }

    pub(crate) fn faults(&self) -> &[FaultSpec] {
        &self.fault
    }

    /// The quota that clients share, if they share one.
    pub(crate) const fn redis(&self) -> Option<&RedisSpec> {
        self.redis.as_ref()
    }

    /// The groups of clients, the main one first.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&ClientsSpec, &ArrivalsSpec, &CostSpec)> {
        let others = self.group.iter().map(GroupSpec::parts);
        std::iter::once((&self.clients, &self.arrivals, &self.cost)).chain(others)
    }

    /// The policy of group `group` if it has one of its own; 0 is the main one, which
    /// has not.
    pub(crate) fn policy_of(&self, group: u32) -> Option<&Policy> {
        self.group.get((group as usize).checked_sub(1)?)?.policy()
    }

    /// The policy that group `group` goes by in a run under `main`.
    pub(crate) fn policy_under<'a>(&'a self, group: u32, main: &'a Policy) -> &'a Policy {
        self.policy_of(group).unwrap_or(main)
    }

    fn from_text(text: String) -> Result<Self, ScenarioError> {
        let mut scenario: Self =
            toml::from_str(&text).map_err(|error| ScenarioError::syntax(&text, error))?;
        scenario.check()?;
        scenario.text = text;
        Ok(scenario)
    }

    /// What serde cannot check, since it takes several tables to see.
    fn check(&self) -> Result<(), ScenarioError> {
        let is_drawn = |(_, arrivals, cost): &(&ClientsSpec, &ArrivalsSpec, &CostSpec)| {
            !arrivals.is_closed() || !cost.is_plain()
        };
        let drawn: u64 =
            self.groups().filter(is_drawn).map(|(clients, ..)| clients.calls_in_all()).sum();
        for (calls, max, must) in [
            (drawn, MAX_DRAWN_CALLS, "at most 1000000"),
            (self.calls(), MAX_CALLS, "at most 10000000"),
        ] {
            if calls > max {
                return Err(ScenarioError::invalid("clients.count * clients.calls", calls, must));
            }
        }
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || !self.name.chars().all(is_word) {
            let must = "lower-case words with dashes";
            return Err(ScenarioError::invalid("name", format!("'{}'", self.name), must));
        }
        for (clients, arrivals, _) in self.groups() {
            if let ArrivalsSpec::Recorded(recorded) = arrivals {
                if clients.count() != 1 {
                    let must = "1 where arrivals are recorded";
                    return Err(ScenarioError::invalid("clients.count", clients.count(), must));
                }
                if clients.calls() as usize != recorded.at_ns.len() {
                    let must = "the length of arrivals.at_ns";
                    return Err(ScenarioError::invalid("clients.calls", clients.calls(), must));
                }
            }
            if arrivals.is_closed() && clients.callers().is_none() {
                let must = "set where arrivals are closed: a caller waits for its own calls";
                return Err(ScenarioError::invalid("clients.callers", "missing", must));
            }
        }
        let is_lossy = self.fault.iter().any(|fault| !fault.lose.is_none());
        if is_lossy && self.groups().any(|(clients, ..)| clients.timeout().is_none()) {
            let must = "set where answers are lost: a client would wait for ever";
            return Err(ScenarioError::invalid("clients.timeout", "missing", must));
        }
        if self.server.queue().is_some() && self.server.workers().is_none() {
            let must = "set where server.queue is: what waits there waits for one of them";
            return Err(ScenarioError::invalid("server.workers", "missing", must));
        }
        for limit in self.server.limits() {
            if let LimitSpec::FixedWindow { start: WindowStart::FirstCall, offset, .. } = limit
                && !offset.is_zero()
            {
                let offset = format_duration(*offset);
                let must = "left out where windows begin with the first call";
                return Err(ScenarioError::invalid("offset", offset, must));
            }
        }
        if self.server.optimistic() && self.fault.iter().any(|fault| !fault.restart.is_none()) {
            let must = "left out where clients restart";
            return Err(ScenarioError::invalid("server.optimistic", "set", must));
        }
        if self.redis.is_none() && self.fault.iter().any(FaultSpec::is_of_redis) {
            let must = "there where a fault is about it";
            return Err(ScenarioError::invalid("redis", "missing", must));
        }
        let mut names = BTreeSet::new();
        for policy in &self.policy {
            if !names.insert(policy.name()) {
                let must = "the name of one policy only";
                return Err(ScenarioError::invalid("policy.name", policy.name(), must));
            }
        }
        for assertion in &self.assert {
            if !names.contains(assertion.policy()) {
                let must = "the name of a policy of the scenario";
                return Err(ScenarioError::invalid("assert.policy", assertion.policy(), must));
            }
        }
        Ok(())
    }

    /// The scenario as TOML without comments, in the order of the fields.
    fn canonical(&self) -> String {
        toml::to_string(self).unwrap_or_else(|error| format!("# {error}\n{}", self.text))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
