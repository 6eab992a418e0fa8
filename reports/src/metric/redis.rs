//! How long clients were without Redis.

use std::time::Duration;

use forbear_sim::results::SharedUse;

/// Time that a client was without Redis, on average over those that share \[s\].
pub(super) fn outage_s(shared: &SharedUse) -> Option<f64> {
    let members = f64::from(shared.members);
    let all = Duration::from_nanos(shared.outage_ns).as_secs_f64();
    (members > 0.0).then(|| all / members)
}
