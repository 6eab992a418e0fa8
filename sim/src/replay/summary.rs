//! What a trace says happened.

use forbear_core::Outcome;
use forbear_http::trace::CallEnd;

use super::recording::RecordedCall;

/// What was recorded, in counts and times.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Recorded {
    /// Calls that arrived.
    pub calls: u64,
    /// Calls that succeeded.
    pub succeeded: u64,
    /// Calls whose end is not in the trace.
    pub unfinished: u64,
    /// Calls whose caller went away.
    pub abandoned: u64,
    /// Attempts.
    pub sends: u64,
    /// Attempts that the server refused for load.
    pub throttled: u64,
    /// Time from the first arrival to the last thing that happened, in ns.
    pub span_ns: u64,
    /// Median time from the arrival of a call to its success, in ns.
    pub completion_p50_ns: Option<u64>,
    /// 99th percentile of the same.
    pub completion_p99_ns: Option<u64>,
}

impl Recorded {
    pub(super) fn of(calls: &[&RecordedCall]) -> Self {
        let mut all = Self { calls: calls.len() as u64, ..Self::default() };
        let mut completions = Vec::new();
        let mut last = 0;
        for call in calls {
            match call.end {
                None => all.unfinished += 1,
                Some((at, CallEnd::Success)) => {
                    all.succeeded += 1;
                    completions.push(at - call.arrived_at);
                }
                Some((_, CallEnd::Abandoned)) => all.abandoned += 1,
                Some(_) => {}
            }
            all.sends += call.attempts.len() as u64;
            let throttled = |outcome: Outcome| outcome.is_throttled();
            let refused = call.attempts.iter().filter(|attempt| throttled(attempt.seen.outcome));
            all.throttled += refused.count() as u64;
            let answers = call.attempts.iter().map(|attempt| attempt.answered_at);
            last = answers.chain(call.end.map(|(at, _)| at)).fold(last, u64::max);
        }
        completions.sort_unstable();
        let first = calls.iter().map(|call| call.arrived_at).min().unwrap_or(0);
        all.span_ns = last.saturating_sub(first);
        let rank = |percent: usize| {
            let rank = (completions.len() * percent).div_ceil(100);
            rank.checked_sub(1).map(|rank| completions[rank])
        };
        (all.completion_p50_ns, all.completion_p99_ns) = (rank(50), rank(99));
        all
    }
}
