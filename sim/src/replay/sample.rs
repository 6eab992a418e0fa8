//! The attempts of a trace in the order in which the server saw them.

use forbear_core::{Cost, Dimension, Observation, Outcome, Throttle};

use super::recording::RecordedCall;

/// An attempt, as far as the server is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'a> {
    /// When the server decided about it, as far as one can tell, in ns.
    pub(super) at: u64,
    /// How long it took, in ns.
    pub(super) took: u64,
    /// How long the server worked of that, in ns.
    pub(super) worked: u64,
    pub(super) cost: &'a Cost,
    pub(super) seen: &'a Observation,
}

impl Sample<'_> {
    /// Whether a limit refused it; for concurrency, whether one of that kind did.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.seen.outcome, Outcome::Throttled(Throttle::RateLimit | Throttle::Concurrency))
    }

    /// What it used of what it was charged, as far as the answer says.
    pub(super) fn used(&self, dimension: Dimension) -> u32 {
        let charged = self.cost.get(dimension);
        let said = self.seen.usage.map(|usage| usage.get(dimension)).filter(|&units| units > 0);
        said.unwrap_or(charged).min(charged)
    }

    /// Whether the server let it in, whatever came of it then.
    pub(super) fn is_let_in(&self) -> bool {
        match self.seen.outcome {
            // Too large for any window, which says nothing of what was left in one.
            Outcome::Permanent => self.seen.code != Some(413),
            Outcome::Success => true,
            // Without a status the server may never have seen it.
            Outcome::Transient => self.seen.code.is_some(),
            _ => false,
        }
    }
}

/// All answered attempts of `calls`; half of `round_trip` is the way there.
///
/// Each with the number of its call, counted from 0.
pub(super) fn samples<'a>(calls: &[&'a RecordedCall], round_trip: u64) -> Vec<(u32, Sample<'a>)> {
    let attempts = (0..).zip(calls).flat_map(|(number, call)| {
        call.attempts.iter().map(move |attempt| (number, *call, attempt))
    });
    let mut samples: Vec<(u32, Sample<'a>)> = attempts
        .filter(|(_, _, attempt)| attempt.seen.outcome != Outcome::Ignored)
        .map(|(number, call, attempt)| {
            let took = attempt.answered_at - attempt.sent_at;
            let at = attempt.sent_at + (round_trip / 2).min(took / 2);
            let worked = took.saturating_sub(round_trip);
            (number, Sample { at, took, worked, cost: &call.cost, seen: &attempt.seen })
        })
        .collect();
    samples.sort_by_key(|(_, sample)| sample.at);
    samples
}
