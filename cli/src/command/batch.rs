//! `forbear batch`.

mod report;
mod settings;
mod watching;

use std::path::Path;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use forbear_batch::{Assumptions, Batch as Requests, BatchError, End, Price, Ready, Scan, Summary};
use forbear_core::text::parse_duration;
use forbear_http::Preset;
use tokio::runtime::Builder;

use self::settings::Settings;
use crate::failure::{Exit, Failure, though_unread};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::problem::Problem;

/// Complaints about lines that are shown.
const SHOWN: usize = 20;

/// Sends a file of requests through a policy
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Sends a file of requests through a policy

Each line of the file is a request as JSON:
  {\"id\": \"a\", \"path\": \"/v1/items\", \"body\": {\"n\": 1}}
and optionally \"method\", \"url\" in place of \"path\", \"headers\", \"priority\" (0 to 9), \"tenant\" and
\"cost\". Files of OpenAI's Batch API are read as they are.

What is done is written to a journal beside the results. A batch that was interrupted or killed goes
on where it was when the same command is given again.",
    after_help = "\
Examples:
  forbear batch requests.jsonl --out results.jsonl --preset openai \\
      --base-url https://api.openai.com --bearer-env OPENAI_API_KEY
  forbear batch requests.jsonl --out results.jsonl --policy policy.toml --dry-run
  forbear batch bodies.jsonl --bodies --url https://api.example.com/v1/items --out -

Exit codes:
    0  every line is a request that succeeded
    1  stopped: no server, a full disk; what is done is kept
    2  wrong usage, or a file that cannot be used
    3  some requests failed for good, or some lines are none
    4  the file has no request
  130  interrupted; what is done is kept"
)]
pub(crate) struct Batch {
    #[command(flatten)]
    settings: Settings,

    /// Send nothing, and say how long it will take and what it will cost
    #[arg(long, help_heading = "Forecast")]
    dry_run: bool,

    /// How long the server takes for an answer, where the journal does not know
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = parse_duration, help_heading = "Forecast")]
    latency: Duration,

    /// What requests really use of their estimate, where the journal does not know
    #[arg(long, value_name = "PERCENT", default_value_t = 100, help_heading = "Forecast")]
    used: u32,

    #[arg(
        long,
        value_name = "DIMENSION=AMOUNT",
        help = "Money for a million units, such as input_tokens=2.50; may be repeated",
        help_heading = "Forecast"
    )]
    price: Vec<String>,
}

/// The presets of providers, whose limits a batch can go by.
fn presets() -> PossibleValuesParser {
    PossibleValuesParser::new(Preset::all().map(Preset::name))
}

impl Batch {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let prices = self.price.iter().map(|price| price.parse::<Price>());
        let prices = prices.collect::<Result<Vec<_>, _>>().map_err(|error| problem(&error))?;
        let batch = self.settings.batch()?;
        let input = self.settings.input();
        let scan = batch.scan().map_err(|error| problem(&error))?;
        complain(input, &scan, output);
        if scan.jobs == 0 && scan.malformed == 0 {
            let empty = Problem::new("holds no request").in_file(input.display().to_string());
            return Err(Failure::nothing_ran(empty));
        }
        if self.dry_run {
            let assumed = Assumptions::latency(self.latency).using_percent(self.used);
            let forecast = batch.forecast(&scan, &assumed).map_err(|error| problem(&error))?;
            report::forecast(&forecast, &scan, &prices, output)?;
            return Ok(if forecast.refused + scan.malformed > 0 {
                Exit::Failed
            } else {
                Exit::Success
            });
        }
        self.send(&batch, scan, &prices, output)
    }

    fn send(
        &self,
        batch: &Requests,
        scan: Scan,
        prices: &[Price],
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let unexpected = |what: &str, error: std::io::Error| {
            Failure::unexpected(Problem::new(format!("cannot {what}: {error}")))
        };
        let interrupt =
            Interrupt::listen().map_err(|error| unexpected("listen for Ctrl-C", error))?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| unexpected("start", error))?;
        let batch = self.settings.recorded(batch)?;
        let recorder = batch.recorder().cloned();
        let ready = batch.open(scan).map_err(|error| problem(&error))?;
        drop(batch);
        remark_on(&ready, output);
        let summary = runtime.block_on(watching::run(ready, &interrupt, output));
        for refused in summary.refused.iter().take(SHOWN) {
            let line = usize::try_from(refused.line).ok();
            output.problem(&Problem::new(&refused.message).at_line(
                self.settings.input().display().to_string(),
                line.unwrap_or(usize::MAX),
                None,
            ));
        }
        if let End::Stopped(error) = &summary.end {
            output.problem(&left_over(problem(error), error, &summary));
        }
        though_unread(
            report::summary(&summary, prices, self.settings.is_piped(), output)
                .map_err(Failure::from),
        )?;
        report::recorded(recorder.as_ref(), output);
        Ok(exit(&summary))
    }
}

fn exit(summary: &Summary) -> Exit {
    match summary.end {
        End::Stopped(_) => Exit::Unexpected,
        End::Interrupted => Exit::Interrupted,
        _ if summary.is_success() => Exit::Success,
        _ => Exit::Failed,
    }
}

/// An error of the library, with its place.
pub(super) fn problem(error: &BatchError) -> Problem {
    let problem = Problem::new(error.message());
    let problem = match (error.path(), error.line().and_then(|line| usize::try_from(line).ok())) {
        (Some(path), Some(line)) => problem.at_line(path.display().to_string(), line, None),
        (Some(path), None) => problem.in_file(path.display().to_string()),
        (None, _) => problem,
    };
    match error.advice() {
        Some(advice) => problem.help(advice),
        None => problem,
    }
}

/// What to do after an error in the middle.
fn left_over(problem: Problem, error: &BatchError, summary: &Summary) -> Problem {
    if error.advice().is_some() {
        return problem;
    }
    let unrecorded = match summary.unrecorded {
        0 => String::new(),
        some => format!("; {some} answers could not be recorded and are asked for again"),
    };
    problem.help(format!(
        "{} requests are left{unrecorded}; the same command goes on with them",
        summary.left
    ))
}

/// Tells of the lines that are no requests; the rest goes on.
fn complain(input: &Path, scan: &Scan, output: &mut Output) {
    let file = input.display().to_string();
    for complaint in scan.complaints.iter().take(SHOWN) {
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        output.problem(&Problem::new(&complaint.message).at_line(
            &file,
            number(complaint.line),
            complaint.column.map(number),
        ));
    }
    let more = scan.malformed.saturating_sub(SHOWN as u64);
    if more > 0 {
        output.problem(&Problem::new(format!("{more} more lines are no requests")).in_file(&file));
    }
}

fn remark_on(ready: &Ready, output: &mut Output) {
    let before = ready.watch().progress();
    if before.done > 0 {
        output.remark(&format!("{} of {} requests are done already", before.done, before.jobs));
    }
    if before.failed > 0 {
        let failed = before.failed;
        output.remark(&format!("{failed} of them failed; --retry-failed sends them again"));
    }
    if ready.retried() > 0 {
        output.remark(&format!("{} that failed before are sent again", ready.retried()));
    }
    if ready.torn() > 0 {
        output.remark("the last line of the journal was cut off; its request is sent again");
    }
    if ready.lost() > 0 {
        let lost = ready.lost();
        output
            .remark(&format!("{lost} results were lost with the power; they are asked for again"));
    }
}
