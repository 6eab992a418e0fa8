//! One step of the judgement: what is compared, and how much of it matters.

use forbear_sim::results::{PolicyResult, ScenarioInfo};

use crate::metric::{Better, Metric};
use crate::stats::Estimate;
use crate::table::difference;

/// A metric and the difference below which nobody would care.
#[derive(Clone, Copy, Debug)]
pub(super) struct Criterion {
    pub(super) metric: Metric,
    margin: Margin,
}

#[derive(Clone, Copy, Debug)]
enum Margin {
    Absolute(f64),
    OfLeader(f64),
}

/// In the order in which they are asked, after what a scenario puts foremost.
/// `Verdict::METHOD` says the same in words.
pub(super) const CRITERIA: [Criterion; 3] = [
    Criterion { metric: Metric::SuccessShare, margin: Margin::Absolute(0.005) },
    Criterion { metric: Metric::TimeToDrain, margin: Margin::OfLeader(0.05) },
    Criterion { metric: Metric::Amplification, margin: Margin::OfLeader(0.05) },
];

/// Who dropped out last at a step, and by how much.
#[derive(Clone, Debug)]
pub(super) struct Elimination {
    pub(super) metric: Metric,
    /// The best at this step.
    pub(super) leader: usize,
    pub(super) leader_mean: f64,
    /// The one that came closest of those that dropped out.
    pub(super) next: usize,
    pub(super) next_mean: f64,
    /// How much worse than the leader that one is, 0 or more.
    pub(super) worse_by: Estimate,
}

impl Criterion {
    /// What the scenario says matters more than the number of calls that succeed.
    pub(super) fn foremost(scenario: &ScenarioInfo) -> Vec<Self> {
        let metrics = scenario.foremost.iter().filter_map(|key| Metric::named(key));
        let judged = metrics.filter(|metric| metric.better() != Better::Neither);
        judged.map(|metric| Self { metric, margin: Margin::OfLeader(0.05) }).collect()
    }

    /// Removes from `standing` whoever is clearly worse than the leader.
    pub(super) fn eliminate(
        &self,
        policies: &[PolicyResult],
        standing: &mut Vec<usize>,
    ) -> Option<Elimination> {
        let means: Vec<(usize, f64)> = standing
            .iter()
            .filter_map(|&index| Some((index, self.mean(&policies[index])?)))
            .collect();
        let &(leader, leader_mean) = means.iter().min_by(|a, b| self.order(a.1, b.1))?;
        let margin = match self.margin {
            Margin::Absolute(margin) => margin,
            Margin::OfLeader(share) => share * leader_mean.abs(),
        };
        let mut out: Vec<(usize, f64, Estimate)> = Vec::new();
        for (index, mean) in means {
            let Some(worse_by) = self.worse_by(&policies[index], &policies[leader]) else {
                continue;
            };
            if index != leader && worse_by.low() > margin {
                out.push((index, mean, worse_by));
            }
        }
        standing.retain(|index| !out.iter().any(|(dropped, ..)| dropped == index));
        let (next, next_mean, worse_by) = out.into_iter().min_by(|a, b| self.order(a.1, b.1))?;
        let metric = self.metric;
        Some(Elimination { metric, leader, leader_mean, next, next_mean, worse_by })
    }

    fn mean(&self, policy: &PolicyResult) -> Option<f64> {
        let values: Vec<f64> =
            policy.runs.iter().filter_map(|run| self.metric.value(run)).collect();
        crate::stats::mean(&values)
    }

    /// Best first.
    fn order(&self, a: f64, b: f64) -> std::cmp::Ordering {
        if self.metric.better() == Better::Higher { b.total_cmp(&a) } else { a.total_cmp(&b) }
    }

    fn worse_by(&self, policy: &PolicyResult, leader: &PolicyResult) -> Option<Estimate> {
        let more = difference(self.metric, policy, leader)?;
        Some(if self.metric.better() == Better::Higher { more.negated() } else { more })
    }
}
