//! How long the network takes, and how long the server works.

use forbear_core::Outcome;

use super::recording::RecordedCall;

/// Refusals from which a distribution is drawn; with fewer the median stands for all.
const ENOUGH: usize = 20;
/// Points of a distribution.
const POINTS: usize = 21;

/// Times of a trace, in ns.
#[derive(Clone, Debug)]
pub(super) struct Latency {
    /// The time there and back: quantiles, or one value.
    pub(super) round_trip: Vec<u64>,
    /// Whether it was measured by answers that take no work.
    pub(super) is_of_refusals: bool,
    /// What the server works on what it lets in: quantiles, or one value.
    pub(super) service: Vec<u64>,
}

impl Latency {
    /// What the attempts of `calls` say.
    ///
    /// A refusal takes the server no time, so its answer takes as long as the network;
    /// without refusals the fastest answer of all does.
    pub(super) fn of(calls: &[&RecordedCall]) -> Self {
        let took = |is_it: &dyn Fn(Outcome) -> bool| {
            let attempts = calls.iter().flat_map(|call| &call.attempts);
            let mut times: Vec<u64> = attempts
                .filter(|attempt| is_it(attempt.seen.outcome))
                .map(|attempt| attempt.answered_at - attempt.sent_at)
                .collect();
            times.sort_unstable();
            times
        };
        let refused = took(&|outcome| outcome.is_throttled());
        let served = took(&|outcome| outcome == Outcome::Success);
        let fastest = served.first().or_else(|| refused.first()).copied().unwrap_or(0);
        let is_of_refusals = !refused.is_empty();
        let round_trip = match refused.len() {
            0 => vec![fastest],
            len if len < ENOUGH => vec![median(&refused)],
            _ => quantiles(&refused),
        };
        let typical = median(&round_trip);
        let worked: Vec<u64> = served.iter().map(|time| time.saturating_sub(typical)).collect();
        let service = match worked.len() {
            0 => vec![0],
            len if len < ENOUGH => vec![median(&worked)],
            _ => quantiles(&worked),
        };
        Self { round_trip, is_of_refusals, service }
    }

    /// The middle of the round trips.
    pub(super) fn typical_round_trip(&self) -> u64 {
        median(&self.round_trip)
    }
}

/// The middle value; 0 of nothing.
pub(super) fn median(sorted: &[u64]) -> u64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

/// Evenly spaced quantiles from the least to the most, each a value that was measured.
fn quantiles(sorted: &[u64]) -> Vec<u64> {
    let last = sorted.len() - 1;
    (0..POINTS).map(|point| sorted[(last * point + (POINTS - 1) / 2) / (POINTS - 1)]).collect()
}
