//! Storms that end in two ways, which a mean describes neither of.

use forbear_sim::results::{PolicyResult, RunResult};

use crate::metric::{Metric, Quantity};
use crate::name;
use crate::number::{Unit, whole};
use crate::stats::{Modes, Proportion};
use crate::table::{modes, numbers};

/// What is looked at where no run collapses, the plainest first.
const METRICS: [Metric; 4] =
    [Metric::SuccessShare, Metric::Goodput, Metric::TimeToDrain, Metric::Amplification];

/// A sentence if the storms of `policy` end in two ways.
pub(super) fn caution(policy: &PolicyResult) -> Option<String> {
    caution_of(&name::shown(&policy.name), &policy.runs)
}

fn caution_of(name: &str, runs: &[RunResult]) -> Option<String> {
    let collapsed = numbers(Quantity::Value(Metric::Collapsed), runs);
    let count = collapsed.iter().filter(|value| **value > 0.0).count();
    let p = Proportion::of(count, collapsed.len())?;
    if (1..p.runs).contains(&p.count) {
        return Some(format!(
            "{name} collapses in {}, so its means describe no storm: look at each seed. The \
             probability is {}.",
            of_storms(p),
            probability(p)
        ));
    }
    let found = METRICS.into_iter().find_map(|metric| Some((metric, modes(metric, runs)?)));
    let (metric, Modes { better, worse, p_worse }) = found?;
    let unit = metric.unit();
    Some(format!(
        "The storms of {name} end in two ways, so its means describe neither: {} is about {} in \
         {} and about {} in the others. The worse end has a probability of {}.",
        metric.label().to_lowercase(),
        unit.text(worse),
        of_storms(p_worse),
        unit.text(better),
        probability(p_worse)
    ))
}

/// `3 of 20 storms`.
fn of_storms(p: Proportion) -> String {
    format!("{} of {} storms", whole(p.count as u64), whole(p.runs as u64))
}

/// `15 % (95 % interval 5 to 36 %)`.
fn probability(p: Proportion) -> String {
    let (share, interval) = (p.share(), p.interval);
    let range = Unit::Share.range_text(share, interval.low, interval.high);
    format!("{} (95\u{a0}% interval {range})", Unit::Share.text(share))
}
