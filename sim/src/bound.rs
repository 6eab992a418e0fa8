//! What no policy can beat.
//!
//! Closed forms of the server's limits: a bucket lets in `burst + rate * t` by
//! `t`, a window `limit` for each window that has begun. A policy is judged by how
//! near it comes.

#![expect(clippy::float_arithmetic, reason = "floats only report")]
#![expect(clippy::cast_precision_loss, reason = "bounds are shown with a few digits")]

use std::time::Duration;

use forbear_core::Dimension;

use crate::metrics::{per_second, seconds};
use crate::scenario::{LimitSpec, Scenario, WindowStart, nanos};
use crate::storm::Storm;

/// Requests a second that the server permits in the long run, if that is bounded.
pub(crate) fn permitted_per_s(scenario: &Scenario, storm: &Storm) -> Option<f64> {
    let calls = f64::from(storm.calls());
    let per_call = |dimension: Dimension, refund: bool| {
        let (reserved, used) = storm.units(dimension);
        let units = if refund { used } else { reserved };
        (units > 0).then(|| units as f64 / calls)
    };
    let server = scenario.server();
    let service =
        server.service().fixed().filter(|&ns| ns > 0 && server.per_output_token().is_zero());
    let limits = server.limits().iter().filter_map(|limit| match *limit {
        LimitSpec::TokenBucket { dimension, rate, refund, .. } => {
            let units = per_second(rate.limit().get() as f64, nanos(rate.period()));
            per_call(dimension, refund).map(|per_call| units / per_call)
        }
        LimitSpec::FixedWindow { dimension, limit, window, .. } => {
            let units = per_second(f64::from(limit.get()), nanos(window));
            per_call(dimension, false).map(|per_call| units / per_call)
        }
        LimitSpec::SlidingWindow { dimension, limit, window, .. } => {
            let units = per_second(f64::from(limit.get()), nanos(window));
            per_call(dimension, false).map(|per_call| units / per_call)
        }
        LimitSpec::Concurrency { max } => service.map(|ns| per_second(f64::from(max.get()), ns)),
    });
    let workers =
        service.zip(server.workers()).map(|(ns, workers)| per_second(f64::from(workers), ns));
    limits.chain(workers).reduce(f64::min)
}

/// The shortest time in which any policy could end all calls and bring `calls` of them to
/// success, in seconds, if the server bounds it.
///
/// Which ones is not known, so the cheapest count.
pub(crate) fn drain_s(scenario: &Scenario, storm: &Storm, calls: u64) -> Option<f64> {
    let server = scenario.server();
    let service = server.service().fixed().filter(|_| server.per_output_token().is_zero());
    let limits = server.limits().iter().filter_map(|limit| match *limit {
        LimitSpec::TokenBucket { dimension, rate, burst, refund, .. } => {
            let (reserved, used) = storm.least_units(dimension, calls);
            let units = if refund { used } else { reserved };
            let waited = units.saturating_sub(u64::from(burst.get())) as f64;
            Some(waited / per_second(rate.limit().get() as f64, nanos(rate.period())))
        }
        LimitSpec::FixedWindow { dimension, limit, window, start, offset, .. } => {
            let (reserved, _) = storm.least_units(dimension, calls);
            let full = reserved.saturating_sub(1) / u64::from(limit.get());
            // By the clock, the first window may be all but over when it is first used.
            let from = if start == WindowStart::Clock { 0 } else { storm.first_arrival() };
            let full = full.saturating_mul(nanos(window));
            Some(seconds(from.saturating_add(full).saturating_sub(early(window, offset))))
        }
        LimitSpec::SlidingWindow { dimension, limit, window, offset, .. } => {
            let (reserved, _) = storm.least_units(dimension, calls);
            let full = reserved.saturating_sub(1) / u64::from(limit.get());
            let full = full.saturating_mul(nanos(window));
            Some(seconds(full.saturating_sub(early(window, offset))))
        }
        LimitSpec::Concurrency { max } => service.map(|ns| {
            let rounds = calls.div_ceil(u64::from(max.get()));
            seconds(rounds.saturating_mul(ns))
        }),
    });
    let workers = service
        .zip(server.workers())
        .map(|(ns, workers)| seconds(calls.div_ceil(u64::from(workers)).saturating_mul(ns)));
    let bound = limits.chain(workers).reduce(f64::max)?;
    Some(bound.max(seconds(storm.last_arrival())))
}

/// How long before time 0 the window began that is in force then, in ns: shifted windows
/// have one more, which is cut short.
fn early(window: Duration, offset: Duration) -> u64 {
    if offset.is_zero() { 0 } else { nanos(window) - nanos(offset) % nanos(window) }
}
