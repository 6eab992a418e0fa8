//! One run: a scenario, a policy and a seed.

use std::sync::atomic::AtomicBool;

use forbear_core::{Policy, Timestamp};
use forbear_http::trace::TraceEntry;
use forbear_redis::WithoutRedis;

use crate::bound::drain_s;
use crate::check::{Checker, Violation};
use crate::explain::{Chronicle, Moment, Timeline};
use crate::metrics::{Tally, Tenants, completion_curve};
use crate::probe::Probe;
use crate::results::{AttemptCount, CdfPoint, Metrics, RunResult, Series};
use crate::scenario::{NamedPolicy, Scenario, nanos};
use crate::scribe::Scribe;
use crate::storm::Storm;
use crate::trace::{Finished, Sent};
use crate::world::World;

/// A run that is about to be made.
///
/// The same scenario, policy and seed give the same bytes, on every platform and in
/// every build.
///
/// # Examples
///
/// ```
/// use forbear_sim::{Scenario, Simulation};
///
/// let scenario = Scenario::named("retry-after-herd")?;
/// let policy = scenario.policies()[0].policy();
/// let (one, two) = (Simulation::new(&scenario, policy), Simulation::new(&scenario, policy));
/// assert_eq!(one.seed(7).run().result.hash, two.seed(7).run().result.hash);
/// # Ok::<(), forbear_sim::ScenarioError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "call `run`"]
pub struct Simulation<'a> {
    scenario: &'a Scenario,
    policy: &'a Policy,
    without_redis: Option<WithoutRedis>,
    seed: u64,
    is_drawn: bool,
    is_traced: bool,
    is_checked: bool,
}

/// What came of one run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was measured.
    pub result: RunResult,
    /// The run over time; empty unless [drawn](Simulation::drawn).
    pub series: Series,
    /// Completion times as points of the cumulative distribution; empty unless
    /// [drawn](Simulation::drawn).
    pub completion: Vec<CdfPoint>,
    /// Calls that ended, by their sends; empty unless [drawn](Simulation::drawn).
    pub attempts: Vec<AttemptCount>,
    /// Every send in order; empty unless [traced](Simulation::traced).
    pub sends: Vec<Sent>,
    /// Every end of a call in order; empty unless [traced](Simulation::traced).
    pub ends: Vec<Finished>,
    /// The first rule that was broken, after which the run was ended; only if
    /// [checked](Simulation::checked).
    pub violation: Option<Violation>,
}

impl<'a> Simulation<'a> {
    /// `scenario` under `policy`, with seed 1; no client shares a quota.
    pub const fn new(scenario: &'a Scenario, policy: &'a Policy) -> Self {
        Self {
            scenario,
            policy,
            without_redis: None,
            seed: 1,
            is_drawn: false,
            is_traced: false,
            is_checked: false,
        }
    }

    /// `scenario` under `named`, with seed 1; where the scenario has a quota that clients
    /// share under the policy of this name, they do.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_sim::{Scenario, Simulation};
    ///
    /// let scenario = Scenario::named("redis-partition")?;
    /// let policies = scenario.policies().iter();
    /// let shared = policies.map(|named| Simulation::of(&scenario, named).run().result.shared);
    /// assert_eq!(shared.filter(Option::is_some).count(), 3);
    /// # Ok::<(), forbear_sim::ScenarioError>(())
    /// ```
    pub fn of(scenario: &'a Scenario, named: &'a NamedPolicy) -> Self {
        let without_redis = scenario.redis().and_then(|redis| redis.rule(named.name()));
        Self { without_redis, ..Self::new(scenario, named.policy()) }
    }

    /// With this seed.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Keeps what a chart needs: the series, the completion times and the attempts.
    pub const fn drawn(mut self) -> Self {
        self.is_drawn = true;
        self
    }

    /// Keeps every send and every end of a call.
    pub const fn traced(mut self) -> Self {
        self.is_traced = true;
        self
    }

    /// Holds the run to its [rules](crate::Rule) after every event: what a broken one says
    /// is in [`Run::violation`], and the run ends there.
    ///
    /// Debug builds check every run, and panic where this was not asked for.
    pub const fn checked(mut self) -> Self {
        self.is_checked = true;
        self
    }

    /// Makes the run and tells what happened to call `call`, counted from 0 over all
    /// clients; `None` if there is no such call.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_sim::explain::What;
    /// use forbear_sim::{Scenario, Simulation};
    ///
    /// let scenario = Scenario::named("retry-after-herd")?;
    /// let policy = scenario.policies()[0].policy();
    /// let timeline = Simulation::new(&scenario, policy).timeline(0).expect("it has a call");
    /// assert_eq!(timeline.entries[0].what, What::Arrives);
    /// # Ok::<(), forbear_sim::ScenarioError>(())
    /// ```
    #[must_use]
    pub fn timeline(self, call: u32) -> Option<Timeline> {
        let storm = Storm::new(self.scenario, self.seed);
        if call >= storm.calls() {
            return None;
        }
        let mut probe = self.probe(&storm);
        probe.chronicle = Some(Chronicle::of(&storm, Some(call)));
        let mut ended = self.world(&storm, Some(Box::new(probe))).run(&AtomicBool::new(false))?;
        let probe = ended.probe.take()?;
        let chronicle = probe.chronicle?;
        Some(chronicle.into_timeline(self.scenario, &storm, call))
    }

