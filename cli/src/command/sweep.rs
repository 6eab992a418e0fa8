//! `forbear sweep`.

mod output;

use std::path::PathBuf;

use forbear_reports::{Metric, SweepReport};
use forbear_sim::sweep::{Axis, Grid, Parameter, Sample, Shard, sweep};
use forbear_sim::{NamedPolicy, Scenario};

pub(super) use self::output::{Files, show};
use self::output::{no_field, no_sample};
use crate::failure::{Exit, Failure, though_unread};
use crate::names::{ObjectiveName, PolicyName, ScenarioName};
use crate::output::Output;
use crate::problem::Problem;
use crate::simulate::watched;
use crate::storms::Storms;
use crate::{command_line, diagnose, policy_file, scenario_file};

/// Replays a storm at every combination of some values, or at a sample of them
///
/// A key is one of a policy file, such as limit.0.rate, or of the scenario, such as clients.count.
/// Values are a list, or a range with a step, a factor or a number of values. A sample also takes
/// ranges without steps. Every point meets the storms of the same seeds.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear sweep retry-after-herd --vary retry.max_attempts=2..10:2
  forbear sweep retry-after-herd recommended --vary clients.count=50..400:x2 --csv points.csv
  forbear sweep storm.toml policy.toml --vary retry.backoff.base=100ms,500ms,2s \\
      --vary retry.backoff.max=10s..80s:x2 --objective completion_p95,amplification --html sweep.html
  forbear sweep retry-after-herd recommended --vary retry.backoff.base=10ms..10s:log \
      --vary clients.count=20..400 --sample lhs --points 60 --effects effects.csv

A large sweep in parts, here with GNU parallel; the result is the same to the byte:
  parallel 'forbear sweep SCENARIO --vary ... --shard {}/8 --json > part{}.json' ::: $(seq 8)
  forbear merge part*.json --json > whole.json

Ctrl-C ends the sweep and keeps the points that are done; a second one kills.")]
pub(crate) struct Sweep {
    /// The name of a scenario that is built in, or a file
    #[arg(value_parser = ScenarioName, hide_possible_values = true)]
    scenario: String,

    /// A policy file, or the name of a policy of the scenario or of a preset; without it the
    /// scenario's first
    #[arg(value_parser = PolicyName, hide_possible_values = true)]
    policy: Option<PathBuf>,

    /// A key and its values: a list (100ms,1s), a range with steps (10..100:10, 1s..64s:x2,
    /// 10ms..10s:log7) or, with --sample, without (2..12, 10ms..10s:log); may be repeated
    #[arg(long, value_name = "KEY=VALUES", required = true)]
    vary: Vec<Axis>,

    /// Draw points instead of running the whole grid: lhs is a Latin hypercube
    #[arg(long, value_name = "KIND", requires = "points")]
    sample: Option<Kind>,

    /// How many points to draw
    #[arg(long, value_name = "N", requires = "sample", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    points: Option<u32>,

    #[command(flatten)]
    storms: Storms,

    /// Metrics that the Pareto front is of
    #[arg(long, value_name = "METRIC", value_delimiter = ',', value_parser = ObjectiveName, hide_possible_values = true, default_values = SweepReport::OBJECTIVES.map(Metric::key))]
    objective: Vec<Metric>,

    /// Run only part I of N
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    #[command(flatten)]
    files: Files,
}

/// How points are drawn.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    /// A Latin hypercube: each part of each range once
    Lhs,
}

impl Sweep {
    /// The points, of a grid or a sample.
    fn grid(&self, scenario: &Scenario, policy: &NamedPolicy) -> Result<Grid, Problem> {
        let wrong = |error: String| {
            let problem = diagnose::spoken(&format!("--vary {error}"));
            // The keys of a whole scenario, where a key of a policy may have been meant.
            if problem.is_helped_by("the keys here are 'name', 'title'") {
                problem.help(
                    "a key is one of the scenario, such as clients.count, or of a policy file, such \
                     as retry.max_attempts or limit.0.rate",
                )
            } else {
                problem
            }
        };
        if let (Some(Kind::Lhs), Some(points)) = (self.sample, self.points) {
            let sample = Sample { points, seed: self.storms.seed };
            return Grid::sampled(scenario, policy, &self.vary, sample)
                .map_err(|error| wrong(error.to_string()));
        }
        let parameters: Vec<Parameter> = self
            .vary
            .iter()
            .map(Axis::parameter)
            .collect::<Result<_, _>>()
            .map_err(|error| Problem::new(format!("--vary {error}")))?;
        Grid::new(scenario, policy, &parameters).map_err(|error| wrong(error.to_string()))
    }

    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let scenario = scenario_file::load(&self.scenario, &self.storms.set)?;
        let policy = policy_file::one(self.policy.as_deref(), scenario.policies())?;
        if let Some((key, value)) = self.storms.set.iter().find(|(key, _)| self.varies(key)) {
            let problem = Problem::new(format!("--set {key}={value} is replaced by --vary"));
            return Err(problem.help("leave one of them out").into());
        }
        let grid = self.grid(&scenario, &policy)?;
        if self.files.has_heat_map() && !grid.is_field() {
            return Err(no_field().into());
        }
        if self.files.has_scatter() && self.sample.is_none() {
            return Err(no_sample().into());
        }
        // Before the work, not after it.
        let files = self.files.open()?;
        let options = self.storms.options(self.command());
        let points = grid.points(self.shard);
        let runs = points.saturating_mul(u64::from(self.storms.reps));
        let swept = watched(runs, output, |report, cancel| {
            sweep(&grid, self.shard, &options, report, cancel)
        })?;
        let done = swept.points.len();
        if done == 0 && swept.partial {
            output.problem(&Problem::new("interrupted before the first point was over"));
            return Ok(Exit::Interrupted);
        }
        if done == 0 {
            let problem =
                Problem::new("this shard has no point, there are more shards than points");
            return Err(Failure::nothing_ran(problem));
        }
        though_unread(show(&SweepReport::new(&swept, &self.objective), &files, output))?;
        if swept.partial {
            output.remark(&format!("interrupted: {done} of {points} points are kept"));
            return Ok(Exit::Interrupted);
        }
        Ok(Exit::Success)
    }

    /// Whether an axis gives the value at this key, or one around or below it.
    fn varies(&self, key: &str) -> bool {
        let is_within = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut varied = self.vary.iter().map(Axis::key);
        varied.any(|varied| is_within(varied, key) || is_within(key, varied))
    }

    /// The words that make the whole sweep again.
    fn command(&self) -> String {
        let mut words = vec!["forbear".to_owned(), "sweep".to_owned(), self.scenario.clone()];
        words.extend(self.policy.as_ref().map(|path| path.display().to_string()));
        for axis in &self.vary {
            words.extend(["--vary".to_owned(), axis.to_string()]);
        }
        if let Some(points) = self.points {
            words.extend(["--sample", "lhs", "--points"].map(str::to_owned));
            words.push(points.to_string());
        }
        words.extend(self.storms.words());
        let objectives: Vec<&str> = self.objective.iter().map(|metric| metric.key()).collect();
        words.extend(["--objective".to_owned(), objectives.join(",")]);
        command_line::quoted(words.iter().map(String::as_str))
    }
}
