//! Simulating while somebody looks on and may press Ctrl-C.

use forbear_sim::results::Comparison;
use forbear_sim::{NamedPolicy, Options, Scenario, compare};

use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::problem::Problem;
use crate::progress::Progress;

/// Compares `policies`; after Ctrl-C, what was done until then.
pub(crate) fn simulate(
    scenario: &Scenario,
    policies: &[NamedPolicy],
    options: &Options,
    output: &Output,
) -> Result<Comparison, Failure> {
    let interrupt = Interrupt::listen().map_err(|error| {
        Failure::unexpected(Problem::new(format!("cannot listen for Ctrl-C: {error}")))
    })?;
    let runs = u64::from(options.replications) * policies.len() as u64;
    let bar = Progress::new(runs, "runs", output.is_live());
    let report = |progress: forbear_sim::Progress| bar.set(progress.done);
    Ok(compare(scenario, policies, options, &report, interrupt.flag()))
}
