//! No limit.

use crate::{Cost, Decision, Limiter, Timestamp};

/// Admits everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unlimited;

impl Limiter for Unlimited {
    fn check(&self, _: Timestamp, _: &Cost) -> Decision {
        Decision::Admit
    }

    fn commit(&mut self, _: Timestamp, _: &Cost) {}

    fn is_idle(&self, _: Timestamp) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        "unlimited"
    }

    /// Of no limit there is nothing to tell.
    fn verdicts(&self, _: Timestamp, _: &Cost, _: &mut dyn FnMut(&'static str, Decision)) {}
}
