//! The search for a better policy: some of its values, an objective, a budget of runs.
//!
//! Candidates come in brackets. The first ones are a Latin hypercube; those after are
//! proposed by a Tree-structured Parzen Estimator (Bergstra and others, "Algorithms for
//! hyper-parameter optimization", `NeurIPS` 2011), which models where good candidates
//! were and where bad ones. In a bracket each candidate meets few storms first, and only
//! the best third goes on to three times as many (successive halving: Jamieson and
//! Talwalkar, AISTATS 2016), so that most of the budget goes to what is worth it. The
//! two together are BOHB (Falkner, Klein and Hutter, ICML 2018).
//!
//! All candidates and the policy to be beaten meet the same storms, and are compared with
//! it storm by storm. The best of many candidates looks better than it is, since it was
//! chosen for it: what is said in the end is measured in storms that the search did not
//! see.
//!
//! The order of threads decides nothing: the same seed gives the same result. The
//! estimator computes with the platform's logarithm, so another platform may propose
//! other candidates; what is measured of a candidate is the same everywhere.

mod bracket;
mod proposer;
mod result;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use self::bracket::rungs;
use self::proposer::Proposer;
pub use self::result::{Candidate, Score, Tuned};
use crate::compare::Progress;
use crate::results::RunResult;
use crate::scenario::{NamedPolicy, Scenario};
use crate::simulation::Simulation;
use crate::sweep::Axis;

/// Where validation starts to count, from the first seed: far beyond what a search sees.
const FRESH: u64 = 1 << 32;

/// How a search is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget {
    /// Runs in all, those to validate with them.
    pub runs: u64,
    /// Storms that a finalist meets, and as many fresh ones to validate it.
    pub replications: u32,
    /// The first storm's seed, and that of the search.
    pub seed: u64,
}

/// A search that cannot be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct TuneError(String);

impl Budget {
    /// The fewest runs that a search takes: the policy to be beaten and one candidate, in
    /// the storms of the search and in fresh ones.
    #[must_use]
    pub const fn least(&self) -> u64 {
        4 * self.replications as u64
    }
}

/// What a search has to know of its goal.
pub trait Judge: Sync {
    /// How good `runs` are beside those of the policy to be beaten in the same storms.
    fn score(&self, runs: &[RunResult], base: &[RunResult]) -> Score;
}

/// Searches for values of `axes` that make `base` better, as `judge` sees it.
///
/// `progress` is called after each run, from any thread. Once `cancel` is set, the runs
/// under way stop, and what is returned is partial: the best until then, not validated.
///
/// # Errors
///
/// If nothing varies, a key is not one of the policy or unknown, no value of it is right,
/// or the budget is too small for anything.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use forbear_sim::Scenario;
/// use forbear_sim::results::RunResult;
/// use forbear_sim::tune::{Budget, Judge, Score, tune};
///
/// struct FewerSends;
/// impl Judge for FewerSends {
///     fn score(&self, runs: &[RunResult], base: &[RunResult]) -> Score {
///         let sends = |runs: &[RunResult]| runs.iter().map(|run| run.metrics.sends).sum::<u64>();
///         Score { violation: 0.0, cost: sends(runs) as f64 - sends(base) as f64 }
///     }
/// }
///
/// let scenario = Scenario::named("retry-after-herd")?;
/// let axes = ["retry.backoff.base=10ms..10s:log".parse()?];
/// let budget = Budget { runs: 60, replications: 3, seed: 1 };
/// let cancel = AtomicBool::new(false);
/// let base = &scenario.policies()[3];
/// let tuned = tune(&scenario, base, &axes, budget, &FewerSends, &|_| {}, &cancel)?;
/// assert!(tuned.runs <= 60 && tuned.best.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tune(
    scenario: &Scenario,
    base: &NamedPolicy,
    axes: &[Axis],
    budget: Budget,
    judge: &dyn Judge,
    progress: &(dyn Fn(Progress) + Sync),
    cancel: &AtomicBool,
) -> Result<Tuned, TuneError> {
    check(base, axes)?;
    let replications = u64::from(budget.replications.max(1));
    if budget.runs < budget.least() {
        let (runs, least) = (budget.runs, budget.least());
        return Err(TuneError(format!(
            "{runs} runs are too few, must be at least {least}: {replications} storms for the \
             policy to be beaten and for one candidate, and as many fresh ones to validate"
        )));
    }
    let runner = Runner { scenario, budget, progress, cancel, done: AtomicU64::new(0) };
    let mut tuned = Tuned {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.into(),
        scenario_hash: scenario.hash(),
        base: base.into(),
        keys: axes.iter().map(|axis| axis.key().to_owned()).collect(),
        axes: axes.iter().map(ToString::to_string).collect(),
        seed: budget.seed,
        replications: budget.replications,
        fresh_seed: budget.seed.wrapping_add(FRESH),
        budget: budget.runs,
        runs: 0,
        partial: false,
        exhausted: false,
        base_runs: Vec::new(),
        candidates: Vec::new(),
        best: None,
        fresh: None,
        fresh_base: None,
    };
    let searched = search(&runner, base, axes, judge, &mut tuned);
    tuned.partial = searched.is_none();
    tuned.best = best(&tuned, judge);
    if let (false, Some(best)) = (tuned.partial, tuned.best) {
        let policy = with(base, axes, &tuned.candidates[best].values);
        let fresh = |policy: &NamedPolicy| runner.run(policy, tuned.fresh_seed, 0..replications);
        match policy.ok().and_then(|policy| fresh(&policy)).zip(fresh(base)) {
            Some((ours, theirs)) => (tuned.fresh, tuned.fresh_base) = (Some(ours), Some(theirs)),
            None => tuned.partial = true,
        }
    }
    tuned.runs = runner.done.load(Ordering::Relaxed);
    Ok(tuned)
}

