//! The numbers of a comparison: the one place that every output takes them from.

mod lead;

use forbear_sim::results::{Comparison, PolicyResult, RunResult, WithoutRedis};

use crate::metric::{Better, Group, Metric, Quantity};
use crate::name;
use crate::stats::{Estimate, Modes, Proportion, differences, mean};
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
    /// What a client does without the Redis in which it shares a quota under this policy;
    /// `None` if it shares none.
    pub without_redis: Option<WithoutRedis>,
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
    /// What no policy could have beaten, on average over the runs that have a value;
    /// `None` where no [bound](Metric::bound) is known.
    pub bound: Option<f64>,
    /// How far the runs are from it, 0 or more.
    pub regret: Option<Estimate>,
    /// The two groups of the runs, if they fall into two: the mean describes neither.
    pub modes: Option<Modes>,
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
                without_redis: policy.runs.iter().find_map(|run| Some(run.shared?.rule)),
                cells: Cell::all(&policy.runs),
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
        let metrics = told(rows.iter().flat_map(|row| &row.cells));
        for row in &mut rows {
            row.cells.retain(|cell| metrics.contains(&cell.metric));
        }
        Self { metrics, rows, reference }
    }

    /// The cell of `metric` in the row at `row`; `None` outside the table.
    #[must_use]
    pub fn cell(&self, row: usize, metric: Metric) -> Option<&Cell> {
        self.rows.get(row)?.cells.iter().find(|cell| cell.metric == metric)
    }
}

impl Table {
    /// The metrics of `group`.
    pub(crate) fn metrics_of(&self, group: Group) -> Vec<Metric> {
        self.metrics.iter().copied().filter(|metric| metric.group() == group).collect()
    }

    /// Whether people are told of a metric of `group`.
    pub(crate) fn tells_of(&self, group: Group) -> bool {
        self.metrics.iter().any(|metric| metric.group() == group)
    }

    /// The rows that say something in `group`, each with its index.
    pub(crate) fn rows_of(&self, group: Group) -> impl Iterator<Item = (usize, &Row)> {
        let says = move |row: &Row| group != Group::Redis || row.without_redis.is_some();
        self.rows.iter().enumerate().filter(move |(_, row)| says(row))
    }

    /// The metrics whose distance from a bound is shown: those that have one, but not
    /// those that should be nothing, whose regret is themselves.
    pub(crate) fn regretted(&self) -> Vec<Metric> {
        let has_regret = |metric: Metric| {
            let mut cells = self.rows.iter().flat_map(|row| &row.cells);
            cells.any(|cell| cell.metric == metric && cell.regret.is_some())
        };
        let metrics = self.metrics.iter().copied();
        metrics.filter(|metric| !metric.is_bounded_by_nothing() && has_regret(*metric)).collect()
    }
}

impl Row {
    /// What a client sends without Redis, in words; a dash where it shares nothing there.
    pub(crate) fn rule_text(&self) -> &'static str {
        match self.without_redis {
            Some(WithoutRedis::LocalShare) => "its share",
            Some(WithoutRedis::Closed) => "nothing",
            Some(WithoutRedis::Open) => "everything",
            _ => "–",
        }
    }
}

impl Cell {
    /// One cell a metric, in the order of [`Metric::ALL`].
    pub(crate) fn all(runs: &[RunResult]) -> Vec<Self> {
        Metric::ALL.into_iter().map(|metric| Self::new(metric, runs)).collect()
    }

    fn new(metric: Metric, runs: &[RunResult]) -> Self {
        let estimate = estimate(Quantity::Value(metric), runs);
        let bounds: Vec<f64> = runs
            .iter()
            .filter(|run| metric.value(run).is_some())
            .filter_map(|run| metric.bound(run))
            .collect();
        Self {
            metric,
            estimate,
            difference: None,
            bound: mean(&bounds),
            regret: regret(metric, runs, estimate, &bounds),
            modes: modes(metric, runs),
            leads: false,
        }
    }

    /// The mean with its unit, `12.4 s`; a dash without one.
    #[must_use]
    pub fn text(&self) -> String {
        self.estimate.map_or("–".to_owned(), |estimate| self.metric.unit().text(estimate.mean))
    }

