//! Whether a reply says no more than HTTP can, held against the production parser in
//! debug builds.

use forbear_core::Observation;

use crate::server::{Reply, read_off_the_wire};

/// Parsing costs more than the rest of a debug build's event.
pub(super) const WIRE_CHECKED_EVERY: u64 = 64;

/// Panics where the production parser would read another thing than the engine got.
pub(super) fn check_reply(reply: &Reply, mut seen: Observation) {
    if reply.status == Reply::TIMED_OUT {
        return;
    }
    // What was used is told in the body.
    seen.usage = None;
    assert_eq!(read_off_the_wire(reply), seen, "a reply says what no server could");
}