/// The policy with `values` in place of its own.
///
/// # Errors
///
/// If they do not go together.
pub fn with(
    base: &NamedPolicy,
    axes: &[Axis],
    values: &[String],
) -> Result<NamedPolicy, crate::ScenarioError> {
    let pairs = axes.iter().zip(values).map(|(axis, value)| (axis.key().to_owned(), value.clone()));
    base.with(&pairs.collect::<Vec<_>>())
}

/// Whether the axes are of a policy, and each of them has a value that is right.
fn check(base: &NamedPolicy, axes: &[Axis]) -> Result<(), TuneError> {
    if axes.is_empty() {
        return Err(TuneError("no parameter varies".to_owned()));
    }
    for (index, axis) in axes.iter().enumerate() {
        let key = axis.key();
        if axes[..index].iter().any(|other| other.key() == key) {
            return Err(TuneError(format!("{key} varies twice")));
        }
        if !axis.is_of_policy() {
            return Err(TuneError(format!(
                "{key}: is not of the policy, and only a policy is tuned; --set gives the \
                 scenario another value"
            )));
        }
        // With others that vary too, both ends may be right where one alone is not.
        let places = [0, u64::MAX / 4, u64::MAX / 2, u64::MAX / 4 * 3, u64::MAX];
        let mut tried =
            places.map(|share| with(base, std::slice::from_ref(axis), &[axis.at(share)]));
        if tried.iter().all(Result::is_err) {
            let error = std::mem::replace(&mut tried[0], Ok(base.clone()));
            return Err(TuneError(error.map_or_else(|error| error.to_string(), |_| String::new())));
        }
    }
    Ok(())
}

/// Makes brackets until the budget is used up; `None` if it was interrupted.
fn search(
    runner: &Runner<'_>,
    base: &NamedPolicy,
    axes: &[Axis],
    judge: &dyn Judge,
    tuned: &mut Tuned,
) -> Option<()> {
    let replications = u64::from(runner.budget.replications.max(1));
    let seed = runner.budget.seed;
    tuned.base_runs = runner.run(base, seed, 0..replications)?;
    let mut left = runner.budget.runs - 3 * replications;
    let mut proposer = Proposer::new(axes, seed);
    loop {
        let storms = rungs(replications);
        let size = bracket::size(&storms, left);
        if size == 0 {
            return Some(());
        }
        let proposals = proposer.propose(size, |values| with(base, axes, values));
        if proposals.is_empty() {
            tuned.exhausted = true;
            return Some(());
        }
        let first = tuned.candidates.len();
        let policies: Vec<NamedPolicy> = proposals
            .into_iter()
            .map(|(values, shares, policy)| {
                tuned.candidates.push(Candidate { values, shares, runs: Vec::new() });
                policy
            })
            .collect();
        let mut standing: Vec<usize> = (0..policies.len()).collect();
        let mut from = 0;
        for to in storms {
            let more: Vec<Option<Vec<RunResult>>> = standing
                .par_iter()
                .map(|&index| runner.run(&policies[index], seed, from..to))
                .collect();
            let mut interrupted = false;
            for (&index, runs) in standing.iter().zip(more) {
                match runs {
                    Some(runs) => tuned.candidates[first + index].runs.extend(runs),
                    None => interrupted = true,
                }
            }
            if interrupted {
                return None;
            }
            left = left.saturating_sub((to - from) * standing.len() as u64);
            from = to;
            let score = |index: &usize| tuned.score(first + index, judge);
            standing.sort_by(|a, b| score(a).order(&score(b)).then(a.cmp(b)));
            standing.truncate(standing.len().div_ceil(bracket::KEPT).max(1));
        }
        for index in first..tuned.candidates.len() {
            let score = tuned.score(index, judge);
            proposer.learn(&tuned.candidates[index].shares, score);
        }
    }
}

/// The best of the candidates that met most storms.
fn best(tuned: &Tuned, judge: &dyn Judge) -> Option<usize> {
    let most = tuned.candidates.iter().map(|candidate| candidate.runs.len()).max()?;
    if most == 0 {
        return None;
    }
    let finalists =
        (0..tuned.candidates.len()).filter(|index| tuned.candidates[*index].runs.len() == most);
    finalists.min_by(|a, b| {
        let score = |index: &usize| tuned.score(*index, judge);
        score(a).order(&score(b)).then(a.cmp(b))
    })
}

/// Makes runs and counts them.
struct Runner<'a> {
    scenario: &'a Scenario,
    budget: Budget,
    progress: &'a (dyn Fn(Progress) + Sync),
    cancel: &'a AtomicBool,
    done: AtomicU64,
}

impl Runner<'_> {
    /// One run a storm, in the order of the seeds; `None` if interrupted.
    fn run(
        &self,
        policy: &NamedPolicy,
        seed: u64,
        storms: std::ops::Range<u64>,
    ) -> Option<Vec<RunResult>> {
        storms
            .into_par_iter()
            .map(|storm| {
                if self.cancel.load(Ordering::Relaxed) {
                    return None;
                }
                let simulation = Simulation::of(self.scenario, policy);
                let run = simulation.seed(seed.wrapping_add(storm)).run_unless(self.cancel)?;
                let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
                let runs = self.budget.runs;
                // A search is told of as one: candidates are too many to be told apart.
                (self.progress)(Progress::of(&run.result, 0, done, runs));
                Some(run.result)
            })
            .collect()
    }
}
