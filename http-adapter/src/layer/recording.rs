//! What is recorded of a request; nothing without the feature `record`.

use forbear_core::driver::Verdict;
use forbear_core::{Cost, GiveUp, Observation};

use super::rules::Rules;
use super::scopes::Scope;

/// The record of one request, if there is a recorder.
#[derive(Debug, Default)]
pub(super) struct Recording(#[cfg(feature = "record")] Option<crate::trace::RecordedCall>);

#[cfg(feature = "record")]
impl Recording {
    pub(super) fn begin(rules: &Rules, scope: &Scope, cost: Cost) -> Self {
        Self(rules.recorder.as_ref().map(|recorder| recorder.call(scope.key(), cost)))
    }

    pub(super) fn sent(&mut self) {
        if let Some(call) = &mut self.0 {
            call.sent();
        }
    }

    /// The send `number` ended while another of the call goes on or counts.
    pub(super) fn overtaken(&mut self, number: u32, seen: &Observation) {
        if let Some(call) = &mut self.0 {
            call.overtaken(number, seen);
        }
    }

    pub(super) fn answered(&mut self, seen: &Observation, verdict: Verdict) {
        if let Some(call) = &mut self.0 {
            call.answered(seen, verdict);
        }
    }

    pub(super) fn ended(&mut self, why: GiveUp) {
        if let Some(call) = &mut self.0 {
            call.ended(why);
        }
    }
}

#[cfg(not(feature = "record"))]
#[expect(clippy::unused_self, reason = "the same methods as with the feature")]
impl Recording {
    pub(super) fn begin(_: &Rules, _: &Scope, _: Cost) -> Self {
        Self::default()
    }

    pub(super) fn sent(&self) {}

    pub(super) fn overtaken(&self, _: u32, _: &Observation) {}

    pub(super) fn answered(&self, _: &Observation, _: Verdict) {}

    pub(super) fn ended(&self, _: GiveUp) {}
}
