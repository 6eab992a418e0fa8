//! `forbear compare`.

pub(super) mod files;
pub(super) mod summary;

use std::collections::BTreeMap;
use std::path::PathBuf;

use forbear_reports::Report;
use forbear_sim::{NamedPolicy, Scenario};

use self::files::Files;
use crate::failure::{Exit, Failure, though_unread};
use crate::names::{PolicyName, ScenarioName};
use crate::output::Output;
use crate::problem::Problem;
use crate::simulate::simulate;
use crate::storms::Storms;
use crate::{command_line, policy_file, scenario_file};

/// Replays a storm under several policies with the same seeds
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear compare retry-after-herd
  forbear compare retry-after-herd policy.toml recommended --reps 30
  forbear compare storm.toml old.toml new.toml --set clients.count=150 --html report.html

Ctrl-C ends the comparison and keeps the replications that are done; a second one kills.")]
pub(crate) struct Compare {
    /// The name of a scenario that is built in, or a file
    #[arg(value_parser = ScenarioName, hide_possible_values = true)]
    scenario: String,

    /// Policy files, or names of policies of the scenario or of presets; without any all policies
    /// of the scenario
    #[arg(value_name = "POLICY", value_parser = PolicyName, hide_possible_values = true)]
    policies: Vec<PathBuf>,

    #[command(flatten)]
    storms: Storms,

    #[command(flatten)]
    files: Files,
}

impl Compare {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let scenario = scenario_file::load(&self.scenario, &self.storms.set)?;
        let policies = self.policies(&scenario)?;
        // Before the work, not after it.
        let files = self.files.open()?;
        let options = self.storms.options(self.command());
        let comparison = simulate(&scenario, &policies, &options, output)?;
        let done = comparison.policies.iter().map(|policy| policy.runs.len()).max().unwrap_or(0);
        if done == 0 {
            output.problem(&Problem::new("interrupted before the first replication was over"));
            return Ok(Exit::Interrupted);
        }
        let report = Report::new(&comparison);
        for file in &files {
            file.write(&report)?;
            output.remark(&format!("wrote {}", file.name()));
        }
        though_unread(show(&report, output))?;
        if comparison.partial {
            let reps = self.storms.reps;
            output.remark(&format!("interrupted: {done} of {reps} replications are kept"));
            return Ok(Exit::Interrupted);
        }
        Ok(Exit::Success)
    }

    /// The policies to compare, each under a name of its own.
    fn policies(&self, scenario: &Scenario) -> Result<Vec<NamedPolicy>, Failure> {
        let known = scenario.policies();
        let policies = if self.policies.is_empty() {
            known.to_vec()
        } else {
            self.policies
                .iter()
                .map(|path| policy_file::load(path, known))
                .collect::<Result<_, _>>()?
        };
        if policies.is_empty() {
            let problem = Problem::new("the scenario names no policy, and none is given");
            return Err(Failure::nothing_ran(
                problem.help("add policy files, or 'recommended'").in_file(&self.scenario),
            ));
        }
        Ok(numbered(policies))
    }

    /// The words that make this comparison again.
    fn command(&self) -> String {
        let mut words = vec!["forbear".to_owned(), "compare".to_owned(), self.scenario.clone()];
        words.extend(self.policies.iter().map(|path| path.display().to_string()));
        words.extend(self.storms.words());
        command_line::quoted(words.iter().map(String::as_str))
    }
}

/// Data for standard output.
fn show(report: &Report<'_>, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        let json = report.json().map_err(|error| files::faulty(&error))?;
        writeln!(output.data(), "{}", json.trim_end())?;
    } else {
        let room = output.room();
        write!(output.data(), "{}", summary::of(report, room))?;
    }
    Ok(())
}

/// The second of a name is called `name-2`.
pub(super) fn numbered(policies: Vec<NamedPolicy>) -> Vec<NamedPolicy> {
    let mut seen = BTreeMap::<String, u32>::new();
    let number = |policy: NamedPolicy| {
        let count = seen.entry(policy.name().to_owned()).or_default();
        *count += 1;
        match *count {
            1 => policy,
            count => {
                let name = format!("{}-{count}", policy.name());
                policy.renamed(&name)
            }
        }
    };
    policies.into_iter().map(number).collect()
}
