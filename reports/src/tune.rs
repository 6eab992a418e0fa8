//! What a search for a better policy found, and how sure that is.

mod goal;
mod json;
mod policy_file;

use forbear_sim::results::RunResult;
use forbear_sim::tune::Tuned;

pub use self::goal::{Goal, GoalError};
use crate::check::Threshold;
use crate::metric::{Better, Metric, Quantity};
use crate::name::shown;
use crate::number::{Unit, whole};
use crate::stats::{Estimate, differences};
use crate::table::{estimate, numbers, range_text};
use crate::verdict::ENOUGH_RUNS;

/// The report of one search.
#[derive(Clone, Debug)]
pub struct TuneReport<'a> {
    tuned: &'a Tuned,
    goal: &'a Goal,
    policy: String,
    outcome: Outcome,
}

/// What came of a search.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// In storms that the search did not see, the best keeps the constraints and is clearly
    /// better than the base, or keeps them where the base does not.
    Better,
    /// It is no clear improvement there.
    NoBetter,
    /// It breaks a constraint there, or whatever was tried does.
    Infeasible,
    /// The search was interrupted, so that nothing is validated.
    Unvalidated,
}

/// One metric of the policy that was found, beside the base in the same storms.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// What was measured.
    pub quantity: Quantity,
    /// Of the policy that was found.
    pub ours: Option<Estimate>,
    /// Of the base.
    pub base: Option<Estimate>,
    /// Ours less the base's, storm by storm.
    pub difference: Option<Estimate>,
}

impl<'a> TuneReport<'a> {
    /// Judges a search; `policy` is the best as TOML, empty if there is none.
    #[must_use]
    pub fn new(tuned: &'a Tuned, goal: &'a Goal, policy: &str) -> Self {
        let outcome = outcome(tuned, goal);
        Self { tuned, goal, policy: policy.to_owned(), outcome }
    }

    /// The search.
    #[must_use]
    pub const fn tuned(&self) -> &'a Tuned {
        self.tuned
    }

    /// What was searched for.
    #[must_use]
    pub const fn goal(&self) -> &'a Goal {
        self.goal
    }

    /// What came of it.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether there is a policy that is worth keeping: one that was found better, or the
    /// best so far of an interrupted search.
    #[must_use]
    pub fn has_policy(&self) -> bool {
        match self.outcome {
            Outcome::Better => true,
            Outcome::Unvalidated => self.ours_and_base().is_some_and(|(ours, base)| {
                let score = self.goal.score_of(ours, base);
                score.violation <= 0.0 && (score.cost < 0.0 || self.goal.violation_of(base) > 0.0)
            }),
            _ => false,
        }
    }

    /// The runs to judge by: fresh ones, and those of the search where there are none.
    fn ours_and_base(&self) -> Option<(&'a [RunResult], &'a [RunResult])> {
        ours_and_base(self.tuned)
    }

    /// The outcome in a few words.
    #[must_use]
    pub fn headline(&self) -> String {
        let base = shown(&self.tuned.base.name);
        match self.outcome {
            Outcome::Better => format!("Found a policy that is better than {base}"),
            Outcome::NoBetter => format!("Nothing clearly better than {base} was found"),
            Outcome::Infeasible => "No policy was found that keeps the constraints".to_owned(),
            Outcome::Unvalidated => "Interrupted: what was found is not validated".to_owned(),
        }
    }

    /// How sure that is, with numbers.
    #[must_use]
    pub fn reason(&self) -> String {
        let tuned = self.tuned;
        let tried = format!(
            "{} policies were tried in {} of {} runs.",
            whole(tuned.candidates.len() as u64),
            whole(tuned.runs),
            whole(tuned.budget)
        );
        let Some((ours, base)) = self.ours_and_base() else { return tried };
        let objective = Measured::of(self.goal.objective(), ours, base);
        let seen = if tuned.fresh.is_some() {
            format!("in {} storms that the search did not see", ours.len())
        } else {
            format!("in the {} storms that it was chosen by, which flatters it", ours.len())
        };
        let found = objective.sentence(&seen);
        match self.outcome {
            Outcome::Infeasible => {
                let broken =
                    self.goal.constraints().iter().filter(|constraint| {
                        constraint.excess(ours).is_none_or(|excess| excess > 0.0)
                    });
                let broken: Vec<String> =
                    broken.map(|constraint| broken_by(constraint, ours)).collect();
                format!("{tried} The nearest breaks {} {seen}.", broken.join(" and "))
            }
            Outcome::NoBetter => format!(
                "{tried} The best of them: {found} The 95 % interval of the difference holds zero or \
                 is on the wrong side, so it may be luck; keep the policy that you have."
            ),
            Outcome::Better | Outcome::Unvalidated => format!("{tried} {found}"),
        }
    }

    /// What the reader should beware of, each a sentence.
    #[must_use]
    pub fn cautions(&self) -> Vec<String> {
        let mut cautions = Vec::new();
        let tuned = self.tuned;
        if (tuned.replications as usize) < ENOUGH_RUNS {
            cautions.push(format!(
                "It is validated in only {} storms, so the intervals are rough. Use {ENOUGH_RUNS} \
                 or more.",
                tuned.replications
            ));
        }
        if tuned.exhausted {
            cautions.push("Nothing was left to try before the budget was used up.".to_owned());
        }
        if let Some((ours, _)) = self.ours_and_base() {
            let collapsed = numbers(Quantity::Value(Metric::Collapsed), ours);
            let count = collapsed.iter().filter(|value| **value > 0.0).count();
            if count > 0 {
                cautions.push(format!(
                    "It collapses in {count} of {} storms: a mean over them describes none.",
                    ours.len()
                ));
            }
        }
        cautions
    }

    /// The objective, what is constrained and what a verdict asks for, in the storms that
    /// the outcome was judged by.
    #[must_use]
    pub fn measured(&self) -> Vec<Measured> {
        let Some((ours, base)) = self.ours_and_base() else { return Vec::new() };
        let mut quantities = vec![self.goal.objective()];
        quantities.extend(self.goal.constraints().iter().map(Threshold::quantity));
        quantities.extend(
            [
                Metric::SuccessShare,
                Metric::TimeToDrain,
                Metric::CompletionP95,
                Metric::Amplification,
                Metric::ThrottledRate,
                Metric::Collapsed,
            ]
            .map(Quantity::Value),
        );
        let mut seen = Vec::new();
        quantities.retain(|quantity| {
            let is_new = !seen.contains(quantity);
            seen.push(*quantity);
            is_new
        });
        quantities.into_iter().map(|quantity| Measured::of(quantity, ours, base)).collect()
    }

    /// The policy as a file, with a comment that says how it was found and what was
    /// measured of it.
    #[must_use]
    pub fn policy_file(&self, command: &str) -> String {
        policy_file::policy_file(self, &self.policy, command)
    }

    /// The report and the search itself, which it follows from.
    ///
    /// # Errors
    ///
    /// If the JSON writer fails.
    pub fn json(&self, command: &str) -> Result<String, crate::ReportError> {
        json::json(self, command)
    }
}

