//! Simulating while somebody looks on and may press Ctrl-C.

use std::sync::atomic::AtomicBool;

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
    let runs = u64::from(options.replications) * policies.len() as u64;
    watched(runs, output, |report, cancel| compare(scenario, policies, options, report, cancel))
}

/// Does `work` of so many runs, with a progress bar and Ctrl-C.
pub(crate) fn watched<T>(
    runs: u64,
    output: &Output,
    work: impl FnOnce(&(dyn Fn(forbear_sim::Progress) + Sync), &AtomicBool) -> T,
) -> Result<T, Failure> {
    let interrupt = Interrupt::listen().map_err(|error| {
        Failure::unexpected(Problem::new(format!("cannot listen for Ctrl-C: {error}")))
    })?;
    let bar = Progress::new(runs, "runs", output.is_live());
    let report = |progress: forbear_sim::Progress| bar.ran(&progress);
    Ok(work(&report, interrupt.flag()))
}
