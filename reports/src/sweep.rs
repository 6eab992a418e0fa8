//! What a sweep showed: every point with its intervals, and which are on the Pareto
//! front.

mod cloud;
mod csv;
mod effect;
mod field;
mod front;
mod html;
mod json;
mod markdown;

use forbear_sim::sweep::{Parameter, Sweep};

pub(crate) use self::effect::size;
pub use self::effect::{Effect, Level};
pub use self::front::Standing;
pub(crate) use self::front::standings_of;
use crate::chart::{Figure, HeatMap, Scatter};
use crate::error::ReportError;
use crate::metric::Metric;
use crate::runs::RunTable;
use crate::table::Cell;
use crate::verdict::{ENOUGH_RUNS, listed};

/// Points a parameter of a sample, as a rule of thumb (Loeppky and others, "Choosing the
/// sample size of a computer experiment", Technometrics 51 (2009)).
const SPARSE: usize = 10;

/// The report of one sweep: a function of the sweep and the objectives alone.
#[derive(Clone, Debug)]
pub struct SweepReport<'a> {
    sweep: &'a Sweep,
    objectives: Vec<Metric>,
    rows: Vec<SweepRow>,
    effects: Vec<Effect>,
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
        let effects = effect::effects(sweep, objectives);
        Self { sweep, objectives: objectives.to_vec(), rows: rows.collect(), effects }
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

    /// What each parameter does to each objective.
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// What the effects are and how sure.
    pub(crate) const fn effects_note(&self) -> &'static str {
        if self.sweep.sample.is_some() {
            "Effect: the mean over the points with such a value, less the mean over all points; in \
             brackets its 95 % interval over the points, which differ in the other parameters too. \
             How much a parameter explains is its share of the variance between the points; one \
             that does nothing seems to explain (groups − 1) / (points − 1) of it by chance."
        } else {
            "Effect: the mean over the points with this value, less the mean over all points; in \
             brackets its 95 % interval over the storms, which all points met. How much a parameter \
             explains is its share of the variance between the points; what is left are \
             interactions, where one value decides what another does."
        }
    }

    /// One chart an objective: a heat map where two parameters of a grid vary, the points
    /// against each parameter where they are a sample.
    pub(crate) fn figures(&self) -> Vec<Figure> {
        let maps = self.heat_maps();
        maps.iter()
            .map(HeatMap::figure)
            .chain(self.scatters().iter().map(Scatter::figure))
            .collect()
    }

    fn heat_maps(&self) -> Vec<HeatMap<'a>> {
        field::heat_maps(self.sweep, &self.rows, &self.objectives)
    }

    fn scatters(&self) -> Vec<Scatter> {
        cloud::scatters(self.sweep, &self.rows, &self.effects, &self.objectives)
    }

    /// The heat map of the first objective as a file of its own; `None` unless the sweep is
    /// a grid in which exactly two parameters have several values.
    #[must_use]
    pub fn heat_map(&self) -> Option<String> {
        Some(self.heat_maps().first()?.figure().standalone())
    }

    /// The points against each parameter, by the first objective, as a file of its own;
    /// `None` unless they are a sample.
    #[must_use]
    pub fn scatter(&self) -> Option<String> {
        Some(self.scatters().first()?.figure().standalone())
    }

    /// One self-contained page: no script, no request, light and dark, printable.
    ///
    /// # Errors
    ///
    /// If the built-in template is faulty.
    pub fn html(&self) -> Result<String, ReportError> {
        html::html(self)
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
        let by = listed(&labels);
        let near = match count(Standing::Near) {
            0 => String::new(),
            1 => ", and 1 is not clearly behind it".to_owned(),
            near => format!(", and {near} are not clearly behind it"),
        };
        let front = count(Standing::Front);
        let are = if front == 1 { "is" } else { "are" };
        let made =
            if points as u64 == in_all { made } else { format!("{points} points (of {in_all})") };
        format!("{front} of {made} {are} on the Pareto front of {by}{near}")
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
        if self.sweep.sample.is_some() && self.rows.len() < SPARSE * parameters.len() {
            cautions.push(format!(
                "There are only {} points for {} parameters, so the effects are rough. Sample {} \
                 or more.",
                self.rows.len(),
                parameters.len(),
                SPARSE * parameters.len()
            ));
        }
        if let Some(mixed) = self.mixed() {
            cautions.push(mixed);
        }
        if parameters.iter().any(is_of_policy) && !parameters.iter().all(is_of_policy) {
            cautions.push(if self.sweep.sample.is_some() {
                "The scenario varies too, so no point is held against another: there is no Pareto \
                 front."
                    .to_owned()
            } else {
                "The scenario varies too: each of its variants has a Pareto front of its own."
                    .to_owned()
            });
        }
        cautions
    }

    /// A sentence if some storms of a point collapse and others do not.
    fn mixed(&self) -> Option<String> {
        let is_mixed = |row: &&SweepRow| {
            let p = row.cell(Metric::Collapsed).and_then(|cell| cell.estimate);
            p.is_some_and(|p| p.mean > 0.0 && p.mean < 1.0)
        };
        let mixed = self.rows.iter().filter(is_mixed).count();
        (mixed > 0).then(|| {
            format!(
                "At {mixed} points some storms collapse and others do not: there the mean of a \
                 metric describes neither. collapsed is the metric that says how often."
            )
        })
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

    /// One line a point and seed, after a line of column names: every run with the values
    /// of the parameters and all of its metrics, nothing averaged.
    ///
    /// # Errors
    ///
    /// If the CSV writer fails.
    pub fn runs_csv(&self) -> Result<String, ReportError> {
        RunTable::of_sweep(self.sweep).csv()
    }

    /// The same as a Parquet file.
    ///
    /// # Errors
    ///
    /// If the Parquet writer fails.
    #[cfg(feature = "parquet")]
    pub fn runs_parquet(&self) -> Result<Vec<u8>, ReportError> {
        RunTable::of_sweep(self.sweep).parquet()
    }

    /// One line a value of a parameter and objective, after a line of column names.
    ///
    /// # Errors
    ///
    /// If the CSV writer fails.
    pub fn effects_csv(&self) -> Result<String, ReportError> {
        csv::effects(self)
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
