//! `forbear merge`.

use std::path::{Path, PathBuf};

use forbear_reports::{Metric, SweepReport};
use forbear_sim::sweep::{Sweep, merge};
use serde::Deserialize;

use super::sweep::{Files, show};
use crate::failure::{Exit, Failure};
use crate::metric_name::parse_objective;
use crate::output::Output;
use crate::problem::Problem;
use crate::result_file;

/// Puts the shards of a sweep together again
///
/// The result is the same, to the byte, as that of the sweep in one piece.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear sweep retry-after-herd --vary retry.max_attempts=2..9:1 --shard 1/2 --json > a.json
  forbear sweep retry-after-herd --vary retry.max_attempts=2..9:1 --shard 2/2 --json > b.json
  forbear merge a.json b.json --csv points.csv")]
pub(crate) struct Merge {
    /// What 'forbear sweep --shard I/N --json' has printed, in any order
    #[arg(value_name = "FILE", required = true)]
    parts: Vec<PathBuf>,

    #[command(flatten)]
    files: Files,
}

/// What a sweep prints, as far as it cannot be computed again.
#[derive(Deserialize)]
struct Document {
    format: u32,
    objectives: Vec<String>,
    sweep: Sweep,
}

impl Merge {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let files = self.files.open()?;
        let mut objectives: Option<Vec<Metric>> = None;
        let mut parts = Vec::new();
        for path in &self.parts {
            let (theirs, sweep) = read(path)?;
            parts.push(sweep);
            let first = objectives.get_or_insert_with(|| theirs.clone());
            if *first != theirs {
                let problem = Problem::new("has other objectives than the first part");
                return Err(problem.in_file(path.display().to_string()).into());
            }
        }
        let whole = merge(parts).map_err(|error| {
            let problem = Problem::new(error.reason());
            match error.part().and_then(|part| self.parts.get(part)) {
                Some(path) => problem.in_file(path.display().to_string()),
                None => problem,
            }
        })?;
        show(&SweepReport::new(&whole, &objectives.unwrap_or_default()), &files, output)?;
        Ok(Exit::Success)
    }
}

fn read(path: &Path) -> Result<(Vec<Metric>, Sweep), Problem> {
    let file = path.display().to_string();
    let text = result_file::read(path)?;
    let document: Document = serde_json::from_str(&text).map_err(|error| {
        Problem::new(format!("is no result of a sweep: {error}"))
            .in_file(&file)
            .help("merge takes what 'forbear sweep --json' prints")
    })?;
    if document.format != 1 {
        let format = document.format;
        let message = format!("has format {format}, this forbear reads format 1");
        return Err(Problem::new(message).in_file(&file));
    }
    let objectives = document.objectives.iter().map(|name| parse_objective(name));
    let objectives = objectives
        .collect::<Result<_, _>>()
        .map_err(|error| Problem::new(format!("objectives: {error}")).in_file(&file))?;
    Ok((objectives, document.sweep))
}
