//! What the command can do, one file each.

mod batch;
mod check;
mod compare;
mod completions;
mod delays;
mod explain;
mod init;
mod man;
mod merge;
mod replay;
mod run;
mod scenarios;
mod schema;
mod signal;
mod sweep;
mod tune;
mod verify;

use clap::Subcommand;

use crate::failure::{Exit, Failure};
use crate::output::Output;

/// A command with its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Compare(compare::Compare),
    Run(run::Run),
    Replay(replay::Replay),
    Explain(explain::Explain),
    Sweep(sweep::Sweep),
    Merge(merge::Merge),
    Tune(tune::Tune),
    Check(check::Check),
    Scenarios(scenarios::Scenarios),
    Delays(delays::Delays),
    Signal(signal::Signal),
    Batch(Box<batch::Batch>),
    Verify(verify::Verify),
    Init(init::Init),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// Whether it reads files and then runs simulations.
    pub(crate) const fn simulates(&self) -> bool {
        matches!(
            self,
            Self::Compare(_)
                | Self::Run(_)
                | Self::Replay(_)
                | Self::Explain(_)
                | Self::Sweep(_)
                | Self::Tune(_)
                | Self::Check(_)
        )
    }

    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        match self {
            Self::Compare(compare) => compare.run(output),
            Self::Run(run) => run.run(output),
            Self::Replay(replay) => replay.run(output),
            Self::Explain(explain) => explain.run(output),
            Self::Sweep(sweep) => sweep.run(output),
            Self::Merge(merge) => merge.run(output),
            Self::Tune(tune) => tune.run(output),
            Self::Check(check) => check.run(output),
            Self::Scenarios(scenarios) => scenarios.run(output),
            Self::Delays(delays) => delays.run(output),
            Self::Signal(signal) => signal.run(output),
            Self::Batch(batch) => batch.run(output),
            Self::Verify(verify) => verify.run(output),
            Self::Init(init) => init.run(output),
            Self::Schema(schema) => schema.run(output),
            Self::Completions(completions) => completions.run(output),
            Self::Man(man) => man.run(output),
        }
    }
}