    /// Makes the run up to `at`, what happens then included, and tells how things stand;
    /// at the end of the run if that comes before.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_core::Timestamp;
    /// use forbear_sim::{Scenario, Simulation};
    ///
    /// let scenario = Scenario::named("retry-after-herd")?;
    /// let policy = scenario.policies()[0].policy();
    /// let moment = Simulation::new(&scenario, policy).moment(Timestamp::ZERO);
    /// assert_eq!(moment.at_ns, 0);
    /// # Ok::<(), forbear_sim::ScenarioError>(())
    /// ```
    #[must_use]
    pub fn moment(self, at: Timestamp) -> Moment {
        let storm = Storm::new(self.scenario, self.seed);
        let mut probe = self.probe(&storm);
        probe.chronicle = Some(Chronicle::of(&storm, None));
        let mut world = self.world(&storm, Some(Box::new(probe)));
        let at = at.as_nanos().min(nanos(self.scenario.horizon()));
        world.advance_to(at);
        world.moment(at)
    }

    /// Makes the run and writes down what its calls did, as production would have
    /// [recorded](forbear_http::trace) it: calls of all clients in one trace, without scopes,
    /// numbered from 1, the lines in the order in which attempts ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_sim::{Scenario, Simulation};
    ///
    /// let scenario = Scenario::named("retry-after-herd")?;
    /// let run = Simulation::new(&scenario, scenario.policies()[0].policy());
    /// let ended = run.trace().iter().filter(|entry| entry.end.is_some()).count();
    /// assert_eq!(ended as u64, run.run().result.metrics.calls);
    /// # Ok::<(), forbear_sim::ScenarioError>(())
    /// ```
    #[must_use]
    pub fn trace(self) -> Vec<TraceEntry> {
        let storm = Storm::new(self.scenario, self.seed);
        let mut probe = self.probe(&storm);
        probe.scribe = Some(Scribe::of(&storm));
        let ended = self.world(&storm, Some(Box::new(probe))).run(&AtomicBool::new(false));
        let scribe = ended.and_then(|ended| ended.probe).and_then(|probe| probe.scribe);
        scribe.map_or_else(Vec::new, Scribe::into_entries)
    }

    /// Makes the run.
    ///
    /// # Panics
    ///
    /// In debug builds, if a rule was broken and the run is not [checked](Self::checked).
    #[must_use]
    pub fn run(self) -> Run {
        self.run_unless(&AtomicBool::new(false)).expect("nobody else can set the flag")
    }

    /// Makes the run unless `cancel` is set before it ends.
    ///
    /// # Panics
    ///
    /// In debug builds, if a rule was broken and the run is not [checked](Self::checked).
    #[must_use]
    pub fn run_unless(self, cancel: &AtomicBool) -> Option<Run> {
        self.run_in(&Storm::new(self.scenario, self.seed), cancel)
    }

    /// The same, in a storm that was made before.
    pub(crate) fn run_in(self, storm: &Storm, cancel: &AtomicBool) -> Option<Run> {
        let is_checked = self.is_checked || cfg!(debug_assertions);
        let probe = is_checked.then(|| Box::new(self.probe(storm)));
        let outcome = self.world(storm, probe).run(cancel)?;
        let checker = outcome.probe.and_then(|probe| probe.checker);
        let violation = checker.and_then(Checker::into_violation);
        if let (Some(violation), false) = (&violation, self.is_checked) {
            panic!("{violation}");
        }
        let tally = outcome.tally;
        let drain_bound = drain_s(self.scenario, storm, outcome.metrics.succeeded);
        let completion =
            if self.is_drawn { completion_curve(&tally.completions) } else { Vec::new() };
        Some(Run {
            result: RunResult {
                seed: self.seed,
                hash: tally.hash.to_string(),
                events: outcome.events,
                metrics: Metrics { drain_bound, ..outcome.metrics },
                shared: outcome.shared,
                repeated: outcome.repeated,
            },
            attempts: tally.attempts(),
            series: tally.timeline.map_or_else(no_series, |timeline| timeline.series()),
            completion,
            sends: tally.trace.unwrap_or_default(),
            ends: tally.ends.unwrap_or_default(),
            violation,
        })
    }

    fn world<'b>(self, storm: &'b Storm, probe: Option<Box<Probe>>) -> World<'b>
    where
        'a: 'b,
    {
        let mut tally = Tally::new(self.is_drawn, self.is_traced);
        tally.tenants = Tenants::of(self.scenario, storm);
        World::new(self.scenario, storm, self.policy, self.without_redis, self.seed, tally)
            .watched_by(probe)
    }

    /// One who checks.
    fn probe(self, storm: &Storm) -> Probe {
        Probe::checking(Checker::new(self.scenario, storm, self.policy, self.without_redis))
    }
}

/// The series of a run that was not drawn, or not made.
pub(crate) const fn no_series() -> Series {
    Series { slice_s: 0.0, sends: Vec::new(), throttled: Vec::new(), outstanding: Vec::new() }
}
