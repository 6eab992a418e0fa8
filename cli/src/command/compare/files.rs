//! The reports that a comparison is written to.

use std::path::{Path, PathBuf};

use forbear_reports::{ChartName, Report, ReportError};

use crate::failure::Failure;
use crate::output_file::{OutputFile, directory};
use crate::problem::Problem;

/// Where reports go.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// Write a report as one self-contained page
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    html: Option<PathBuf>,

    /// Write it as Markdown
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    md: Option<PathBuf>,

    /// Write its numbers as CSV
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    csv: Option<PathBuf>,

    /// Write every run with all of its metrics as CSV, one run a line
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    runs: Option<PathBuf>,

    /// Write the same as a Parquet file, for duckdb, polars and the like
    #[cfg(feature = "parquet")]
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    parquet: Option<PathBuf>,

    /// Write each of its charts as an SVG file to this directory, which is made if it is not there
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    svg: Option<PathBuf>,

    /// Write each of its charts as a PNG file to this directory, which is made if it is not there
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    png: Option<PathBuf>,
}

/// A report that is still to be written.
#[derive(Debug)]
pub(crate) struct ReportFile {
    file: OutputFile,
    format: Format,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Html,
    Markdown,
    Csv,
    Runs,
    #[cfg(feature = "parquet")]
    Parquet,
    Svg(ChartName),
    Png(ChartName),
}

impl Files {
    /// Looks whether all can be written.
    pub(crate) fn open(&self) -> Result<Vec<ReportFile>, Problem> {
        let mut files = Vec::<ReportFile>::new();
        let mut open = |path: &Path, format| {
            let file = OutputFile::new(path)?;
            if files.iter().any(|other| other.file.is_same(&file)) {
                return Err(Problem::new("is named for two reports").in_file(file.name()));
            }
            files.push(ReportFile { file, format });
            Ok(())
        };
        for (path, format) in [
            (&self.html, Format::Html),
            (&self.md, Format::Markdown),
            (&self.csv, Format::Csv),
            (&self.runs, Format::Runs),
            #[cfg(feature = "parquet")]
            (&self.parquet, Format::Parquet),
        ] {
            path.iter().try_for_each(|path| open(path, format))?;
        }
        for (path, extension) in [(&self.svg, "svg"), (&self.png, "png")] {
            let Some(path) = path else { continue };
            directory(path)?;
            for name in ChartName::ALL {
                let format = if extension == "svg" { Format::Svg(name) } else { Format::Png(name) };
                open(&path.join(format!("{name}.{extension}")), format)?;
            }
        }
        Ok(files)
    }
}

impl ReportFile {
    pub(crate) fn name(&self) -> &str {
        self.file.name()
    }

    pub(crate) fn write(&self, report: &Report<'_>) -> Result<(), Failure> {
        let bytes = match self.format {
            Format::Html => report.html().map(String::into_bytes),
            Format::Markdown => report.markdown().map(String::into_bytes),
            Format::Csv => report.csv().map(String::into_bytes),
            Format::Runs => report.runs_csv().map(String::into_bytes),
            #[cfg(feature = "parquet")]
            Format::Parquet => report.runs_parquet(),
            Format::Svg(name) => Ok(report.chart(name).into_bytes()),
            Format::Png(name) => report.chart_png(name),
        };
        self.file.write(&bytes.map_err(|error| faulty(&error))?)
    }
}

/// A fault of the reports, which no input explains.
pub(crate) fn faulty(error: &ReportError) -> Failure {
    Failure::unexpected(Problem::new(error.to_string()))
}
