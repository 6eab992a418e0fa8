//! One run: a scenario, a policy and a seed.

use std::sync::atomic::AtomicBool;

use forbear_core::Policy;

use crate::bound::drain_s;
use crate::metrics::{Tally, completion_curve};
use crate::results::{AttemptCount, CdfPoint, Metrics, RunResult, Series};
use crate::scenario::Scenario;
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
    seed: u64,
    is_drawn: bool,
    is_traced: bool,
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
}

impl<'a> Simulation<'a> {
    /// `scenario` under `policy`, with seed 1.
    pub const fn new(scenario: &'a Scenario, policy: &'a Policy) -> Self {
        Self { scenario, policy, seed: 1, is_drawn: false, is_traced: false }
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

    /// Makes the run.
    ///
    /// # Panics
    ///
    /// In debug builds, if the simulator's own books do not balance.
    #[must_use]
    pub fn run(self) -> Run {
        self.run_unless(&AtomicBool::new(false)).expect("nobody else can set the flag")
    }

    /// Makes the run unless `cancel` is set before it ends.
    ///
    /// # Panics
    ///
    /// In debug builds, if the simulator's own books do not balance.
    #[must_use]
    pub fn run_unless(self, cancel: &AtomicBool) -> Option<Run> {
        self.run_in(&Storm::new(self.scenario, self.seed), cancel)
    }

    /// The same, in a storm that was made before.
    pub(crate) fn run_in(self, storm: &Storm, cancel: &AtomicBool) -> Option<Run> {
        let tally = Tally::new(storm.calls.len(), self.is_drawn, self.is_traced);
        let world = World::new(self.scenario, storm, self.policy, self.seed, tally);
        let outcome = world.run(cancel)?;
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
            },
            attempts: tally.attempts(),
            series: tally.timeline.map_or_else(no_series, |timeline| timeline.series()),
            completion,
            sends: tally.trace.unwrap_or_default(),
            ends: tally.ends.unwrap_or_default(),
        })
    }
}

/// The series of a run that was not drawn, or not made.
pub(crate) const fn no_series() -> Series {
    Series { slice_s: 0.0, sends: Vec::new(), throttled: Vec::new(), outstanding: Vec::new() }
}
