//! The numbers of a comparison: the one place that every output takes them from.

mod lead;

use forbear_sim::results::{Comparison, PolicyResult, RunResult};

use crate::metric::{Better, Metric};
use crate::name;
use crate::stats::{Estimate, differences};
use crate::verdict::Verdict;

/// Every metric of every policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The metrics, in the order of the cells.
    pub metrics: Vec<Metric>,
    /// One row a policy, in the order of the comparison.
    pub rows: Vec<Row>,
    /// The policy that differences are taken against, as an index into `rows`.
    pub reference: Option<usize>,
}

/// One policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name, safe to print and at most 48 characters.
    pub policy: String,
    /// One cell a metric.
    pub cells: Vec<Cell>,
}

/// One metric of one policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The metric.
    pub metric: Metric,
    /// Its mean over the runs that have a value; `None` if none has.
    pub estimate: Option<Estimate>,
    /// Difference from the reference in the same storms, this less that; `None`
    /// for the reference itself and where the two have no run in common.
    pub difference: Option<Estimate>,
    /// Whether it is the best of its column, or not clearly worse than the best.
    ///
    /// In times, rates and loads only a policy can lead that brings as many calls
    /// to success as any: giving up is fast and cheap.
    pub leads: bool,
}

impl Table {
    /// Computes the table; differences are taken against the reference of `verdict`.
    pub(crate) fn new(comparison: &Comparison, verdict: &Verdict) -> Self {
        let reference = verdict.reference();
        let policies = &comparison.policies;
        let mut rows: Vec<Row> = policies
            .iter()
            .map(|policy| Row {
                policy: name::shown(&policy.name),
                cells: Metric::ALL.into_iter().map(|metric| Cell::new(metric, policy)).collect(),
            })
            .collect();
        if let Some(reference) = reference {
            for (index, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != reference)
            {
                for cell in &mut row.cells {
                    let (policy, against) = (&policies[index], &policies[reference]);
                    cell.difference = difference(cell.metric, policy, against);
                }
            }
        }
        for column in 0..Metric::ALL.len() {
            lead::mark(&mut rows, column, reference, policies, &verdict.succeeding);
        }
        Self { metrics: Metric::ALL.to_vec(), rows, reference }
    }

    /// The cell of `metric` in the row at `row`; `None` outside the table.
    #[must_use]
    pub fn cell(&self, row: usize, metric: Metric) -> Option<&Cell> {
        self.rows.get(row)?.cells.iter().find(|cell| cell.metric == metric)
    }
}

impl Cell {
    fn new(metric: Metric, policy: &PolicyResult) -> Self {
        let values: Vec<f64> =
            values(metric, &policy.runs).into_iter().map(|(_, value)| value).collect();
        Self { metric, estimate: Estimate::of(&values), difference: None, leads: false }
    }

    /// The mean with its unit, `12.4 s`; a dash without one.
    #[must_use]
    pub fn text(&self) -> String {
        self.estimate.map_or("–".to_owned(), |estimate| self.metric.unit().text(estimate.mean))
    }

    /// The interval with its unit, `11.9 to 12.9 s`; empty where there is none, and
    /// where it is narrower than the last digit of the mean.
    #[must_use]
    pub fn interval_text(&self) -> String {
        let unit = self.metric.unit();
        range_text(self.estimate, |mean, low, high| unit.range_text(mean, low, high))
    }

    /// The difference from the reference with its unit, `+3.1 s`; empty where there is none.
    #[must_use]
    pub fn difference_text(&self) -> String {
        let unit = self.metric.unit();
        self.difference.map_or_else(String::new, |more| unit.difference_text(more.mean))
    }

    /// The interval of the difference, like [`interval_text`](Self::interval_text).
    #[must_use]
    pub fn difference_interval_text(&self) -> String {
        let unit = self.metric.unit();
        range_text(self.difference, |mean, low, high| unit.difference_range_text(mean, low, high))
    }

    /// Whether the difference is clearly for the worse (`false`) or better (`true`);
    /// `None` where its interval holds zero, or where neither way is better.
    #[must_use]
    pub fn is_improvement(&self) -> Option<bool> {
        let interval = self.difference?.interval?;
        let higher = if interval.low > 0.0 {
            true
        } else if interval.high < 0.0 {
            false
        } else {
            return None;
        };
        match self.metric.better() {
            Better::Higher => Some(higher),
            Better::Lower => Some(!higher),
            Better::Neither => None,
        }
    }
}

/// The difference of `policy` from `against` over the storms that both saw.
pub(crate) fn difference(
    metric: Metric,
    policy: &PolicyResult,
    against: &PolicyResult,
) -> Option<Estimate> {
    Estimate::of(&differences(&values(metric, &policy.runs), &values(metric, &against.runs)))
}

/// The seeds of the runs that have a value, each with it.
pub(crate) fn values(metric: Metric, runs: &[RunResult]) -> Vec<(u64, f64)> {
    let value = |run: &RunResult| metric.value(&run.metrics).map(|value| (run.seed, value));
    runs.iter().filter_map(value).collect()
}

pub(crate) fn range_text(
    estimate: Option<Estimate>,
    text: impl Fn(f64, f64, f64) -> String,
) -> String {
    let Some(Estimate { mean, interval: Some(interval), .. }) = estimate else {
        return String::new();
    };
    let range = text(mean, interval.low, interval.high);
    if range == text(mean, mean, mean) { String::new() } else { range }
}
