//! Which cells lead their column, and are set in bold.

use forbear_sim::results::PolicyResult;

use super::{Cell, Row, difference};
use crate::metric::{Better, Group, Metric};
use crate::stats::Estimate;

/// Marks the best cell of a column and those that are not clearly worse, or worse
/// by less than the digits that are shown.
///
/// Where all lead, none does: bold everywhere says nothing.
pub(super) fn mark(
    rows: &mut [Row],
    column: usize,
    reference: Option<usize>,
    policies: &[PolicyResult],
    succeeding: &[usize],
) {
    let cells: Vec<&Cell> = rows.iter().map(|row| &row.cells[column]).collect();
    let Some(metric) = cells.first().map(|cell| cell.metric) else { return };
    let may_lead = |index: &usize| {
        let succeeds = metric.group() == Group::Outcome || succeeding.contains(index);
        succeeds && cells[*index].estimate.is_some()
    };
    let Some(leader) = best(metric, &cells, may_lead) else { return };
    let keeps_up = |index: &usize| {
        let against_leader = if reference == Some(leader) {
            // It was computed already, and resampling is what takes the time.
            cells[*index].difference
        } else {
            difference(metric, &policies[*index], &policies[leader])
        };
        // What reads the same must not look different.
        cells[*index].text() == cells[leader].text()
            || against_leader.is_some_and(|more| !is_worse(metric, &more))
    };
    let leading: Vec<usize> = (0..cells.len()).filter(may_lead).filter(keeps_up).collect();
    if leading.len() < cells.iter().filter(|cell| cell.estimate.is_some()).count() {
        for index in leading {
            rows[index].cells[column].leads = true;
        }
    }
}

/// The row with the best mean of those that may lead; the first of equals.
fn best(metric: Metric, cells: &[&Cell], may_lead: impl Fn(&usize) -> bool) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for index in (0..cells.len()).filter(may_lead) {
        let mean = cells[index].estimate?.mean;
        let leads = match (best, metric.better()) {
            (_, Better::Neither) => false,
            (None, _) => true,
            (Some((_, lead)), Better::Higher) => mean > lead,
            (Some((_, lead)), Better::Lower) => mean < lead,
        };
        if leads {
            best = Some((index, mean));
        }
    }
    best.map(|(index, _)| index)
}

/// Whether a difference from the leader is clearly for the worse.
fn is_worse(metric: Metric, more: &Estimate) -> bool {
    match metric.better() {
        Better::Higher => more.negated().low() > 0.0,
        _ => more.low() > 0.0,
    }
}
