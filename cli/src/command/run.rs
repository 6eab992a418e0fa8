//! `forbear run`.

use std::path::PathBuf;

use forbear_http::trace::write_trace;
use forbear_reports::{Group, Report};
use forbear_sim::{Options, Simulation};

use crate::failure::{Exit, Failure};
use crate::names::{PolicyName, ScenarioName};
use crate::output::Output;
use crate::output_file::OutputFile;
use crate::problem::Problem;
use crate::scenario_file::{Override, parse_override};
use crate::simulate::simulate;
use crate::table::{Cell, Table};
use crate::{command_line, policy_file, scenario_file};

/// Replays a storm once under one policy, and shows all that was measured
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear run retry-after-herd
  forbear run retry-after-herd policy.toml --seed 7
  forbear run storm.toml policy.toml --set clients.count=150 --json
  forbear run retry-after-herd recommended --check
  forbear run retry-after-herd full-jitter --trace calls.ndjson")]
pub(crate) struct Run {
    /// The name of a scenario that is built in, or a file
    #[arg(value_parser = ScenarioName, hide_possible_values = true)]
    scenario: String,

    /// A policy file, or the name of a policy of the scenario or of a preset; without it the
    /// scenario's first
    #[arg(value_parser = PolicyName, hide_possible_values = true)]
    policy: Option<PathBuf>,

    /// Seed of the storm
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// A value in place of the scenario's; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_override)]
    set: Vec<Override>,

    /// Hold the run to its rules after every event, and end with exit code 3 where one is broken
    #[arg(long)]
    check: bool,

    /// Write what its calls did as a trace, as production would have recorded it
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

impl Run {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let scenario = scenario_file::load(&self.scenario, &self.set)?;
        let policy = policy_file::one(self.policy.as_deref(), scenario.policies())?;
        let file = self.trace.as_deref().map(OutputFile::new).transpose()?;
        let simulation = Simulation::of(&scenario, &policy).seed(self.seed);
        if self.check
            && let Some(violation) = simulation.checked().run().violation
        {
            let problem = Problem::new(violation.to_string());
            return Err(Failure::Problem(Exit::Failed, Box::new(problem)));
        }
        if let Some(file) = file {
            let mut bytes = Vec::new();
            // A run has no date, so that the same words give the same bytes.
            write_trace(&mut bytes, 0, &simulation.trace())?;
            file.write(&bytes)?;
            output.remark(&format!("wrote {}", file.name()));
        }
        let options = Options { seed: self.seed, replications: 1, command: self.command() };
        let comparison = simulate(&scenario, &[policy], &options, output)?;
        let [result] = &comparison.policies[..] else { return Ok(Exit::NothingRan) };
        let [run] = &result.runs[..] else {
            output.problem(&Problem::new("interrupted before the run was over"));
            return Ok(Exit::Interrupted);
        };
        let report = Report::new(&comparison);
        if output.is_json() {
            let json = report
                .json()
                .map_err(|error| Failure::unexpected(Problem::new(error.to_string())))?;
            writeln!(output.data(), "{}", json.trim_end())?;
            return Ok(Exit::Success);
        }
        let out = output.data();
        writeln!(out, "{}: policy {}, seed {}", scenario.title(), result.name, run.seed)?;
        let mut table = Table::new(["metric", "value"]);
        for group in Group::ALL {
            let cells = report.table().rows.iter().flat_map(|row| &row.cells);
            let mut cells = cells.filter(|cell| cell.metric.group() == group).peekable();
            if cells.peek().is_some() {
                table.push([""]);
                table.push([Cell::from(group.title()).bold()]);
            }
            for cell in cells {
                table.push([format!("  {}", cell.metric.label()), cell.text()]);
            }
        }
        writeln!(out, "\n{}", table.render())?;
        writeln!(out, "{} events, hash {}", run.events, run.hash)?;
        if self.check {
            writeln!(out, "no rule was broken after any event")?;
        }
        Ok(Exit::Success)
    }

    /// The words that make this run again.
    fn command(&self) -> String {
        let policy = self.policy.as_ref().map(|path| path.display().to_string());
        let mut words = vec!["forbear".to_owned(), "run".to_owned(), self.scenario.clone()];
        words.extend(policy);
        words.extend(["--seed".to_owned(), self.seed.to_string()]);
        for (key, value) in &self.set {
            words.extend(["--set".to_owned(), format!("{key}={value}")]);
        }
        command_line::quoted(words.iter().map(String::as_str))
    }
}
