//! The Pareto front: the points that no other beats in everything.
//!
//! A point dominates another if it is at least as good in every objective and better
//! in one (Pareto dominance on the means). Since means are estimates, a dominated
//! point is called clearly behind only if a point that dominates it is better in some
//! objective by a difference whose paired 95 % interval excludes zero.

use forbear_sim::results::RunResult;
use forbear_sim::sweep::{Parameter, Point, Sweep};
use serde::Serialize;

use crate::metric::{Better, Metric};
use crate::stats::{Estimate, differences, mean};
use crate::table::values;

/// Where a point stands against the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// No other point is at least as good in every objective and better in one.
    Front,
    /// Another is, but not clearly: chance explains the difference.
    Near,
    /// Another is, clearly.
    Behind,
}

impl Standing {
    /// Its name for a table: a word, so that colour is never the only cue.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Near => "near",
            Self::Behind => "",
        }
    }
}

/// The standing of each point; `None` where nothing can be chosen, and where an objective
/// has no value.
pub(super) fn standings(sweep: &Sweep, objectives: &[Metric]) -> Vec<Option<Standing>> {
    let is_choice: Vec<bool> = sweep.parameters.iter().map(Parameter::is_of_policy).collect();
    // In a sample each point has a scenario of its own.
    let is_alone = sweep.sample.is_some() && is_choice.contains(&false);
    if is_alone || !is_choice.contains(&true) {
        return vec![None; sweep.points.len()];
    }
    let conditions = |point: &Point| -> Vec<String> {
        let values = point.values.iter().zip(&is_choice);
        values.filter(|(_, is_choice)| !**is_choice).map(|(value, _)| value.clone()).collect()
    };
    let judged: Vec<Judged<'_>> = sweep
        .points
        .iter()
        .map(|point| Judged::new(&point.runs, conditions(point), objectives))
        .collect();
    judge(&judged, objectives)
}

/// The standing of each of some sets of runs of one scenario; `None` where an objective
/// has no value.
pub(crate) fn standings_of(all: &[&[RunResult]], objectives: &[Metric]) -> Vec<Option<Standing>> {
    let judged: Vec<Judged<'_>> =
        all.iter().map(|runs| Judged::new(runs, Vec::new(), objectives)).collect();
    judge(&judged, objectives)
}

fn judge(judged: &[Judged<'_>], objectives: &[Metric]) -> Vec<Option<Standing>> {
    judged
        .iter()
        .map(|point| {
            let costs = point.costs.as_ref()?;
            let mut dominating = judged
                .iter()
                .filter(|other| other.conditions == point.conditions)
                .filter(|other| other.costs.as_ref().is_some_and(|other| dominates(other, costs)))
                .peekable();
            Some(if dominating.peek().is_none() {
                Standing::Front
            } else if dominating.any(|other| is_clearly_better(other, point, objectives)) {
                Standing::Behind
            } else {
                Standing::Near
            })
        })
        .collect()
}

/// Runs and their objectives, each such that less is better.
struct Judged<'a> {
    runs: &'a [RunResult],
    conditions: Vec<String>,
    costs: Option<Vec<f64>>,
}

impl<'a> Judged<'a> {
    fn new(runs: &'a [RunResult], conditions: Vec<String>, objectives: &[Metric]) -> Self {
        let costs = objectives.iter().map(|metric| cost(*metric, runs)).collect();
        Self { runs, conditions, costs }
    }
}

/// The mean of `metric`, turned so that less is better.
fn cost(metric: Metric, runs: &[RunResult]) -> Option<f64> {
    let values: Vec<f64> = values(metric, runs).into_iter().map(|(_, value)| value).collect();
    let mean = mean(&values)?;
    Some(if metric.better() == Better::Higher { -mean } else { mean })
}

fn dominates(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).all(|(one, other)| one <= other)
        && one.iter().zip(other).any(|(one, other)| one < other)
}

/// Whether `one` is better than `other` in some objective, storm by storm.
fn is_clearly_better(one: &Judged<'_>, other: &Judged<'_>, objectives: &[Metric]) -> bool {
    objectives.iter().any(|&metric| {
        let values = |judged: &Judged<'_>| values(metric, judged.runs);
        let Some(more) = Estimate::of(&differences(&values(one), &values(other))) else {
            return false;
        };
        let less = if metric.better() == Better::Higher { more.negated() } else { more };
        less.interval.is_some_and(|interval| interval.high < 0.0)
    })
}
