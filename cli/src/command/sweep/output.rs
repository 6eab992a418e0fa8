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

    /// Write its numbers as CSV
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    csv: Option<PathBuf>,
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
    Csv,
}

impl Files {
    /// Looks whether all can be written.
    pub(crate) fn open(&self) -> Result<Vec<ReportFile>, Problem> {
        let mut files = Vec::<ReportFile>::new();
        for (path, format) in [(&self.md, Format::Markdown), (&self.csv, Format::Csv)] {
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
        let text = match format {
            Format::Markdown => report.markdown(),
            Format::Csv => report.csv(),
        };
        file.write(text.map_err(faulty)?.as_bytes())?;
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
    for caution in report.cautions() {
        let _ = writeln!(text, "{}", paragraph(&caution, room));
    }
    text
}
