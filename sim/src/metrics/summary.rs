//! A run's counts as numbers that people compare.

#![expect(clippy::float_arithmetic, reason = "floats only report, and in a fixed order")]
#![expect(clippy::cast_precision_loss, reason = "counts stay below 2^53, and times need no ns")]

use super::Tally;
use crate::results::{CdfPoint, Metrics};
use crate::server::{Server, Usage};

/// Points of a completion curve: more than a chart has pixels to tell apart.
const POINTS: usize = 200;

/// What was measured; `tally.completions` must be sorted, and of each client it is known how
/// many calls succeeded and how many it makes.
pub(crate) fn metrics(tally: &Tally, got_and_wanted: Vec<(u32, u32)>, server: &Server) -> Metrics {
    let drained = seconds(tally.last_end);
    let calls = tally.calls.max(1) as f64;
    Metrics {
        calls: tally.calls,
        succeeded: tally.succeeded,
        failed: tally.failed,
        cut_off: tally.cut_off,
        sends: tally.sends,
        throttled: tally.throttled,
        wasted: tally.sends - tally.succeeded,
        before_hint: tally.before_hint,
        offered_load: share(tally.sends as f64, drained),
        goodput: share(tally.succeeded as f64, drained),
        amplification: tally.sends as f64 / calls,
        throttled_rate: share(tally.throttled as f64, tally.sends as f64),
        time_to_drain: drained,
        completion_p50: percentile(&tally.completions, 50).map(seconds),
        completion_p95: percentile(&tally.completions, 95).map(seconds),
        completion_p99: percentile(&tally.completions, 99).map(seconds),
        quota_utilisation: utilisation(server, tally.last_end),
        fairness: fairness(got_and_wanted),
        missed_deadlines: tally.tenants.as_ref().and_then(|tenants| tenants.missed_deadlines()),
        share_error: tally.tenants.as_ref().and_then(|tenants| tenants.share_error()),
        // It takes the scenario and the storm to know.
        drain_bound: None,
    }
}

/// The share of the calls that took at most so long.
pub(crate) fn completion_curve(sorted: &[u64]) -> Vec<CdfPoint> {
    let len = sorted.len();
    let points = len.min(POINTS);
    (1..=points)
        .map(|point| {
            let rank = (len * point).div_ceil(points);
            CdfPoint { seconds: seconds(sorted[rank - 1]), share: rank as f64 / len as f64 }
        })
        .collect()
}

/// Nanoseconds as seconds.
pub(crate) fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// `units` per `period`, in ns, by the second.
pub(crate) fn per_second(units: f64, period: u64) -> f64 {
    units / seconds(period)
}

/// By nearest rank: a value that was measured, and not one between two.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// Of the limit that was used the most.
fn utilisation(server: &Server, until: u64) -> Option<f64> {
    server
        .usage(until)
        .map(|Usage { used, permitted }| share(used as f64, permitted as f64))
        .reduce(f64::max)
}

/// Jain, Chiu and Hawe, "A quantitative measure of fairness", 1984: over what each
/// client got and what it wanted, as a share of its max-min fair part.
///
/// Who wanted less than an equal part and got it all is not treated unfairly by those
/// who wanted more; where all want the same, it is the index over the successes.
pub(crate) fn fairness(mut got_and_wanted: Vec<(u32, u32)>) -> Option<f64> {
    let clients = got_and_wanted.len();
    got_and_wanted.sort_by_key(|&(_, wanted)| wanted);
    let mut left: f64 = got_and_wanted.iter().map(|&(got, _)| f64::from(got)).sum();
    let (mut sum, mut squares) = (0.0, 0.0);
    for (&(got, wanted), sharing) in got_and_wanted.iter().zip((1..=clients).rev()) {
        let fair = (left / sharing as f64).min(f64::from(wanted));
        left -= fair;
        let got = share(f64::from(got), fair);
        sum += got;
        squares += got * got;
    }
    (squares > 0.0).then(|| sum * sum / (clients as f64 * squares))
}

/// 0 of nothing is 0.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sorted: Vec<u64> = (1..=10).collect();
        assert_eq!(percentile(&sorted, 50), Some(5));
        assert_eq!(percentile(&sorted, 95), Some(10));
        assert_eq!(percentile(&sorted[..1], 99), Some(1));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_curve_ends_at_one() {
        let sorted: Vec<u64> = (1..=1000).collect();
        let curve = completion_curve(&sorted);
        assert_eq!(curve.len(), POINTS);
        assert_eq!(curve.last().map(|point| point.share.to_bits()), Some(1_f64.to_bits()));
        assert!(completion_curve(&[]).is_empty());
    }
}
