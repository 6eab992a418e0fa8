//! A member's share of a limit, kept without Redis.

use forbear_core::{Decision, Timestamp};

use crate::limit::Shape;

/// The rate of a limit by the number of members, from empty on.
///
/// It begins empty, because whatever the fleet was given before the outage may be sent
/// in it. A unit is paid for before it is sent, except where one request costs more than
/// the share of the burst: then what is missing is owed.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    /// Ticks that a unit is worth, and that a nanosecond earns.
    unit: i128,
    per_ns: i128,
    full: i128,
    /// Ticks at `at`; below 0 where some are owed.
    level: i128,
    at: Timestamp,
}

impl Share {
    pub(crate) fn new(shape: &Shape, members: u32, now: Timestamp) -> Self {
        let members = members.max(1);
        let period = i128::try_from(shape.rate.period().as_nanos()).unwrap_or(i128::MAX);
        let unit = period.saturating_mul(i128::from(members));
        let per_ns = i128::from(shape.rate.limit().get());
        let full = unit.saturating_mul(i128::from((shape.capacity / members).max(1)));
        Self { unit, per_ns, full, level: 0, at: now }
    }

    pub(crate) fn check(&self, now: Timestamp, units: u32) -> Decision {
        if units == 0 {
            return Decision::Admit;
        }
        let missing = self.price(units).min(self.full) - self.level_at(now);
        if missing <= 0 {
            return Decision::Admit;
        }
        // Rounded up, so that it is not asked too early.
        let wait = (missing + self.per_ns - 1) / self.per_ns;
        let until = i128::from(now.max(self.at).as_nanos()).saturating_add(wait);
        u64::try_from(until).map_or(Decision::Refuse(forbear_core::Refusal::BeyondTime), |until| {
            Decision::WaitUntil(Timestamp::from_nanos(until))
        })
    }

    pub(crate) fn commit(&mut self, now: Timestamp, units: u32) {
        self.level = self.level_at(now).saturating_sub(self.price(units));
        self.at = self.at.max(now);
    }

    /// Charges `units` more, or less where negative.
    pub(crate) fn settle(&mut self, units: i64) {
        let ticks = self.unit.saturating_mul(i128::from(units));
        self.level = self.level.saturating_sub(ticks).min(self.full);
    }

    const fn price(&self, units: u32) -> i128 {
        self.unit.saturating_mul(units as i128)
    }

    fn level_at(&self, now: Timestamp) -> i128 {
        let ns = i128::try_from(now.since(self.at).as_nanos()).unwrap_or(i128::MAX);
        self.level.saturating_add(ns.saturating_mul(self.per_ns)).min(self.full)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::SharedLimit;

    fn share(rate: &str, burst: u32, members: u32) -> Share {
        let limit = SharedLimit::rate(rate.parse().unwrap()).with_burst(burst).unwrap();
        Share::new(&limit.shape().unwrap(), members, Timestamp::ZERO)
    }

    fn at(ms: u64) -> Timestamp {
        Timestamp::ZERO.after(Duration::from_millis(ms))
    }

    #[test]
    fn a_share_begins_empty_and_earns_its_part() {
        let mut share = share("30/s", 9, 3);
        assert_eq!(share.check(at(0), 1), Decision::WaitUntil(at(100)));
        assert!(share.check(at(100), 1).is_admit());
        share.commit(at(100), 1);
        assert_eq!(share.check(at(100), 1), Decision::WaitUntil(at(200)));
        // Three of nine at once after a pause.
        assert!(share.check(at(10_000), 3).is_admit());
    }

    #[test]
    fn what_costs_more_than_the_share_is_owed() {
        let mut share = share("10/s", 100, 100);
        assert_eq!(share.check(at(0), 20), Decision::WaitUntil(at(10_000)));
        share.commit(at(10_000), 20);
        assert_eq!(share.check(at(10_000), 1), Decision::WaitUntil(at(210_000)));
        share.settle(-20);
        assert!(share.check(at(10_000), 1).is_admit());
    }
}
