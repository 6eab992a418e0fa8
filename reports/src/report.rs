//! A comparison, ready to be written in any format.

use forbear_sim::results::Comparison;

use crate::chart::{self, ChartName};
use crate::error::ReportError;
use crate::render;
use crate::runs::RunTable;
use crate::table::Table;
use crate::verdict::Verdict;

/// The report of one comparison.
///
/// Every output is a function of the comparison alone: the same one gives the
/// same bytes.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    comparison: &'a Comparison,
    table: Table,
    verdict: Verdict,
}

impl<'a> Report<'a> {
    /// Judges `comparison` and computes its table.
    #[must_use]
    pub fn new(comparison: &'a Comparison) -> Self {
        let verdict = Verdict::of(comparison);
        let table = Table::new(comparison, &verdict);
        Self { comparison, table, verdict }
    }

    /// The comparison.
    #[must_use]
    pub const fn comparison(&self) -> &'a Comparison {
        self.comparison
    }

    /// Requests a second that the server permits, if that is a number.
    pub(crate) fn permitted_per_s(&self) -> Option<f64> {
        self.comparison.scenario.permitted_per_s.filter(|rate| rate.is_finite())
    }

    /// The shortest possible time to drain \[s\], if that is a number.
    pub(crate) fn drain_bound_s(&self) -> Option<f64> {
        self.comparison.scenario.drain_bound_s.filter(|bound| bound.is_finite())
    }

    /// Which policy is best, and how sure that is.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The numbers, as every format prints them.
    #[must_use]
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// One self-contained page: no script, no request, light and dark, printable.
    ///
    /// # Errors
    ///
    /// If the built-in template is faulty.
    pub fn html(&self) -> Result<String, ReportError> {
        render::html(self)
    }

    /// The numbers and their sources as GitHub-flavoured Markdown.
    ///
    /// # Errors
    ///
    /// None today; formats share one signature.
    pub fn markdown(&self) -> Result<String, ReportError> {
        Ok(render::markdown(self))
    }

    /// One line for each metric of each policy, after a line of column names.
    ///
    /// # Errors
    ///
    /// If the CSV writer fails.
    pub fn csv(&self) -> Result<String, ReportError> {
        render::csv(self)
    }

    /// One line a policy and seed, after a line of column names: every run with all of its
    /// metrics, nothing averaged.
    ///
    /// # Errors
    ///
    /// If the CSV writer fails.
    pub fn runs_csv(&self) -> Result<String, ReportError> {
        RunTable::of_comparison(self.comparison).csv()
    }

    /// The same as a Parquet file.
    ///
    /// # Errors
    ///
    /// If the Parquet writer fails.
    #[cfg(feature = "parquet")]
    pub fn runs_parquet(&self) -> Result<Vec<u8>, ReportError> {
        RunTable::of_comparison(self.comparison).parquet()
    }

    /// Verdict, summary and the comparison itself, which `summary` follows from.
    ///
    /// # Errors
    ///
    /// If the JSON writer fails.
    pub fn json(&self) -> Result<String, ReportError> {
        render::json(self)
    }

    /// One chart as a standalone SVG file, which follows the reader's light or
    /// dark preference.
    #[must_use]
    pub fn chart(&self, name: ChartName) -> String {
        chart::draw(self, name).standalone()
    }
    /// One chart as a PNG file in the light theme, two pixels for each of the SVG's.
    ///
    /// No font of the system is read, so the bytes are the same on every machine;
    /// letters that `DejaVu Sans` lacks are shown as boxes.
    ///
    /// # Errors
    ///
    /// If the chart is too large for a picture, as with thousands of policies.
    #[cfg(feature = "png")]
    pub fn chart_png(&self, name: ChartName) -> Result<Vec<u8>, ReportError> {
        render::png(&chart::draw(self, name))
    }
}
