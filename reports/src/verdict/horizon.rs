//! Storms that were not over at their horizon.

use forbear_sim::results::{Comparison, PolicyResult};

use crate::name;
use crate::number::whole;

/// A sentence if calls of some policy were cut off, whose end nobody knows.
pub(super) fn caution(comparison: &Comparison) -> Option<String> {
    let most = |policy: &PolicyResult| policy.runs.iter().map(|run| run.metrics.cut_off).max();
    let cut_off: Vec<String> = comparison
        .policies
        .iter()
        .filter_map(|policy| {
            let most = most(policy).filter(|&most| most > 0)?;
            Some(format!("{} of {}", whole(most), name::shown(&policy.name)))
        })
        .collect();
    if cut_off.is_empty() {
        return None;
    }
    Some(format!(
        "The horizon cuts off calls, of {} at most {}: what is shown of them is what they did \
         until then, and they would have drained later.",
        whole(comparison.scenario.calls),
        cut_off.join(", ")
    ))
}
