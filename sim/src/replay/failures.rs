//! Failures that are the server's: a share of all requests, and more of them for a while.

use forbear_core::{Outcome, Throttle};

use super::latency::median;
use super::limits::most_frequent;
use super::sample::Sample;

/// Spans into which a trace is cut to find when more failed than else.
const SPANS: u64 = 60;
/// Failures in a span that may be an outage.
const ENOUGH: u64 = 5;

/// Failures in a span of time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Failures {
    /// From when, in ns.
    pub(super) from: u64,
    /// Until when, in ns; the end of the run if there is none.
    pub(super) until: Option<u64>,
    /// Failures, and requests that the limits let in.
    pub(super) failed: u64,
    pub(super) of: u64,
    /// The status that most had.
    pub(super) status: u16,
    /// How long the server took for them, in ns.
    pub(super) after: u64,
}

/// Outages first, and then what failed at all other times.
pub(super) fn of(samples: &[Sample<'_>], round_trip: u64) -> Vec<Failures> {
    let failed = |sample: &Sample<'_>| {
        matches!(sample.seen.outcome, Outcome::Transient | Outcome::Throttled(Throttle::Overload))
    };
    let counts = |sample: &Sample<'_>| failed(sample) || sample.is_let_in();
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return Vec::new() };
    let length = ((last.at - first.at) / SPANS + 1).max(1);
    let mut spans = vec![(0_u64, 0_u64); usize::try_from(SPANS).unwrap_or(60) + 1];
    for sample in samples.iter().filter(|sample| counts(sample)) {
        let index = usize::try_from((sample.at - first.at) / length).unwrap_or(0);
        spans[index].0 += u64::from(failed(sample));
        spans[index].1 += 1;
    }
    let all: (u64, u64) = spans.iter().fold((0, 0), |sum, span| (sum.0 + span.0, sum.1 + span.1));
    if all.0 == 0 {
        return Vec::new();
    }
    // Three times as many as of all, and one in five at least.
    let is_outage = |&(failed, of): &(u64, u64)| {
        failed >= ENOUGH && failed * all.1 >= 3 * all.0 * of && failed * 5 >= of
    };
    let mut found: Vec<Failures> = Vec::new();
    let mut rest = all;
    for (index, span) in (0_u64..).zip(&spans) {
        if !is_outage(span) {
            continue;
        }
        rest = (rest.0 - span.0, rest.1 - span.1);
        let (from, until) = (first.at + index * length, first.at + (index + 1) * length);
        match found.last_mut().filter(|before| before.until == Some(from)) {
            Some(before) => {
                before.until = Some(until);
                before.failed += span.0;
                before.of += span.1;
            }
            None => found.push(Failures {
                from,
                until: Some(until),
                failed: span.0,
                of: span.1,
                status: 0,
                after: 0,
            }),
        }
    }
    if rest.0 > 0 {
        let (failed, of) = rest;
        found.push(Failures { from: 0, until: None, failed, of, status: 0, after: 0 });
    }
    for failures in &mut found {
        let is_within = |sample: &&Sample<'_>| {
            let until = failures.until.unwrap_or(u64::MAX);
            failed(sample) && (failures.from..until).contains(&sample.at)
        };
        let codes = samples.iter().filter(is_within).filter_map(|sample| sample.seen.code);
        // What is no failure of the server in the simulator's eyes is as good as a 502.
        let server_error = |code: u64| u16::try_from(code).ok().filter(|c| (500..600).contains(c));
        let code = most_frequent(codes.map(u64::from)).and_then(server_error);
        failures.status = code.unwrap_or(502);
        let mut took: Vec<u64> =
            samples.iter().filter(is_within).map(|sample| sample.took).collect();
        took.sort_unstable();
        failures.after = median(&took).saturating_sub(round_trip);
    }
    found
}
