//! How well the model of the server decides as the server did.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::sample::Sample;
use crate::scenario::Scenario;
use crate::server::{Cause, Server};
use crate::storm::Storm;

/// What the model says of the recorded attempts, each at the time at which it was made.
///
/// The model is told what the recorded policy sent, so this says how good it is and nothing
/// about a policy.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Fit {
    /// Attempts that a limit of the server refused.
    pub refused: u64,
    /// Of these, the ones that the model refuses too.
    pub refused_too: u64,
    /// Attempts that the server let in.
    pub let_in: u64,
    /// Of these, the ones that the model lets in too.
    pub let_in_too: u64,
}

impl Fit {
    /// Millionths of the attempts that the model decides as the server did; all of none.
    #[must_use]
    pub fn agreement_millionths(&self) -> u64 {
        let agreed = (self.refused_too + self.let_in_too) * 1_000_000;
        agreed.checked_div(self.refused + self.let_in).unwrap_or(1_000_000)
    }

    /// Sends `samples`, each with the call of `storm` that it is of, to the server of
    /// `scenario`.
    pub(super) fn of(scenario: &Scenario, storm: &Storm, samples: &[(u32, Sample<'_>)]) -> Self {
        let mut server = Server::new(scenario);
        let mut leaves = BinaryHeap::<Reverse<(u64, u32)>>::new();
        let mut fit = Self::default();
        for &(call, sample) in samples {
            let request = |call: u32| storm.request(storm.client_of(call), call, 1);
            while let Some(&Reverse((at, leaving))) = leaves.peek()
                && at <= sample.at
            {
                leaves.pop();
                server.leave(at, &request(leaving));
            }
            let handling = server.arrive(sample.at, &request(call));
            if handling.holds {
                // What the recorded request took, and not what the model would.
                let leaves_at = sample.at.saturating_add(sample.worked);
                leaves.push(Reverse((leaves_at, call)));
            }
            let refuses = matches!(handling.cause, Cause::Limit { .. });
            if sample.is_refused() {
                fit.refused += 1;
                fit.refused_too += u64::from(refuses);
            } else if sample.is_let_in() {
                fit.let_in += 1;
                fit.let_in_too += u64::from(!refuses);
            }
        }
        fit
    }
}
