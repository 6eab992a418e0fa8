//! A sweep on standard output and in files.

use std::fmt::Write;
use std::path::PathBuf;

use forbear_reports::{ReportError, Standing, SweepReport};
use forbear_sim::sweep::Parameter;

use crate::failure::Failure;
use crate::output::Output;
use crate::output_file::OutputFile;
use crate::problem::Problem;
use crate::table::{Cell, Table, paragraph, stressed};

/// Where reports go.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// Write a report as Markdown
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    md: Option<PathBuf>,

    /// Write a report as one self-contained page, with a chart of each objective: a heat map where
    /// two parameters of a grid vary, the points against each parameter where they are a sample
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    html: Option<PathBuf>,

    /// Write its numbers as CSV, one metric of one point a line
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    csv: Option<PathBuf>,

    /// Write what each parameter does as CSV
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    effects: Option<PathBuf>,

    /// Write the heat map of the first objective, where two parameters vary, as SVG
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    heat_map: Option<PathBuf>,

    /// Write the points of a sample against each parameter, by the first objective, as SVG
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    scatter: Option<PathBuf>,

    /// Write every run with all of its metrics as CSV, one run a line
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    runs: Option<PathBuf>,

    /// Write the same as a Parquet file, for duckdb, polars and the like
    #[cfg(feature = "parquet")]
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    parquet: Option<PathBuf>,
}

/// A report that is still to be written.
#[derive(Debug)]
pub(crate) struct ReportFile {
    file: OutputFile,
    format: Format,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Markdown,
    Html,
    Csv,
    Effects,
    HeatMap,
    Scatter,
    Runs,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Files {
    /// Whether a heat map is asked for.
    pub(crate) const fn has_heat_map(&self) -> bool {
        self.heat_map.is_some()
    }

    /// Whether a scatter plot is asked for.
    pub(crate) const fn has_scatter(&self) -> bool {
        self.scatter.is_some()
    }

    /// Looks whether all can be written.
    pub(crate) fn open(&self) -> Result<Vec<ReportFile>, Problem> {
        let mut files = Vec::<ReportFile>::new();
        for (path, format) in [
            (&self.md, Format::Markdown),
            (&self.html, Format::Html),
            (&self.csv, Format::Csv),
            (&self.effects, Format::Effects),
            (&self.heat_map, Format::HeatMap),
            (&self.scatter, Format::Scatter),
            (&self.runs, Format::Runs),
            #[cfg(feature = "parquet")]
            (&self.parquet, Format::Parquet),
        ] {
            let Some(path) = path else { continue };
            let file = OutputFile::new(path)?;
            if files.iter().any(|other| other.file.is_same(&file)) {
                return Err(Problem::new("is named for two reports").in_file(file.name()));
            }
            files.push(ReportFile { file, format });
        }
        Ok(files)
    }
}

/// Writes `files`, and data to standard output.
pub(crate) fn show(
    report: &SweepReport<'_>,
    files: &[ReportFile],
    output: &mut Output,
) -> Result<(), Failure> {
    let faulty = |error: ReportError| Failure::unexpected(Problem::new(error.to_string()));
    for ReportFile { file, format } in files {
        let bytes = match format {
            Format::Markdown => report.markdown().map(String::into_bytes),
            Format::Html => report.html().map(String::into_bytes),
            Format::Csv => report.csv().map(String::into_bytes),
            Format::Effects => report.effects_csv().map(String::into_bytes),
            Format::HeatMap => Ok(report.heat_map().ok_or_else(no_field)?.into_bytes()),
            Format::Scatter => Ok(report.scatter().ok_or_else(no_sample)?.into_bytes()),
            Format::Runs => report.runs_csv().map(String::into_bytes),
            #[cfg(feature = "parquet")]
            Format::Parquet => report.runs_parquet(),
        };
        file.write(&bytes.map_err(faulty)?)?;
        output.remark(&format!("wrote {}", file.name()));
    }
    if output.is_json() {
        write!(output.data(), "{}", report.json().map_err(faulty)?)?;
    } else {
        let room = output.room();
        write!(output.data(), "{}", summary(report, room))?;
    }
    Ok(())
}

/// A heat map has two axes.
pub(super) fn no_field() -> Problem {
    Problem::new("--heat-map takes a grid in which exactly two parameters have several values")
}

/// In a grid many points have the same value.
pub(super) fn no_sample() -> Problem {
    Problem::new("--scatter takes a sample (--sample lhs)")
}

/// The table of the objectives, and how many points are on the front.
fn summary(report: &SweepReport<'_>, room: Option<usize>) -> String {
    let mut text = String::new();
    let sweep = report.sweep();
    let _ = writeln!(
        text,
        "{} under {}: {} replications a point, from seed {}\n",
        sweep.scenario.name, sweep.policy.name, sweep.replications, sweep.seed
    );
    let mut titles: Vec<&str> = sweep.parameters.iter().map(Parameter::key).collect();
    // Files and `--json` have the intervals whatever the terminal.
    let first = titles.len() + 1;
    let intervals = (0..report.objectives().len()).map(move |objective| first + 2 * objective);
    for metric in report.objectives() {
        titles.extend([metric.label(), "95 % interval"]);
    }
    titles.push("Pareto");
    let mut table = Table::new(titles).with_spare(intervals);
    for row in report.rows() {
        let is_on_front = row.standing == Some(Standing::Front);
        let mut cells: Vec<String> = row.values.clone();
        for metric in report.objectives() {
            cells.extend([row.text(*metric), row.interval_text(*metric)]);
        }
        cells.push(row.standing.map_or("", Standing::word).to_owned());
        let cell = |text: String| if is_on_front { Cell::from(text).bold() } else { text.into() };
        table.push(cells.into_iter().map(cell));
    }
    let headline = paragraph(&format!("{}.", report.headline()), room);
    let _ = writeln!(text, "{}\n{}", table.render_within(room), stressed(&headline));
    for effect in report.effects() {
        let _ = writeln!(text, "{}", paragraph(&effect.sentence(), room));
    }
    for caution in report.cautions() {
        let _ = writeln!(text, "{}", paragraph(&caution, room));
    }
    text
}
