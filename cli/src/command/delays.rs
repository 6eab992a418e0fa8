//! `forbear delays`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use forbear_core::spec::Bound;
use forbear_core::text::{format_duration, parse_duration};
use forbear_core::{BackoffStrategy, Retry, Timestamp};
use forbear_sim::{NamedPolicy, StreamRng};
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::names::PolicyName;
use crate::output::Output;
use crate::table::Table;
use crate::{delays, inline_table, policy_file};

/// Shows the delays that a policy gives
///
/// Each sample is one call that is throttled at every attempt. The same seed gives the same delays.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear delays policy.toml
  forbear delays --samples 5 --seed 7
  forbear delays --backoff 'kind=exponential base=1s factor=2 max=60s jitter=full'
  forbear delays --backoff 'kind=decorrelated base=1s' --hint 5s --json")]
pub(crate) struct Delays {
    /// A policy file, or the name of a preset; without it the recommended policy
    #[arg(conflicts_with = "backoff", value_parser = PolicyName, hide_possible_values = true)]
    policy: Option<PathBuf>,

    /// A backoff as in a policy file, in place of one
    #[arg(long, value_name = "KEY=VALUE ...")]
    backoff: Option<String>,

    /// Retries of each call
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    retries: u32,

    /// Seed of the jitter
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// Calls
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    samples: u32,

    /// The wait that the server asks for at every attempt, such as 5s
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    hint: Option<Duration>,
}

/// What the delays come from.
struct Source {
    name: String,
    backoff: Arc<dyn BackoffStrategy>,
    policy: Option<NamedPolicy>,
}

impl Delays {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let source = self.source()?;
        let hint = self.hint.filter(|_| source.hears_hints());
        let samples: Vec<_> = (0..self.samples)
            .map(|sample| {
                // One stream a sample: asking for more samples changes none.
                let entropy = StreamRng::new(self.seed, u64::from(sample));
                delays::of_one_call(&*source.backoff, hint, self.retries, entropy)
            })
            .collect();
        if output.is_json() {
            let nanoseconds =
                |delay: &Duration| u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
            let delays: Vec<Vec<_>> =
                samples.iter().map(|sample| sample.iter().map(nanoseconds).collect()).collect();
            writeln!(output.data(), "{}", json!({ "delays_ns": delays }))?;
        } else {
            write!(output.data(), "{}\n\n{}", self.title(&source), table(&samples))?;
            if samples.len() > SHOWN {
                writeln!(output.data(), "\n{SHOWN} of {} calls; --json has all.", samples.len())?;
            }
            if let Some(remark) = source.stops(&samples[0]) {
                writeln!(output.data(), "\n{remark}")?;
            }
        }
        Ok(Exit::Success)
    }

    fn source(&self) -> Result<Source, Failure> {
        if let Some(text) = &self.backoff {
            let backoff = inline_table::backoff("--backoff", text)?;
            return Ok(Source { name: text.clone(), backoff, policy: None });
        }
        let policy = match &self.policy {
            Some(path) => policy_file::load(path, &[])?,
            None => policy_file::recommended()?,
        };
        let backoff = Arc::clone(policy.policy().backoff());
        Ok(Source { name: policy.name().to_owned(), backoff, policy: Some(policy) })
    }

    fn title(&self, source: &Source) -> String {
        let seed = source.backoff.is_jittered().then(|| format!(", seed {}", self.seed));
        let hint = match self.hint {
            Some(hint) if source.hears_hints() => format!(", hint {}", format_duration(hint)),
            Some(_) => ", hints ignored".into(),
            None => String::new(),
        };
        format!("{}{}{hint}", source.name, seed.unwrap_or_default())
    }
}

impl Source {
    fn hears_hints(&self) -> bool {
        let hint = self.policy.as_ref().and_then(|policy| policy.spec().retry.hint.as_ref());
        !matches!(hint, Some(Bound::None))
    }

    /// Where the policy gives up, if that is before the last of `delays`.
    fn stops(&self, delays: &[Duration]) -> Option<String> {
        let stop = self.policy.as_ref()?.policy().stop();
        let mut elapsed = Duration::ZERO;
        for (number, delay) in (1..).zip(delays) {
            let now = Timestamp::ZERO.after(elapsed);
            let retry = Retry { elapsed, waited: elapsed, now, ..Retry::nth(number) };
            if let Some(reason) = stop.stop(&retry, *delay) {
                return Some(format!("The first call ends before retry {number}: {reason}."));
            }
            elapsed = elapsed.saturating_add(*delay);
        }
        None
    }
}

/// The samples that fit beside each other in a terminal.
const SHOWN: usize = 8;

fn table(samples: &[Vec<Duration>]) -> String {
    let shown = &samples[..samples.len().min(SHOWN)];
    let mut titles = vec!["retry".to_owned()];
    if let [_] = shown {
        titles.extend(["delay".to_owned(), "in all".to_owned()]);
    } else {
        titles.extend((1..=shown.len()).map(|number| format!("call {number}")));
    }
    let mut table = Table::new(titles);
    let mut total = Duration::ZERO;
    for retry in 0..shown.first().map_or(0, Vec::len) {
        let mut row = vec![(retry + 1).to_string()];
        row.extend(shown.iter().map(|sample| readable(sample[retry])));
        if let [only] = shown {
            total = total.saturating_add(only[retry]);
            row.push(readable(total));
        }
        table.push(row);
    }
    table.render()
}

/// Four digits or so of a duration; `--json` has all.
fn readable(duration: Duration) -> String {
    format!("{duration:.3?}")
}
