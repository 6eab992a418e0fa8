//! `forbear check`.

use std::path::{Path, PathBuf};

use forbear_reports::{
    Baseline, BaselineError, Finding, Metric, Report, Threshold, Tolerance, check_assertions,
    check_thresholds,
};
use forbear_sim::{NamedPolicy, Scenario};
use serde_json::json;

use crate::failure::{Exit, Failure, though_unread};
use crate::metric_name::parse_threshold;
use crate::names::{ObjectiveName, PolicyName, ScenarioName};
use crate::output::Output;
use crate::problem::Problem;
use crate::simulate::simulate;
use crate::storms::Storms;
use crate::table::stressed;
use crate::{policy_file, result_file, scenario_file};

/// Holds policies against thresholds or an earlier result, for CI
///
/// What the scenario asserts about its policies must hold in every replication, an --assert for
/// the mean. With --baseline a metric fails only if it is clearly worse than before: if the whole
/// 95 % interval of its difference, storm by storm, is beyond the tolerance. The exit code is 3 if
/// anything fails.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear check retry-after-herd
  forbear check retry-after-herd recommended --assert 'completion_p99 < 30s' \\
      --assert 'throttled_rate <= 1%' --assert 'time_to_drain.regret <= 20%'
  forbear compare retry-after-herd recommended --json > baseline.json
  forbear check retry-after-herd recommended --baseline baseline.json --tolerance 5%")]
pub(crate) struct Check {
    /// The name of a scenario that is built in, or a file
    #[arg(value_parser = ScenarioName, hide_possible_values = true)]
    scenario: String,

    /// A policy file, or the name of a policy of the scenario or of a preset; without it all
    /// policies of the scenario
    #[arg(value_parser = PolicyName, hide_possible_values = true)]
    policy: Option<PathBuf>,

    /// What must hold for the mean: a metric or its regret (sends.regret), one of
    /// < <= > >=, and a bound; may be repeated
    #[arg(long, value_name = "THRESHOLD", value_parser = parse_threshold)]
    assert: Vec<Threshold>,

    /// What 'forbear compare --json' printed, which nothing may be clearly worse than
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// How much worse than the baseline is still accepted
    #[arg(long, value_name = "SHARE", default_value = "5%", requires = "baseline")]
    tolerance: Tolerance,

    /// Metrics to hold against the baseline, instead of all
    #[arg(long, value_name = "METRIC", value_delimiter = ',', value_parser = ObjectiveName, hide_possible_values = true, requires = "baseline")]
    metric: Vec<Metric>,

    #[command(flatten)]
    storms: Storms,
}

impl Check {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let scenario = scenario_file::load(&self.scenario, &self.storms.set)?;
        let policies = self.policies(&scenario)?;
        let baseline = self.baseline.as_deref().map(read_baseline).transpose()?;
        let asserts = scenario.assertions().iter();
        let mut asserts = asserts
            .filter(|assertion| policies.iter().any(|policy| policy.name() == assertion.policy()));
        if self.assert.is_empty() && baseline.is_none() && asserts.next().is_none() {
            let problem = Problem::new("there is nothing to check: the scenario asserts nothing");
            return Err(Failure::nothing_ran(problem.help("add --assert or --baseline")));
        }
        let options = self.storms.options(String::new());
        let comparison = simulate(&scenario, &policies, &options, output)?;
        if comparison.partial {
            // A part of the storms could pass where all of them would not.
            output.problem(&Problem::new("interrupted, nothing was checked"));
            return Ok(Exit::Interrupted);
        }
        let mut findings = check_assertions(&comparison, &scenario);
        findings.extend(check_thresholds(&comparison, &self.assert));
        if let (Some(baseline), Some(path)) = (&baseline, &self.baseline) {
            let metrics = if self.metric.is_empty() { &Metric::ALL[..] } else { &self.metric };
            let checked = baseline.check(&comparison, metrics, self.tolerance);
            findings.extend(checked.map_err(|error| unfit(path, &error))?);
        }
        let cautions = Report::new(&comparison).verdict().cautions.clone();
        though_unread(show(&findings, &cautions, output))?;
        let holds = findings.iter().all(|finding| finding.holds);
        Ok(if holds { Exit::Success } else { Exit::Failed })
    }

    fn policies(&self, scenario: &Scenario) -> Result<Vec<NamedPolicy>, Problem> {
        if self.policy.is_none() && !scenario.policies().is_empty() {
            return Ok(scenario.policies().to_vec());
        }
        Ok(vec![policy_file::one(self.policy.as_deref(), scenario.policies())?])
    }
}

fn read_baseline(path: &Path) -> Result<Baseline, Problem> {
    Baseline::from_json(&result_file::read(path)?).map_err(|error| {
        unfit(path, &error).help("a baseline is what 'forbear compare --json' prints")
    })
}

fn unfit(path: &Path, error: &BaselineError) -> Problem {
    Problem::new(error.to_string()).in_file(path.display().to_string())
}

/// Each finding on a line, those that fail last, where a log is read first.
fn show(findings: &[Finding], cautions: &[String], output: &mut Output) -> Result<(), Failure> {
    let failed = findings.iter().filter(|finding| !finding.holds).count();
    if output.is_json() {
        let holds = failed == 0;
        let document = json!({
            "format": 1, "holds": holds, "findings": findings, "cautions": cautions,
        });
        writeln!(output.data(), "{document:#}")?;
        return Ok(());
    }
    let out = output.data();
    let of = |holds| findings.iter().filter(move |finding| finding.holds == holds);
    for Finding { policy, rule, found, .. } in of(true) {
        writeln!(out, "ok      {policy}: {rule}: {found}")?;
    }
    for Finding { policy, rule, found, .. } in of(false) {
        writeln!(out, "{}  {policy}: {rule}: {found}", stressed("FAILED"))?;
    }
    let checks = findings.len();
    writeln!(out, "\n{}", stressed(&format!("{failed} of {checks} checks failed")))?;
    for caution in cautions {
        output.remark(caution);
    }
    Ok(())
}
