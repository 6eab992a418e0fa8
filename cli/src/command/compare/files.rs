//! The reports that a comparison is written to.

use std::path::PathBuf;

use forbear_reports::{Report, ReportError};

use crate::failure::Failure;
use crate::output_file::OutputFile;
use crate::problem::Problem;

/// Where reports go.
#[derive(Debug, clap::Args)]
pub(super) struct Files {
    /// Write a report as one self-contained page
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    html: Option<PathBuf>,

    /// Write it as Markdown
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    md: Option<PathBuf>,

    /// Write its numbers as CSV
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    csv: Option<PathBuf>,
}

/// A report that is still to be written.
#[derive(Debug)]
pub(super) struct ReportFile {
    file: OutputFile,
    format: Format,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Html,
    Markdown,
    Csv,
}

impl Files {
    /// Looks whether all can be written.
    pub(super) fn open(&self) -> Result<Vec<ReportFile>, Problem> {
        let wanted =
            [(&self.html, Format::Html), (&self.md, Format::Markdown), (&self.csv, Format::Csv)];
        let mut files = Vec::<ReportFile>::new();
        for (path, format) in wanted {
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

impl ReportFile {
    pub(super) fn name(&self) -> &str {
        self.file.name()
    }

    pub(super) fn write(&self, report: &Report<'_>) -> Result<(), Failure> {
        let text = match self.format {
            Format::Html => report.html(),
            Format::Markdown => report.markdown(),
            Format::Csv => report.csv(),
        };
        self.file.write(text.map_err(|error| faulty(&error))?.as_bytes())
    }
}

/// A fault of the reports, which no input explains.
pub(super) fn faulty(error: &ReportError) -> Failure {
    Failure::unexpected(Problem::new(error.to_string()))
}
