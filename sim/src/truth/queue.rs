//! What the textbook says of a queue, measured in a run.

use super::drive::{NEAR, ONCE, run, seconds_text};
use super::error::{ensure, ensure_samples};
use super::estimate::{Estimate, by_batches};
use super::{Check, TruthError};
use crate::trace::Finished;

/// Customers who come at random to a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue<'a> {
    /// Customers a second.
    pub(super) lambda: f64,
    /// The tables of the server.
    pub(super) server: &'a str,
    /// How many come.
    pub(super) customers: u32,
}

/// Refuses a queue that grows without end, or so slowly settles that no run is long
/// enough.
pub(super) fn ensure_stable(load: f64) -> Result<(), TruthError> {
    Ok(ensure((0.0..=0.98).contains(&load), "load", load, "at most 0.98 for a queue to settle")?)
}

impl Queue<'_> {
    /// The calls in the order of their ends.
    pub(super) fn run(&self) -> Result<Vec<Finished>, TruthError> {
        ensure_samples(self.customers)?;
        let (customers, lambda, server) = (self.customers, self.lambda, self.server);
        let tables = format!(
            "[clients]\ncalls = {customers}\n[arrivals]\nkind = \"poisson\"\n\
             rate = \"{lambda:.6}/s\"\n{NEAR}{server}"
        );
        Ok(run(&tables, ONCE, 1)?.ends)
    }
}

/// The table of a server with so many workers and an exponential service.
pub(super) fn exponential(workers: u32, mean_s: f64) -> String {
    let mean = seconds_text(mean_s);
    format!(
        "[server]\nworkers = {workers}\nservice = {{ kind = \"exponential\", mean = \"{mean}\" }}\n"
    )
}

/// The mean time from arrival to end of those that were served, in seconds.
pub(super) fn time_in_system(ends: &[Finished]) -> Estimate {
    let served: Vec<f64> = ends.iter().filter(|end| end.succeeded).map(took_s).collect();
    by_batches(&served, |batch| batch.iter().sum::<f64>() / batch.len() as f64)
}

/// The mean number of customers in the system: what they spent there, by the time.
pub(super) fn number_in_system(ends: &[Finished]) -> Estimate {
    by_batches(ends, |batch| batch.iter().map(took_s).sum::<f64>() / span_s(batch))
}

/// Customers who are served, in a second.
pub(super) fn throughput(ends: &[Finished]) -> Estimate {
    by_batches(ends, |batch| {
        batch.iter().filter(|end| end.succeeded).count() as f64 / span_s(batch)
    })
}

/// The share that was turned away.
pub(super) fn lost(ends: &[Finished]) -> Estimate {
    by_batches(ends, |batch| {
        batch.iter().filter(|end| !end.succeeded).count() as f64 / batch.len() as f64
    })
}

/// The 99th percentile of the time in the system, in seconds.
pub(super) fn time_p99(ends: &[Finished]) -> Estimate {
    by_batches(ends, |batch| {
        let mut times: Vec<f64> = batch.iter().map(took_s).collect();
        times.sort_by(f64::total_cmp);
        times[(times.len() * 99).div_ceil(100) - 1]
    })
}

/// The share of customers who find all of `servers` busy when they come.
pub(super) fn waited(ends: &[Finished], servers: usize) -> Estimate {
    let nanos = |duration: std::time::Duration| crate::scenario::nanos(duration);
    let mut arrivals: Vec<u64> =
        ends.iter().map(|end| end.at.as_nanos() - nanos(end.took)).collect();
    arrivals.sort_unstable();
    let mut gone = 0;
    let found_busy: Vec<bool> = arrivals
        .iter()
        .enumerate()
        .map(|(before, &arrival)| {
            while ends[gone].at.as_nanos() <= arrival {
                gone += 1;
            }
            before - gone >= servers
        })
        .collect();
    by_batches(&found_busy, |batch| {
        batch.iter().filter(|&&busy| busy).count() as f64 / batch.len() as f64
    })
}

/// A number of a queue, with the tolerance that its batches give.
pub(super) fn check(what: &str, expected: f64, measured: Estimate) -> Check {
    // A nanosecond is on the network.
    let tolerance = super::estimate::ERRORS * measured.error + 1e-6 * expected.abs();
    Check::new(what, expected, measured.value, tolerance)
}

fn took_s(end: &Finished) -> f64 {
    end.took.as_secs_f64()
}

/// From the first end of a batch to its last, as long as the batch.
fn span_s(batch: &[Finished]) -> f64 {
    let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return 0.0 };
    let gaps = (batch.len() - 1).max(1) as f64;
    last.at.since(first.at).as_secs_f64() * batch.len() as f64 / gaps
}
