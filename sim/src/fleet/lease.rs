//! The limiter of a member.

use std::sync::{Arc, Mutex};

use forbear_core::{Completion, Cost, Decision, Limiter, Timestamp};
use forbear_redis::model::{Ledger, Reservation};

use super::locked;

/// Admits what the lease of a client has permits for, as `SharedLimiter` does.
///
/// The simulator wakes the line of a client when its lease is another one, as a driver is
/// woken that the limiter is attached to.
#[derive(Debug)]
pub(super) struct Lease {
    client: u32,
    ledger: Arc<Mutex<Ledger>>,
    own: Mutex<Reservation>,
    noticed: Arc<Mutex<Vec<u32>>>,
}

impl Lease {
    pub(super) fn new(
        client: u32,
        ledger: Arc<Mutex<Ledger>>,
        noticed: Arc<Mutex<Vec<u32>>>,
    ) -> Self {
        Self { client, ledger, own: Mutex::default(), noticed }
    }

    fn notice(&self, is_due: bool) {
        let mut noticed = locked(&self.noticed);
        if is_due && !noticed.contains(&self.client) {
            noticed.push(self.client);
        }
    }
}

impl Limiter for Lease {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let mut own = locked(&self.own);
        let (decision, is_due) = locked(&self.ledger).check_and_notice(now, cost, &mut own);
        self.notice(is_due);
        decision
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let mut own = locked(&self.own);
        let is_due = locked(&self.ledger).commit_and_notice(now, cost, &mut own);
        drop(own);
        self.notice(is_due);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        let is_due = locked(&self.ledger).observe_and_notice(now, completion);
        self.notice(is_due);
    }

    fn name(&self) -> &'static str {
        "shared"
    }
}
