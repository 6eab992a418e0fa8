//! How much a member uses, from which follows how much it holds ready.
//!
//! Nothing is held ready where calls are rare: each asks for what it needs, and waits
//! one round trip. Where they come one upon another, a lease is what is used in a few
//! round trips, and twice that while callers wait: a slow start, so that it takes some
//! ten answers from one permit to a million.

use forbear_core::Timestamp;

use super::account::Account;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demand {
    last_use: Option<Timestamp>,
    /// When a permit was promised or used last.
    touched_at: Timestamp,
    measured_at: Timestamp,
    /// Somebody found too few permits since it was measured.
    dry: bool,
}

impl Demand {
    pub(super) fn touch(&mut self, now: Timestamp) {
        self.touched_at = self.touched_at.max(now);
    }

    pub(super) fn used(&mut self, now: Timestamp) {
        self.touch(now);
        self.last_use = Some(self.touched_at);
    }

    pub(super) const fn dry(&mut self) {
        self.dry = true;
    }

    pub(super) const fn touched_at(&self) -> Timestamp {
        self.touched_at
    }

    /// Whether the last use is not longer ago than `horizon_ns`.
    pub(super) fn is_rapid(&self, now: Timestamp, horizon_ns: u64) -> bool {
        self.last_use.is_some_and(|at| now.since(at).as_nanos() <= u128::from(horizon_ns))
    }

    /// Sets what to hold ready, from what was used since the last time.
    pub(super) fn measure(&mut self, now: Timestamp, horizon_ns: u64, accounts: &mut [Account]) {
        let rapid = self.is_rapid(now, horizon_ns);
        let span = now.since(self.measured_at).as_nanos().max(1);
        for account in accounts {
            let used = account.spent.saturating_sub(account.measured);
            account.measured = account.spent;
            let due = u128::from(used) * u128::from(horizon_ns) / span;
            let due = u64::try_from(due).unwrap_or(u64::MAX);
            let target = match (rapid, self.dry) {
                (false, _) => 0,
                (true, false) => due.max(account.target - account.target / 4),
                (true, true) => account.target.saturating_mul(2).clamp(due, due.saturating_mul(2)),
            };
            account.target = target.max(account.need).min(u64::from(account.shape.capacity));
        }
        self.measured_at = now;
        self.dry = false;
    }
}
