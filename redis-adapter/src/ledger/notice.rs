//! What a limiter does to a ledger, and whether a call of Redis may be due for it.
//!
//! Each returns whether its driver has to [plan](Ledger::plan) anew: at the moment when it
//! matters, and not at each send after it.

use forbear_core::{Completion, Cost, Decision, Timestamp};

use super::{Ledger, Reservation};

impl Ledger {
    /// [Checks](Self::check).
    pub fn check_and_notice(
        &mut self,
        now: Timestamp,
        cost: &Cost,
        own: &mut Reservation,
    ) -> (Decision, bool) {
        let decision = self.check(now, cost, own);
        (decision, !decision.is_admit())
    }

    /// [Commits](Self::commit).
    pub fn commit_and_notice(
        &mut self,
        now: Timestamp,
        cost: &Cost,
        own: &mut Reservation,
    ) -> bool {
        let was_low = self.runs_low();
        self.commit(now, cost, own);
        !was_low && self.runs_low()
    }

    /// [Observes](Self::observe).
    pub fn observe_and_notice(&mut self, now: Timestamp, completion: &Completion<'_>) -> bool {
        let before = (self.hold_until(), self.is_settled());
        self.observe(now, completion);
        before != (self.hold_until(), self.is_settled())
    }
}
