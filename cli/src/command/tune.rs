//! `forbear tune`.

use std::path::PathBuf;

use forbear_reports::{Goal, Outcome, Quantity, Threshold, TuneReport};
use forbear_sim::sweep::Axis;
use forbear_sim::tune::{Budget, Tuned, tune, with};
use forbear_sim::{NamedPolicy, Scenario};

use crate::failure::{Exit, Failure, though_unread};
use crate::metric_name::parse_threshold;
use crate::names::{PolicyName, QuantityName, ScenarioName};
use crate::output::Output;
use crate::output_file::OutputFile;
use crate::problem::Problem;
use crate::simulate::watched;
use crate::storms::Storms;
use crate::table::{Table, stressed};
use crate::{command_line, diagnose, policy_file, scenario_file};

/// Searches for a better policy with a budget of runs
///
/// Values of the policy are varied to make one metric better while the constraints hold. All
/// candidates meet the same storms; what is found is validated in storms that the search did not
/// see. Written is a policy file, with a comment that says how it was found and what was measured.
/// The exit code is 3 if nothing better was found, and then no file is written.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear tune retry-after-herd --policy full-jitter --vary retry.backoff.base=10ms..10s:log \\
      --vary retry.backoff.jitter=none,full,equal --runs 500 --objective time_to_drain \\
      --constraint 'success_share >= 99%' --constraint 'amplification <= 3' --out tuned.toml
  forbear check retry-after-herd tuned.toml --assert 'amplification <= 3'

Values are a list (none,full), a list by steps (2..10:2, 1s..64s:x2, 10ms..10s:log7), or a range of
which anything may be taken: whole numbers (2..12), any numbers (1.0..4.0) or times
(10ms..10s), with :log as many from 10ms to 100ms as from 1s to 10s.

The same command gives the same policy. Ctrl-C ends the search and keeps the best so far, which is
not validated then; a second one kills.")]
pub(crate) struct Tune {
    /// The name of a scenario that is built in, or a file
    #[arg(value_parser = ScenarioName, hide_possible_values = true)]
    scenario: String,

    /// The policy to be beaten: a file, or the name of a policy of the scenario or of a preset;
    /// without it the scenario's first
    #[arg(long, value_name = "POLICY")]
    #[arg(value_parser = PolicyName, hide_possible_values = true)]
    policy: Option<PathBuf>,

    /// A key of the policy and what it may be; may be repeated
    #[arg(long, value_name = "KEY=VALUES", required = true)]
    vary: Vec<Axis>,

    /// Runs in all, those to validate with them
    #[arg(long, value_name = "N", default_value_t = 500)]
    runs: u64,

    /// The metric to make better, or its regret (sends.regret)
    #[arg(long, value_name = "METRIC", value_parser = QuantityName, hide_possible_values = true)]
    objective: Quantity,

    /// What has to hold meanwhile: a metric or its regret, one of < <= > >=, and a bound; may be
    /// repeated
    #[arg(long, value_name = "THRESHOLD", value_parser = parse_threshold)]
    constraint: Vec<Threshold>,

    #[command(flatten)]
    storms: Storms,

