//! What a sweep showed: every point with its intervals, and which are on the Pareto
//! front.

mod csv;
mod front;
mod json;
mod markdown;

use forbear_sim::sweep::{Parameter, Sweep};

pub use self::front::Standing;
pub(crate) use self::front::standings_of;
use crate::error::ReportError;
use crate::metric::Metric;
use crate::table::Cell;
use crate::verdict::ENOUGH_RUNS;

/// The report of one sweep: a function of the sweep and the objectives alone.
#[derive(Clone, Debug)]
pub struct SweepReport<'a> {
    sweep: &'a Sweep,
    objectives: Vec<Metric>,
    rows: Vec<SweepRow>,
}

/// One point of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRow {
    /// Its values, safe to print, in the order of the parameters.
    pub values: Vec<String>,
    /// One cell a metric, in the order of [`Metric::ALL`].
    pub cells: Vec<Cell>,
    /// Where it stands against the other points under the same conditions; `None` where
    /// only conditions vary, or an objective has no value.
    pub standing: Option<Standing>,
}

impl<'a> SweepReport<'a> {
    /// What a point is judged by, unless somebody says otherwise: what the verdict of a
    /// comparison asks for.
    pub const OBJECTIVES: [Metric; 3] =
        [Metric::SuccessShare, Metric::TimeToDrain, Metric::Amplification];

    /// Estimates every point, and finds the Pareto front of `objectives`.
    ///
    /// Points are held against each other only where the scenario is the same: what
    /// varies in the policy is a choice, what varies in the scenario is not.
    #[must_use]
    pub fn new(sweep: &'a Sweep, objectives: &[Metric]) -> Self {
        let standings = front::standings(sweep, objectives);
        let rows = sweep.points.iter().zip(standings).map(|(point, standing)| SweepRow {
            values: point.values.iter().map(|value| crate::name::shown(value)).collect(),
            cells: Cell::all(&point.runs),
            standing,
        });
        Self { sweep, objectives: objectives.to_vec(), rows: rows.collect() }
    }

    /// The sweep.
    #[must_use]
    pub const fn sweep(&self) -> &'a Sweep {
        self.sweep
    }

    /// What the points are judged by.
    #[must_use]
    pub fn objectives(&self) -> &[Metric] {
        &self.objectives
    }

    /// One row a point, in the order of the points.
    #[must_use]
    pub fn rows(&self) -> &[SweepRow] {
        &self.rows
    }

    /// How many points are on the front, and by what.
    #[must_use]
    pub fn headline(&self) -> String {
        let (points, in_all) = (self.rows.len(), self.sweep.points_in_all());
        let made = if points as u64 == in_all {
            format!("{points} points")
        } else {
            format!("{points} of {in_all} points")
        };
        let count = |standing: Standing| {
            self.rows.iter().filter(|row| row.standing == Some(standing)).count()
        };
        if self.rows.iter().all(|row| row.standing.is_none()) {
            return made;
        }
        let labels: Vec<String> =
            self.objectives.iter().map(|metric| metric.label().to_lowercase()).collect();
        let by = labels.join(", ");
        let near = match count(Standing::Near) {
            0 => String::new(),
            near => format!(", {near} not clearly behind it"),
        };
        format!("{made}: {} on the Pareto front of {by}{near}", count(Standing::Front))
    }

    /// What the reader should beware of, each a sentence.
    #[must_use]
    pub fn cautions(&self) -> Vec<String> {
        let mut cautions = Vec::new();
        if self.sweep.partial {
            cautions.push("The sweep was interrupted: points are missing.".to_owned());
        }
        let runs = self.sweep.replications as usize;
        if runs < ENOUGH_RUNS {
            cautions.push(format!(
                "There are only {runs} replications a point, so the intervals are rough or missing. \
                 Repeat with {ENOUGH_RUNS} or more."
            ));
        }
        let is_of_policy = Parameter::is_of_policy;
        let parameters = &self.sweep.parameters;
        if parameters.iter().any(is_of_policy) && !parameters.iter().all(is_of_policy) {
            cautions.push(
                "The scenario varies too: each of its variants has a Pareto front of its own."
                    .to_owned(),
            );
        }
        cautions
    }

    /// The numbers and their sources as GitHub-flavoured Markdown.
    ///
    /// # Errors
    ///
    /// None today; formats share one signature.
    pub fn markdown(&self) -> Result<String, ReportError> {
        Ok(markdown::markdown(self))
    }

    /// One line a point and metric, after a line of column names.
    ///
    /// # Errors
    ///
    /// If the CSV writer fails.
    pub fn csv(&self) -> Result<String, ReportError> {
        csv::csv(self)
    }

    /// The summary and the sweep itself, which the summary follows from.
    ///
    /// # Errors
    ///
    /// If the JSON writer fails.
    pub fn json(&self) -> Result<String, ReportError> {
        json::json(self)
    }
}

impl SweepRow {
    /// The mean of `metric` with its unit; a dash without one.
    #[must_use]
    pub fn text(&self, metric: Metric) -> String {
        self.cell(metric).map_or("–".to_owned(), Cell::text)
    }

    /// The interval of the mean, or the two groups of the runs: as a
    /// [cell](Cell::interval_text) of a comparison says it.
    #[must_use]
    pub fn interval_text(&self, metric: Metric) -> String {
        self.cell(metric).map(Cell::interval_text).unwrap_or_default()
    }

    /// What was measured of `metric`.
    #[must_use]
    pub fn cell(&self, metric: Metric) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.metric == metric)
    }
}