fn ours_and_base(tuned: &Tuned) -> Option<(&[RunResult], &[RunResult])> {
    if let (Some(ours), Some(base)) = (&tuned.fresh, &tuned.fresh_base) {
        return Some((ours, base));
    }
    let ours = &tuned.candidates.get(tuned.best?)?.runs[..];
    Some((ours, tuned.base_runs.get(..ours.len())?))
}

fn outcome(tuned: &Tuned, goal: &Goal) -> Outcome {
    if tuned.partial {
        return Outcome::Unvalidated;
    }
    let Some((ours, base)) = ours_and_base(tuned) else { return Outcome::NoBetter };
    if goal.violation_of(ours) > 0.0 {
        return Outcome::Infeasible;
    }
    if goal.violation_of(base) > 0.0 {
        return Outcome::Better;
    }
    let difference = Measured::of(goal.objective(), ours, base).improvement();
    let is_clear = difference.and_then(|less| less.interval).is_some_and(|less| less.high < 0.0);
    if is_clear { Outcome::Better } else { Outcome::NoBetter }
}

/// `throttled_rate <= 1% (it is 2.3 %)`.
fn broken_by(constraint: &Threshold, runs: &[RunResult]) -> String {
    let unit = constraint.quantity().unit();
    let mean = crate::stats::mean(&numbers(constraint.quantity(), runs));
    let found = mean.map_or_else(|| "no run has a value".to_owned(), |mean| unit.text(mean));
    format!("{constraint} ({found})")
}

impl Measured {
    fn of(quantity: Quantity, ours: &[RunResult], base: &[RunResult]) -> Self {
        Self {
            quantity,
            ours: estimate(quantity, ours),
            base: estimate(quantity, base),
            difference: Estimate::of(&differences(&quantity.values(ours), &quantity.values(base))),
        }
    }

    /// The difference turned so that less is better.
    fn improvement(&self) -> Option<Estimate> {
        let difference = self.difference?;
        let is_higher = self.quantity.better() == Better::Higher;
        Some(if is_higher { difference.negated() } else { difference })
    }

    /// `Time to drain is 12.0 s instead of 15.0 s, a difference of −3.0 s (..), in ..`.
    fn sentence(&self, where_seen: &str) -> String {
        let [ours, base, difference] = self.texts();
        format!(
            "{} is {ours} instead of {base}, a difference of {difference}, {where_seen}.",
            self.quantity.label()
        )
    }

    /// Ours, the base's and the difference, the last with its interval.
    #[must_use]
    pub fn texts(&self) -> [String; 3] {
        let unit: Unit = self.quantity.unit();
        let text = |estimate: Option<Estimate>| {
            estimate.map_or("–".to_owned(), |estimate| unit.text(estimate.mean))
        };
        let range = range_text(self.difference, |mean, low, high| {
            unit.difference_range_text(mean, low, high)
        });
        let difference =
            self.difference.map_or("–".to_owned(), |more| unit.difference_text(more.mean));
        let difference =
            if range.is_empty() { difference } else { format!("{difference} ({range})") };
        [text(self.ours), text(self.base), difference]
    }

    /// The mean of ours with its interval.
    #[must_use]
    pub fn ours_text(&self) -> String {
        let unit: Unit = self.quantity.unit();
        let range = range_text(self.ours, |mean, low, high| unit.range_text(mean, low, high));
        let [ours, ..] = self.texts();
        if range.is_empty() { ours } else { format!("{ours} ({range})") }
    }
}
