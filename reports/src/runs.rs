//! Every run on a row of its own, for tools that take tables: as CSV and as Parquet.
//!
//! Tidy data (Wickham, "Tidy Data", Journal of Statistical Software 59 (2014)): a row is a
//! run, a column is what was set or measured. Nothing is averaged, so that outcomes with
//! two modes stay visible.

#[cfg(feature = "parquet")]
mod parquet;

use forbear_sim::results::{Comparison, RunResult};
use forbear_sim::sweep::{Parameter, Sweep};

use crate::error::ReportError;
use crate::metric::{Group, Metric};
use crate::number::float;
use crate::render::{finished, inert};
use crate::sweep::size;

/// Runs as columns of equal length.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunTable {
    columns: Vec<(String, Column)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Column {
    Text(Vec<String>),
    Whole(Vec<u64>),
    Number(Vec<Option<f64>>),
}

/// A run and what it is one of.
struct Line<'a> {
    policy: &'a str,
    point: Option<(u64, &'a [String])>,
    run: &'a RunResult,
}

impl RunTable {
    /// One row a policy and seed.
    pub(crate) fn of_comparison(comparison: &Comparison) -> Self {
        let lines: Vec<Line<'_>> = comparison
            .policies
            .iter()
            .flat_map(|policy| {
                let line = |run| Line { policy: &policy.name, point: None, run };
                policy.runs.iter().map(line)
            })
            .collect();
        Self::of(&comparison.scenario.name, &[], &lines)
    }

    /// One row a point and seed, with the values of the parameters.
    pub(crate) fn of_sweep(sweep: &Sweep) -> Self {
        let lines: Vec<Line<'_>> = sweep
            .points
            .iter()
            .flat_map(|point| {
                let place = Some((point.index, &point.values[..]));
                let line = move |run| Line { policy: &sweep.policy.name, point: place, run };
                point.runs.iter().map(line)
            })
            .collect();
        let keys: Vec<&str> = sweep.parameters.iter().map(Parameter::key).collect();
        Self::of(&sweep.scenario.name, &keys, &lines)
    }

    fn of(scenario: &str, keys: &[&str], lines: &[Line<'_>]) -> Self {
        let text =
            |value: &dyn Fn(&Line<'_>) -> String| Column::Text(lines.iter().map(value).collect());
        let mut columns = vec![
            ("scenario".to_owned(), text(&|_| scenario.to_owned())),
            ("policy".to_owned(), text(&|line| line.policy.to_owned())),
        ];
        if !keys.is_empty() {
            let index = |line: &Line<'_>| line.point.map_or(0, |(index, _)| index);
            columns.push(("point".to_owned(), Column::Whole(lines.iter().map(index).collect())));
        }
        for (at, key) in keys.iter().enumerate() {
            let value = |line: &Line<'_>| -> String {
                line.point.and_then(|(_, values)| values.get(at)).cloned().unwrap_or_default()
            };
            let values: Vec<String> = lines.iter().map(value).collect();
            let numbers: Vec<Option<f64>> = values
                .iter()
                .map(|value| Some(size(value)).filter(|size| size.is_finite()))
                .collect();
            columns.push(((*key).to_owned(), Column::Text(values)));
            // "100ms" is no number to compute with, and "full" is none at all.
            if numbers.iter().all(Option::is_some) {
                columns.push((format!("{key}_number"), Column::Number(numbers)));
            }
        }
        let whole = |value: fn(&RunResult) -> u64| {
            Column::Whole(lines.iter().map(|line| value(line.run)).collect())
        };
        columns.push(("seed".to_owned(), whole(|run| run.seed)));
        columns.push(("hash".to_owned(), text(&|line| line.run.hash.clone())));
        columns.push(("events".to_owned(), whole(|run| run.events)));
        let number = |value: &dyn Fn(&RunResult) -> Option<f64>| {
            Column::Number(lines.iter().map(|line| value(line.run)).collect())
        };
        // What only runs with Redis have is a column only where there is one.
        let has_redis = lines.iter().any(|line| line.run.shared.is_some());
        let metrics = Metric::ALL.into_iter();
        for metric in metrics.filter(|metric| has_redis || metric.group() != Group::Redis) {
            let value = |run: &RunResult| metric.value(run);
            columns.push((metric.key().to_owned(), number(&value)));
        }
        for metric in Metric::ALL {
            // The regret of what should be nothing is the metric itself.
            if metric.has_bound() && !metric.is_bounded_by_nothing() {
                let value = |run: &RunResult| metric.regret(run);
                columns.push((format!("{}_regret", metric.key()), number(&value)));
            }
        }
        // Sends that were answered as they were recorded.
        if lines.iter().any(|line| line.run.repeated.is_some()) {
            columns.push(("repeated".to_owned(), number(&|run| run.repeated.map(float))));
        }
        Self { columns }
    }

    /// Rows, without the line of names.
    fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| match column {
            Column::Text(values) => values.len(),
            Column::Whole(values) => values.len(),
            Column::Number(values) => values.len(),
        })
    }

    /// As CSV (RFC 4180), after a line of column names; empty where there is no value.
    pub(crate) fn csv(&self) -> Result<String, ReportError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|(name, _)| inert(name)))?;
        for row in 0..self.len() {
            writer.write_record(self.columns.iter().map(|(_, column)| match column {
                Column::Text(values) => inert(&values[row]),
                Column::Whole(values) => values[row].to_string(),
                Column::Number(values) => {
                    values[row].map(|value| value.to_string()).unwrap_or_default()
                }
            }))?;
        }
        finished(writer)
    }
}
