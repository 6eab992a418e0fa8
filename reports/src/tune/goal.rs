//! What a search is for: an objective, and constraints that it may not break.

use forbear_sim::results::RunResult;
use forbear_sim::tune::{Judge, Score};

use crate::check::Threshold;
use crate::metric::{Better, Quantity};
use crate::stats::{differences, mean};

/// An objective with its constraints.
///
/// # Examples
///
/// ```
/// use forbear_reports::{Goal, Metric, Quantity};
///
/// let constraints = vec!["success_share >= 99%".parse()?];
/// let goal = Goal::new(Quantity::Value(Metric::TimeToDrain), constraints)?;
/// assert_eq!(goal.constraints().len(), 1);
///
/// let both = vec!["sends <= 100".parse()?, "sends >= 200".parse()?];
/// let error = Goal::new(Quantity::Value(Metric::TimeToDrain), both).unwrap_err();
/// assert_eq!(error.to_string(), "no policy can keep both sends <= 100 and sends >= 200");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    objective: Quantity,
    constraints: Vec<Threshold>,
}

/// A goal that nothing can reach.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct GoalError(String);

impl Goal {
    /// An objective to make better, and what has to hold meanwhile.
    ///
    /// # Errors
    ///
    /// If neither more nor less of the objective is better, or two constraints leave
    /// nothing between them.
    pub fn new(objective: Quantity, constraints: Vec<Threshold>) -> Result<Self, GoalError> {
        if objective.better() == Better::Neither {
            return Err(GoalError(format!(
                "neither more nor less {objective} is better, so it is no objective"
            )));
        }
        for (index, one) in constraints.iter().enumerate() {
            if let Some(other) = constraints[..index].iter().find(|other| one.contradicts(other)) {
                return Err(GoalError(format!("no policy can keep both {other} and {one}")));
            }
        }
        Ok(Self { objective, constraints })
    }

    /// What is made better.
    #[must_use]
    pub const fn objective(&self) -> Quantity {
        self.objective
    }

    /// What has to hold meanwhile.
    #[must_use]
    pub fn constraints(&self) -> &[Threshold] {
        &self.constraints
    }

    /// By how much `runs` break the constraints, each relative to its bound; 0 if they keep
    /// all.
    pub(super) fn violation_of(&self, runs: &[RunResult]) -> f64 {
        self.constraints
            .iter()
            .map(|constraint| match constraint.excess(runs) {
                Some(excess) if excess <= 0.0 => 0.0,
                // Never nothing, however little it is.
                Some(excess) => (excess / constraint.scale(runs)).max(f64::MIN_POSITIVE),
                None => 1e6,
            })
            .sum()
    }

    pub(super) fn score_of(&self, runs: &[RunResult], base: &[RunResult]) -> Score {
        let (ours, theirs) = (self.objective.values(runs), self.objective.values(base));
        let paired = differences(&ours, &theirs);
        // A run without a value, such as a completion time without a success, is worst.
        let cost = match (mean(&paired), ours.len() < runs.len()) {
            (_, true) => f64::INFINITY,
            (Some(more), _) if self.objective.better() == Better::Higher => -more,
            (Some(more), _) => more,
            // The base has none: then any value is better.
            (None, _) => -1.0,
        };
        Score { violation: self.violation_of(runs), cost }
    }
}

impl Judge for Goal {
    fn score(&self, runs: &[RunResult], base: &[RunResult]) -> Score {
        self.score_of(runs, base)
    }
}