    /// Write the policy to this file, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Tune {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let command = self.command();
        let goal = Goal::new(self.objective, self.constraint.clone())
            .map_err(|error| Problem::new(error.to_string()))?;
        let scenario = scenario_file::load(&self.scenario, &self.storms.set)?;
        let base = policy_file::one(self.policy.as_deref(), scenario.policies())?;
        // Before the work, not after it.
        let out = self.out.as_deref().map(OutputFile::new).transpose()?;
        let tuned = self.search(&scenario, &base, &goal, output)?;
        let policy = best(&tuned, &base, &self.vary);
        let source = policy.as_ref().map(NamedPolicy::source).unwrap_or_default();
        let report = TuneReport::new(&tuned, &goal, &source);
        if let (Some(file), true) = (&out, report.has_policy()) {
            file.write(report.policy_file(&command).as_bytes())?;
            output.remark(&format!("wrote {}", file.name()));
        }
        though_unread(self.show(&report, &command, output))?;
        Ok(match report.outcome() {
            Outcome::Better => Exit::Success,
            Outcome::Unvalidated => {
                output.remark(&interrupted(&tuned, report.has_policy()));
                Exit::Interrupted
            }
            _ => Exit::Failed,
        })
    }

    fn search(
        &self,
        scenario: &Scenario,
        base: &NamedPolicy,
        goal: &Goal,
        output: &Output,
    ) -> Result<Tuned, Failure> {
        let budget =
            Budget { runs: self.runs, replications: self.storms.reps, seed: self.storms.seed };
        let tuned = watched(self.runs, output, |report, cancel| {
            tune(scenario, base, &self.vary, budget, goal, report, cancel)
        })?;
        tuned.map_err(|error| {
            let text = error.to_string();
            let problem = if text.contains(" runs are too few") {
                Problem::new(format!("--runs: {text}")).help("add runs, or take fewer --reps")
            } else {
                diagnose::spoken(&format!("--vary {text}"))
            };
            problem.into()
        })
    }

    /// The outcome, its numbers, and the policy if it goes to no file.
    fn show(
        &self,
        report: &TuneReport<'_>,
        command: &str,
        output: &mut Output,
    ) -> Result<(), Failure> {
        if output.is_json() {
            let json = report.json(command);
            let json =
                json.map_err(|error| Failure::unexpected(Problem::new(error.to_string())))?;
            write!(output.data(), "{json}")?;
            return Ok(());
        }
        let tuned = report.tuned();
        let out = output.data();
        let name = &tuned.base.name;
        let mut table = Table::new(["metric", "found", name, "difference (95 % interval)"]);
        for measured in report.measured() {
            let [ours, base, difference] = measured.texts();
            table.push([measured.quantity.to_string(), ours, base, difference]);
        }
        writeln!(out, "{}\n", tuned.scenario.name)?;
        if let Some(best) = tuned.best.and_then(|best| tuned.candidates.get(best)) {
            for (key, value) in tuned.keys.iter().zip(&best.values) {
                writeln!(out, "{key} = {value}")?;
            }
            writeln!(out, "\n{}", table.render())?;
        }
        writeln!(out, "{}. {}", stressed(&report.headline()), report.reason())?;
        for caution in report.cautions() {
            writeln!(out, "{caution}")?;
        }
        if report.has_policy() && self.out.is_none() {
            write!(out, "\n{}", report.policy_file(command))?;
        }
        Ok(())
    }

    /// The words that make this search again.
    fn command(&self) -> String {
        let mut words = vec!["forbear".to_owned(), "tune".to_owned(), self.scenario.clone()];
        if let Some(path) = &self.policy {
            words.extend(["--policy".to_owned(), path.display().to_string()]);
        }
        for axis in &self.vary {
            words.extend(["--vary".to_owned(), axis.to_string()]);
        }
        words.extend(["--runs".to_owned(), self.runs.to_string()]);
        words.extend(["--objective".to_owned(), self.objective.to_string()]);
        for constraint in &self.constraint {
            words.extend(["--constraint".to_owned(), constraint.to_string()]);
        }
        words.extend(self.storms.words());
        command_line::quoted(words.iter().map(String::as_str))
    }
}

/// The best policy under a name of its own, so that both can be compared by name.
fn best(tuned: &Tuned, base: &NamedPolicy, axes: &[Axis]) -> Option<NamedPolicy> {
    let candidate = tuned.candidates.get(tuned.best?)?;
    let policy = with(base, axes, &candidate.values).ok()?;
    let name = format!("\"{}-tuned\"", base.name().replace(['"', '\\'], "-"));
    policy.with(&[("name".to_owned(), name)]).ok()
}

fn interrupted(tuned: &Tuned, is_kept: bool) -> String {
    let (runs, budget) = (tuned.runs, tuned.budget);
    let kept = if is_kept {
        "the best so far is kept, not validated"
    } else {
        "nothing better was found until then"
    };
    format!("interrupted after {runs} of {budget} runs: {kept}")
}
