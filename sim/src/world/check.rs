//! What must hold after every event, whatever the policy; checked in debug builds.

use forbear_core::Observation;

use super::World;
use crate::server::{Reply, read_off_the_wire};

/// Parsing costs more than the rest of a debug build's event.
pub(super) const WIRE_CHECKED_EVERY: u64 = 64;

/// Panics where the production parser would read another thing than the engine got.
pub(super) fn check_reply(reply: &Reply, mut seen: Observation) {
    if reply.status == Reply::TIMED_OUT.status {
        return;
    }
    // What was used is told in the body.
    seen.usage = None;
    assert_eq!(read_off_the_wire(reply), seen, "a reply says what no server could");
}

impl World<'_> {
    /// Panics where the books do not balance.
    pub(super) fn check(&self) {
        let tally = &self.tally;
        let ended = tally.succeeded + tally.failed;
        assert!(ended <= tally.calls, "a call ended that did not begin, or ended twice");
        assert!(tally.answers <= tally.sends, "an answer came without a send");
        assert!(tally.succeeded <= tally.answers, "a call succeeded without an answer");
        assert!(self.server.is_within_limits(self.queue.now()), "a limit let in too much");
    }

    /// Panics where a run that is over has left something behind.
    pub(super) fn check_end(&self) {
        let tally = &self.tally;
        assert_eq!(tally.succeeded + tally.failed, tally.calls, "every call ends exactly once");
        assert_eq!(tally.answers + self.cut_off, tally.sends, "every send is answered");
    }
}
