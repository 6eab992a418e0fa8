//! `forbear explain`.

mod moment;
mod timeline;

use std::path::{Path, PathBuf};
use std::time::Duration;

use forbear_core::Timestamp;
use forbear_core::text::parse_duration;
use forbear_sim::{NamedPolicy, Scenario, Simulation};
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::names::{PolicyName, ScenarioName};
use crate::output::Output;
use crate::problem::Problem;
use crate::scenario_file::{Override, parse_override};
use crate::trace_file::TraceOptions;
use crate::{policy_file, scenario_file, trace_file};

/// Tells why a request waited, or who waits for what at a moment
///
/// The reasons are those of the engine itself, down to the limiter that held a request back or the
/// wait that the server asked for.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear explain retry-after-herd full-jitter --call 17
  forbear explain retry-after-herd recommended --at 2.5s
  forbear explain storm.toml policy.toml --call 17 --seed 4 --json
  forbear explain calls.ndjson policy.toml --call 812

Calls are counted from 1; those of a trace have the numbers of the trace.")]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct Explain {
    /// The name of a scenario that is built in, a file, or a trace
    #[arg(value_parser = ScenarioName, hide_possible_values = true)]
    scenario: String,

    /// A policy file, or the name of a policy of the scenario or of a preset; without it the
    /// scenario's first
    #[arg(value_parser = PolicyName, hide_possible_values = true)]
    policy: Option<PathBuf>,

    /// Tell what happened to this call
    #[arg(long, value_name = "N", group = "what")]
    call: Option<u64>,

    /// Tell how things stand at this time
    #[arg(long, value_name = "TIME", group = "what", value_parser = time)]
    at: Option<Duration>,

    /// Seed of the storm
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// A value in place of the scenario's; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_override)]
    set: Vec<Override>,

    #[command(flatten)]
    options: TraceOptions,
}

/// What is explained, and the numbers of its calls.
pub(super) struct Storm {
    pub(super) scenario: Scenario,
    pub(super) policy: NamedPolicy,
    pub(super) seed: u64,
    /// The numbers of a trace; counted from 1 where there are none.
    numbers: Vec<u64>,
}

impl Explain {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let storm = self.storm(output)?;
        let simulation = Simulation::of(&storm.scenario, &storm.policy).seed(self.seed);
        match (self.call, self.at) {
            (Some(number), _) => {
                let index = storm.index(number);
                let timeline = index.and_then(|index| simulation.timeline(index));
                let timeline = timeline.ok_or_else(|| self.no_call(number, &storm))?;
                if output.is_json() {
                    let answer = json!({ "format": 1, "number": number, "timeline": timeline });
                    writeln!(output.data(), "{answer:#}")?;
                } else {
                    let text = timeline::of(&timeline, &storm);
                    output.data().write_all(text.as_bytes())?;
                }
            }
            (None, at) => {
                let at = Timestamp::ZERO.after(at.unwrap_or_default());
                let moment = simulation.moment(at);
                if output.is_json() {
                    let answer = json!({ "format": 1, "moment": moment });
                    writeln!(output.data(), "{answer:#}")?;
                } else {
                    let text = moment::of(&moment, &storm);
                    output.data().write_all(text.as_bytes())?;
                }
            }
        }
        Ok(Exit::Success)
    }

    fn storm(&self, output: &mut Output) -> Result<Storm, Failure> {
        let path = Path::new(&self.scenario);
        let (scenario, numbers) = if trace_file::is_trace(path) {
            if !self.set.is_empty() {
                let problem = Problem::new("--set is for scenarios, and this is a trace");
                let help = "write the scenario of a trace with 'forbear replay --scenario'";
                return Err(problem.in_file(&self.scenario).help(help).into());
            }
            let derived = trace_file::load(path, &self.options, output)?;
            (derived.scenario, derived.numbers)
        } else {
            let only_traces = self.options.words();
            if let Some(option) = only_traces.first() {
                let problem = Problem::new(format!("{option} is for traces, and this is none"));
                return Err(problem.in_file(&self.scenario).into());
            }
            (scenario_file::load(&self.scenario, &self.set)?, Vec::new())
        };
        let policy = policy_file::one(self.policy.as_deref(), scenario.policies())?;
        Ok(Storm { scenario, policy, seed: self.seed, numbers })
    }

    fn no_call(&self, number: u64, storm: &Storm) -> Problem {
        let problem = Problem::new(format!("there is no call {number}"));
        let help = match (storm.numbers.iter().min(), storm.numbers.iter().max()) {
            (Some(first), Some(last)) => format!("calls of the trace are {first} to {last}"),
            _ => format!("calls are 1 to {}", storm.scenario.calls()),
        };
        problem.in_file(&self.scenario).help(help)
    }
}

impl Storm {
    /// The place of the call of this number.
    fn index(&self, number: u64) -> Option<u32> {
        let index = if self.numbers.is_empty() {
            usize::try_from(number.checked_sub(1)?).ok()?
        } else {
            self.numbers.iter().position(|&other| other == number)?
        };
        u32::try_from(index).ok()
    }

    /// The number of the call at this place.
    pub(super) fn number(&self, index: u32) -> u64 {
        self.numbers.get(index as usize).copied().unwrap_or(u64::from(index) + 1)
    }
}

fn time(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}
