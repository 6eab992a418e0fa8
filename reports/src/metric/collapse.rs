//! Which runs collapsed.

use forbear_sim::results::Metrics;

/// Whether the server spent most of its work on what was of no use to anybody, and calls
/// were lost for it: congestion collapse (Floyd and Fall, "Promoting the use of
/// end-to-end congestion control in the Internet", 1999, section III.B), which a
/// metastable failure ends in.
///
/// More than half of the sends that were not refused brought no call to success, and at
/// least one call in twenty was given up. Refusals do not count as work: where a server
/// says no to most, it works on the rest. Contention that is retried until it succeeds is
/// expensive, and no collapse.
pub(super) const fn has_collapsed(run: &Metrics) -> bool {
    let taken_on = run.sends.saturating_sub(run.throttled);
    let useless = taken_on.saturating_sub(run.succeeded);
    useless > run.succeeded && run.failed.saturating_mul(20) >= run.calls
}
