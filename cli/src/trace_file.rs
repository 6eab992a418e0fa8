//! The trace that is named on the command line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use forbear_core::text::{format_duration, parse_duration};
use forbear_sim::Shipped;
use forbear_sim::replay::{Recording, Replay, ReplayError, Wanted};

use crate::output::Output;
use crate::problem::Problem;
use crate::{diagnose, text_file};

/// Skipped lines that are named.
const NAMED: usize = 5;

/// How a trace is read.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct TraceOptions {
    /// The server to replay a trace at: a scenario file, or only its tables server, network and
    /// fault
    #[arg(long, value_name = "FILE", help_heading = "Trace")]
    pub(crate) server: Option<PathBuf>,

    /// Replay the calls of this scope only; 'all' for all, as if they shared their limits
    #[arg(long, value_name = "NAME", help_heading = "Trace")]
    pub(crate) scope: Option<String>,

    /// Give an attempt the answer that was recorded, as long as its call does what it did, each
    /// attempt no further than WITHIN from the recorded one
    #[arg(long, value_name = "WITHIN", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "1s", value_parser = within, help_heading = "Trace")]
    pub(crate) exact: Option<Duration>,

    /// Leave out the lines of a trace that cannot be read
    #[arg(long, help_heading = "Trace")]
    pub(crate) lenient: bool,
}

impl TraceOptions {
    /// The words that set these options again.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(server) = &self.server {
            words.extend(["--server".to_owned(), server.display().to_string()]);
        }
        if let Some(scope) = &self.scope {
            words.extend(["--scope".to_owned(), scope.clone()]);
        }
        if let Some(within) = self.exact {
            words.push(format!("--exact={}", format_duration(within)));
        }
        if self.lenient {
            words.push("--lenient".to_owned());
        }
        words
    }
}

/// Whether the file `path` begins as a trace does.
pub(crate) fn is_trace(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
    read.is_ok() && start.trim_ascii_start().starts_with(b"{\"forbear_trace\"")
}

/// Derives a scenario from the trace `path`, or from standard input if it is `-`.
///
/// # Errors
///
/// If it cannot be read or replayed, or the server that is given cannot be used.
pub(crate) fn load(
    path: &Path,
    options: &TraceOptions,
    output: &mut Output,
) -> Result<Replay, Problem> {
    let name = text_file::name(path);
    let recording = if text_file::is_stdin(path) {
        read(io::stdin().lock(), options.lenient)
    } else {
        let open = |error: io::Error| Problem::new(text_file::reason(&error)).in_file(name.clone());
        if path.is_dir() {
            return Err(Problem::new("is a directory, must be a file").in_file(name));
        }
        let file = File::open(path).map_err(open).map_err(|problem| {
            let is_scenario = Shipped::ALL.iter().any(|shipped| shipped.name == name);
            if is_scenario {
                let help =
                    "a trace is a file; 'forbear run SCENARIO POLICY --trace FILE' writes one";
                problem.help(help)
            } else {
                problem
            }
        })?;
        read(BufReader::new(file), options.lenient)
    };
    let recording = recording.map_err(|error| unreadable(&name, &error))?;
    for skipped in recording.skipped().iter().take(NAMED) {
        output.remark(&format!("{name}:{}: skipped: {}", skipped.line, skipped.reason));
    }
    if let Some(more @ 1..) = recording.skipped().len().checked_sub(NAMED) {
        output.remark(&format!("{name}: {more} more lines were skipped"));
    }
    let server = options.server.as_deref().map(text_file::read).transpose()?;
    let mut wanted = Wanted::new(&name);
    if let Some(scope) = &options.scope {
        wanted = wanted.scope(scope);
    }
    if let Some(server) = &server {
        wanted = wanted.server(server);
    }
    if let Some(within) = options.exact {
        wanted = wanted.exact(within);
    }
    recording.derive(&wanted).map_err(|error| match (error.scenario(), &options.server, &server) {
        (Some(wrong), Some(path), Some(text)) => {
            let file = text_file::name(path);
            match wrong.toml() {
                Some(error) => diagnose::toml_error(&file, text, error),
                None => diagnose::impossible(&file, text, wrong),
            }
        }
        _ if error.wants_scope() => {
            let help = "name one with --scope, or take all with '--scope all'";
            Problem::new(error.to_string()).in_file(name.clone()).help(help)
        }
        _ => Problem::new(error.to_string()).in_file(name.clone()),
    })
}

fn within(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(within) if within.is_zero() => Err("must be longer than 0".to_owned()),
        parsed => parsed.map_err(|error| error.to_string()),
    }
}

fn read(source: impl BufRead, is_lenient: bool) -> Result<Recording, ReplayError> {
    if is_lenient { Recording::read_leniently(source) } else { Recording::read(source) }
}

fn unreadable(file: &str, error: &ReplayError) -> Problem {
    match error.line() {
        Some(line) => {
            let line = usize::try_from(line).unwrap_or(usize::MAX);
            let problem = Problem::new(error.reason()).at_line(file, line, None);
            if line == 1 {
                problem
            } else {
                problem.help("--lenient leaves out what cannot be read")
            }
        }
        None => Problem::new(error.to_string()).in_file(file),
    }
}