    /// The interval with its unit, `11.9 to 12.9 s`; empty where there is none, and
    /// where it is narrower than the last digit of the mean. Where the runs fall into two
    /// groups these instead: an interval between them would say how many runs fell into
    /// which, and nothing about any run.
    #[must_use]
    pub fn interval_text(&self) -> String {
        let unit = self.metric.unit();
        if let Some(Modes { better, worse, p_worse, .. }) = self.modes {
            let (better, worse) = (unit.text(better), unit.text(worse));
            let (bad, good) = (p_worse.count, p_worse.runs - p_worse.count);
            return format!("two modes: {better} in {good} runs, {worse} in {bad}");
        }
        range_text(self.estimate, |mean, low, high| unit.range_text(mean, low, high))
    }

    /// The mean distance from the bound with its unit, `3.1 s`; a dash where no bound is
    /// known.
    #[must_use]
    pub fn regret_text(&self) -> String {
        let unit = self.metric.unit();
        self.regret.map_or("–".to_owned(), |regret| unit.distance_text(regret.mean))
    }

    /// The interval of the regret, like [`interval_text`](Self::interval_text).
    #[must_use]
    pub fn regret_interval_text(&self) -> String {
        let unit = self.metric.unit();
        range_text(self.regret, |mean, low, high| unit.difference_range_text(mean, low, high))
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

/// The mean over the runs that have a value.
pub(crate) fn estimate(quantity: Quantity, runs: &[RunResult]) -> Option<Estimate> {
    let values = numbers(quantity, runs);
    if quantity.metric() == Metric::Collapsed { proportion(&values) } else { Estimate::of(&values) }
}

/// How often something happens, from a 0 or a 1 a run. Resampling would say that what did
/// not happen never does.
fn proportion(values: &[f64]) -> Option<Estimate> {
    let happened = values.iter().filter(|value| **value > 0.0).count();
    let p = Proportion::of(happened, values.len())?;
    let interval = (p.runs > 1).then_some(p.interval);
    Some(Estimate { mean: p.share(), interval, runs: p.runs })
}

/// The two groups of `runs`: those that collapsed and those that did not, or else groups
/// far from each other. `None` if they are one, and for what is no outcome of a storm.
pub(crate) fn modes(metric: Metric, runs: &[RunResult]) -> Option<Modes> {
    if !metric.is_outcome() {
        return None;
    }
    let has_collapsed =
        |run: &RunResult| Metric::Collapsed.value(run).is_some_and(|value| value > 0.0);
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for run in runs {
        let group = if has_collapsed(run) { &mut bad } else { &mut good };
        group.extend(metric.value(run));
    }
    Modes::divided(&good, &bad)
        .or_else(|| Modes::of(&numbers(Quantity::Value(metric), runs), metric.better()))
}

/// The mean regret. Where all runs have one bound it is the mean, shifted; resampling
/// again would give the same interval and is what takes the time.
fn regret(
    metric: Metric,
    runs: &[RunResult],
    estimate: Option<Estimate>,
    bounds: &[f64],
) -> Option<Estimate> {
    let estimate = estimate?;
    let first = *bounds.first()?;
    #[expect(clippy::float_cmp, reason = "equal to the last bit is what is asked")]
    let is_one = bounds.len() == estimate.runs && bounds.iter().all(|bound| *bound == first);
    match metric.better() {
        Better::Lower if is_one => Some(estimate.plus(-first)),
        Better::Higher if is_one => Some(estimate.negated().plus(first)),
        _ => Estimate::of(&numbers(Quantity::Regret(metric), runs)),
    }
}

/// The values of the runs that have one.
pub(crate) fn numbers(quantity: Quantity, runs: &[RunResult]) -> Vec<f64> {
    quantity.values(runs).into_iter().map(|(_, value)| value).collect()
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
    Quantity::Value(metric).values(runs)
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

/// The metrics that people are told of: those that only some scenarios have, only where one
/// of `cells` has a value.
pub(crate) fn told<'a>(cells: impl Iterator<Item = &'a Cell>) -> Vec<Metric> {
    let valued: Vec<Metric> =
        cells.filter(|cell| cell.estimate.is_some()).map(|cell| cell.metric).collect();
    let is_told = |metric: &Metric| !metric.is_of_some_scenarios() || valued.contains(metric);
    Metric::ALL.into_iter().filter(is_told).collect()
}
