//! `forbear replay`.

mod words;

use std::path::PathBuf;

use forbear_reports::Report;
use forbear_sim::replay::Replay as Derived;
use forbear_sim::{NamedPolicy, Options};
use serde_json::{Value, json};

use super::compare::files::{Files, faulty};
use super::compare::{numbered, summary};
use crate::failure::{Exit, Failure, though_unread};
use crate::names::PolicyName;
use crate::output::Output;
use crate::output_file::OutputFile;
use crate::problem::Problem;
use crate::simulate::simulate;
use crate::trace_file::TraceOptions;
use crate::{command_line, policy_file, trace_file};

/// Replays demand that was recorded in production under other policies
///
/// Calls arrive when they arrived. The server is a model, made from what the recorded server said
/// and did: its limits, its waits, its latency, its failures. What the model takes for granted is
/// printed, and how many of the recorded attempts it decides as the server did.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear replay calls.ndjson
  forbear replay calls.ndjson old.toml new.toml recommended --html report.html
  forbear replay calls.ndjson --scenario storm.toml     to change by hand and to tune on
  forbear replay calls.ndjson --server storm.toml new.toml

docs/REPLAY.md says how the server is inferred, docs/TRACE.md how traces are recorded.")]
pub(crate) struct Replay {
    /// A trace, as forbear's recorder writes it; '-' for standard input
    trace: PathBuf,

    /// Policy files, or names of presets; without any five that are usually compared
    #[arg(value_name = "POLICY", value_parser = PolicyName, hide_possible_values = true)]
    policies: Vec<PathBuf>,

    /// Replays of the trace, each with another seed for what is drawn
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    reps: u32,

    /// Seed of the first replay
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    options: TraceOptions,

    /// Write the scenario that was derived
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    scenario: Option<PathBuf>,

    #[command(flatten)]
    files: Files,
}

impl Replay {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let derived = trace_file::load(&self.trace, &self.options, output)?;
        let policies = self.policies(&derived)?;
        // Before the work, not after it.
        let files = self.files.open()?;
        if let Some(path) = &self.scenario {
            let file = OutputFile::new(path)?;
            file.write(derived.scenario.text().as_bytes())?;
            output.remark(&format!("wrote {}", file.name()));
        }
        let options = Options { seed: self.seed, replications: self.reps, command: self.command() };
        let comparison = simulate(&derived.scenario, &policies, &options, output)?;
        let done = comparison.policies.iter().map(|policy| policy.runs.len()).max().unwrap_or(0);
        if done == 0 {
            output.problem(&Problem::new("interrupted before the first replay was over"));
            return Ok(Exit::Interrupted);
        }
        let report = Report::new(&comparison);
        for file in &files {
            file.write(&report)?;
            output.remark(&format!("wrote {}", file.name()));
        }
        though_unread(show(&derived, &report, output))?;
        if comparison.partial {
            let reps = self.reps;
            output.remark(&format!("interrupted: {done} of {reps} replays are kept"));
            return Ok(Exit::Interrupted);
        }
        Ok(Exit::Success)
    }

    fn policies(&self, derived: &Derived) -> Result<Vec<NamedPolicy>, Problem> {
        let known = derived.scenario.policies();
        if self.policies.is_empty() {
            return Ok(known.to_vec());
        }
        let load = |path: &PathBuf| policy_file::load(path, known);
        let policies: Result<Vec<_>, _> = self.policies.iter().map(load).collect();
        policies.map(numbered)
    }

    /// The words that make this replay again.
    fn command(&self) -> String {
        let trace = self.trace.display().to_string();
        let mut words = vec!["forbear".to_owned(), "replay".to_owned(), trace];
        words.extend(self.policies.iter().map(|path| path.display().to_string()));
        words.extend(["--reps".to_owned(), self.reps.to_string()]);
        words.extend(["--seed".to_owned(), self.seed.to_string()]);
        words.extend(self.options.words());
        command_line::quoted(words.iter().map(String::as_str))
    }
}

/// Data for standard output.
fn show(derived: &Derived, report: &Report<'_>, output: &mut Output) -> Result<(), Failure> {
    if !output.is_json() {
        let text = words::of(derived) + &words::repeated(report.comparison());
        let room = output.room();
        write!(output.data(), "{text}\n{}", summary::of(report, room))?;
        return Ok(());
    }
    let text = report.json().map_err(|error| faulty(&error))?;
    let unexpected =
        |error: serde_json::Error| Failure::unexpected(Problem::new(error.to_string()));
    let mut document: Value = serde_json::from_str(&text).map_err(unexpected)?;
    document["replay"] = facts(derived);
    writeln!(output.data(), "{document:#}")?;
    Ok(())
}

/// What is told of a derived scenario.
pub(super) fn facts(derived: &Derived) -> Value {
    let (recorded, fit) = (&derived.recorded, &derived.fit);
    let assumptions: Vec<&str> =
        derived.assumptions.iter().map(forbear_sim::replay::Assumption::text).collect();
    json!({
        "assumptions": assumptions,
        "recorded": {
            "calls": recorded.calls,
            "succeeded": recorded.succeeded,
            "abandoned": recorded.abandoned,
            "unfinished": recorded.unfinished,
            "sends": recorded.sends,
            "throttled": recorded.throttled,
            "span_ns": recorded.span_ns,
            "completion_p50_ns": recorded.completion_p50_ns,
            "completion_p99_ns": recorded.completion_p99_ns,
        },
        "fit": {
            "refused": fit.refused,
            "refused_too": fit.refused_too,
            "let_in": fit.let_in,
            "let_in_too": fit.let_in_too,
        },
    })
}
