//! Which policy is best, in plain words, and how sure that is.
//!
//! A policy is judged as its user would judge it, in this order: do my calls
//! succeed, how long does it take, what does it cost the server. At each step
//! the policies that are clearly worse than the leader drop out. Clearly means:
//! the whole 95 % interval of the paired difference lies beyond a margin below
//! which nobody would care. If more than one policy is left, there is no best
//! one, and the verdict says so.
//!
//! A scenario may put up to three other metrics before these three: where a shared quota
//! cannot serve everybody, fairness matters more than how many calls the greediest gets.
//!
//! One after the other, and not as a weighted sum: a sum needs prices that nobody has, and
//! lets a policy buy lost calls with speed. The price of this way is that each step is one
//! more comparison, and in one of forty a policy that is as good as the leader seems worse
//! by chance; the margins make it rarer, and the bound on their number keeps it so.
//!
//! Not by one number: goodput alone would crown a policy that gives up at once
//! (few successes in no time), amplification one that never retries.

mod criterion;
mod ends;
mod horizon;
mod words;

use forbear_sim::results::Comparison;
use serde::Serialize;

use self::criterion::{CRITERIA, Criterion, Elimination};
use self::words::Asked;
pub(crate) use self::words::listed;
use crate::metric::Metric;

/// Below so many runs, intervals are too rough to trust (see `stats::bootstrap`).
pub(crate) const ENOUGH_RUNS: usize = 10;

/// What the comparison comes to.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Verdict {
    /// The policies that are not clearly worse than another, as indices into the
    /// comparison; none if no call succeeded.
    pub best: Vec<usize>,
    /// The policies that bring as many calls to success as any.
    #[serde(skip)]
    pub(crate) succeeding: Vec<usize>,
    /// Policies that have a run.
    #[serde(skip)]
    judged: usize,
    /// The finding in a few words.
    pub headline: String,
    /// Why, with numbers, in a sentence or two.
    pub reason: String,
    /// What the reader should beware of, each a sentence.
    pub cautions: Vec<String>,
}

impl Verdict {
    /// How a verdict is reached, for the report to print.
    pub(crate) const METHOD: &'static str = "Policies drop out in three steps: first those with \
        clearly fewer calls brought to success (by more than 0.5 percentage points), then those \
        that take clearly longer to drain (by more than 5 %), then those that need clearly more \
        sends for a call (by more than 5 %). Clearly means that the whole 95 % interval of the \
        difference from the leader, storm by storm, lies beyond that margin. A scenario may name up \
        to three metrics that are asked before these, in its order (by more than 5 % of the \
        leader's). If several policies remain, there is no clear difference between them.";

    /// Judges `comparison`.
    pub(crate) fn of(comparison: &Comparison) -> Self {
        let policies = &comparison.policies;
        let mut standing: Vec<usize> =
            (0..policies.len()).filter(|&index| !policies[index].runs.is_empty()).collect();
        let judged = standing.len();
        let mut succeeding = Vec::new();
        let mut last: Option<Elimination> = None;
        let foremost = Criterion::foremost(&comparison.scenario);
        let mut asked = Asked { foremost: &foremost, eliminating: Vec::new() };
        for (step, criterion) in foremost.iter().chain(&CRITERIA).enumerate() {
            if let Some(elimination) = criterion.eliminate(policies, &mut standing) {
                if step < foremost.len() {
                    asked.eliminating.push(criterion.metric);
                }
                last = Some(elimination);
            }
            if criterion.metric == Metric::SuccessShare {
                succeeding.clone_from(&standing);
            }
        }
        let (headline, reason) = words::finding(policies, &standing, last.as_ref(), &asked);
        if words::nothing_succeeded(policies) {
            standing.clear();
        }
        Self {
            best: standing,
            succeeding,
            judged,
            headline,
            reason,
            cautions: cautions(comparison),
        }
    }

    /// The one best policy; `None` without a clear difference, and without another
    /// policy to be better than.
    #[must_use]
    pub fn winner(&self) -> Option<usize> {
        match *self.best {
            [best] if self.judged > 1 => Some(best),
            _ => None,
        }
    }

    /// The policy that others are compared with: the best, or the first of the best.
    #[must_use]
    pub fn reference(&self) -> Option<usize> {
        self.best.first().copied()
    }

    /// Headline and reason as one line.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}. {}", self.headline, self.reason).trim_end().to_owned()
    }
}

fn cautions(comparison: &Comparison) -> Vec<String> {
    let mut cautions = Vec::new();
    let runs: Vec<usize> = comparison.policies.iter().map(|policy| policy.runs.len()).collect();
    let (fewest, most) = (runs.iter().min().copied(), runs.iter().max().copied());
    let (Some(fewest), Some(most)) = (fewest, most) else { return cautions };
    if comparison.partial {
        let made = if fewest == most { most.to_string() } else { format!("{fewest} to {most}") };
        cautions.push(format!(
            "The comparison was interrupted: {made} of {} replications were made.",
            comparison.replications
        ));
    }
    match fewest {
        0 => cautions.push("Some policies have no run and are not judged.".to_owned()),
        1 => cautions.push(
            "There is one replication: whether this holds in other storms is not known. Repeat \
             with 10 or more."
                .to_owned(),
        ),
        few if few < ENOUGH_RUNS => cautions.push(format!(
            "There are only {few} replications, so the intervals are rough. Repeat with \
             {ENOUGH_RUNS} or more."
        )),
        _ => {}
    }
    cautions.extend(horizon::caution(comparison));
    cautions.extend(comparison.policies.iter().filter_map(ends::caution));
    cautions
}
