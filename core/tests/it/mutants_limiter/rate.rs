use std::cell::Cell;
use std::time::Duration;

use forbear_core::testkit::check;
use forbear_core::{Completion, Cost, Decision, Dimension, Limiter, Refusal, Timestamp};

/// What is wrong with a specimen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    Nothing,
    RoundsTheIntervalDown,
    StartsWithOneMore,
    WaitsUntilNow,
    WaitsTooShort,
    WaitsTooLong,
    ForgetsWhenTheClockGoesBack,
    ChargesWhenAsked,
    ChargesWhatItRefuses,
    RefundsTwice,
    RefundsNothing,
    StarvesLargeCosts,
    RefusesTheWholeBurst,
    HoldsBackForNothing,
    OverflowsAtTheEndOfTime,
    AdmitsAtFirstOnly,
    SaysThatItIsIdle,
}

/// 7 units a microsecond with a burst of 5, by the generic cell rate algorithm
/// in sevenths of a nanosecond.
#[derive(Debug)]
pub(super) struct Specimen {
    fault: Fault,
    tat: Cell<u128>,
}

pub(super) const BURST: u32 = 5;

impl Specimen {
    pub(super) fn new(fault: Fault) -> Self {
        let tat = Cell::new(0);
        Self { fault, tat }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn ticks(&self, units: u32) -> u128 {
        // 142 6/7 ns a unit.
        let unit = if self.has(Fault::RoundsTheIntervalDown) { 142 * 7 } else { 1000 };
        u128::from(units) * unit
    }

    fn at(&self, now: Timestamp) -> u128 {
        if self.has(Fault::OverflowsAtTheEndOfTime) {
            return u128::from(now.as_nanos().checked_mul(7).expect("planted"));
        }
        u128::from(now.as_nanos()) * 7
    }
}

impl Limiter for Specimen {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let mut units = cost.get(Dimension::Requests);
        if self.has(Fault::HoldsBackForNothing) {
            units = units.max(1);
        }
        if units == 0 {
            return Decision::Admit;
        }
        let capacity = if self.has(Fault::RefusesTheWholeBurst) { BURST - 1 } else { BURST };
        if units > capacity && !self.has(Fault::StarvesLargeCosts) {
            return Decision::Refuse(Refusal::ExceedsCapacity { cost: units, capacity: BURST });
        }
        let spare = BURST.saturating_sub(units) + u32::from(self.has(Fault::StartsWithOneMore));
        let opens_at = match BURST.checked_sub(units) {
            Some(_) => self.tat.get().saturating_sub(self.ticks(spare)),
            None => self.at(now) + 7000,
        };
        let open = opens_at <= self.at(now);
        if self.has(Fault::ForgetsWhenTheClockGoesBack) && self.tat.get() > self.at(now) + 20_000 {
            return Decision::Admit;
        }
        if self.has(Fault::AdmitsAtFirstOnly) && now > Timestamp::from_nanos(500) {
            return Decision::WaitUntil(now.after(Duration::from_nanos(1)));
        }
        if self.has(Fault::ChargesWhenAsked) && open {
            self.tat.set(self.tat.get() + 1);
        }
        if open {
            return Decision::Admit;
        }
        let Ok(mut nanos) = u64::try_from(opens_at.div_ceil(7)) else {
            return Decision::Refuse(Refusal::BeyondTime);
        };
        match self.fault {
            Fault::WaitsUntilNow => nanos = now.as_nanos(),
            Fault::WaitsTooShort => nanos = (nanos - 1).max(now.as_nanos() + 1),
            Fault::WaitsTooLong => nanos += 1,
            _ => {}
        }
        Decision::WaitUntil(Timestamp::from_nanos(nanos))
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let units = self.ticks(cost.get(Dimension::Requests));
        self.tat.set(self.tat.get().max(self.at(now)) + units);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        let charged = completion.cost.get(Dimension::Requests);
        let actual = completion.actual.get(Dimension::Requests);
        if actual >= charged {
            let debt = self.ticks(actual - charged);
            self.tat.set(self.tat.get().max(self.at(now)) + debt);
        } else if self.has(Fault::RefundsTwice) {
            let twice = self.ticks(charged - actual) * 2;
            self.tat.set(self.tat.get().saturating_sub(twice));
        } else if !self.has(Fault::RefundsNothing) {
            let refund = self.ticks(charged - actual);
            self.tat.set(self.tat.get().saturating_sub(refund));
        }
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.has(Fault::SaysThatItIsIdle) || self.tat.get() <= self.at(now)
    }

    fn acquire(&mut self, now: Timestamp, cost: &Cost) -> Decision {
        let decision = self.check(now, cost);
        if decision.is_admit() || self.has(Fault::ChargesWhatItRefuses) {
            self.commit(now, cost);
        }
        decision
    }
}

/// Every law that applies to a specimen, in order.
fn broken_by(fault: Fault) -> Option<&'static str> {
    let make = || Specimen::new(fault);
    let most = |span: Duration| 5 + u64::try_from(span.as_nanos() * 7 / 1000).unwrap();
    check::limiter(make)
        .and_then(|()| check::limiter_charging(make, Dimension::Requests, BURST))
        .and_then(|()| check::limiter_within(make, Dimension::Requests, most))
        .and_then(|()| check::limiter_reaches(make, Dimension::Requests, most))
        .err()
        .map(|broken| broken.law())
}

#[test]
fn a_specimen_without_a_fault_keeps_the_laws() {
    assert_eq!(broken_by(Fault::Nothing), None);
}

#[test]
fn every_fault_of_a_rate_is_found() {
    for (fault, law) in [
        (Fault::RoundsTheIntervalDown, "a greedy client gets no more than the envelope"),
        (Fault::StartsWithOneMore, "no refund admits more than the capacity at once"),
        (Fault::WaitsUntilNow, "a wait ends later than now"),
        (Fault::WaitsTooShort, "when a wait is over, the request goes"),
        (Fault::WaitsTooLong, "a wait is not 1 ns too long"),
        (Fault::ForgetsWhenTheClockGoesBack, "a clock that goes back makes nothing laxer"),
        (Fault::ChargesWhenAsked, "asking changes nothing"),
        (Fault::ChargesWhatItRefuses, "acquire charges what it admits, and nothing else"),
        (Fault::RefundsTwice, "a send that is taken back leaves no trace"),
        (Fault::RefundsNothing, "a send that is taken back leaves no trace"),
        (Fault::StarvesLargeCosts, "when a wait is over, the request goes"),
        (Fault::RefusesTheWholeBurst, "only a cost above the capacity is refused for it"),
        (Fault::HoldsBackForNothing, "what costs nothing is admitted"),
        (Fault::OverflowsAtTheEndOfTime, "nothing makes it panic"),
        (Fault::SaysThatItIsIdle, "an idle one may be forgotten"),
        (Fault::AdmitsAtFirstOnly, "what is admitted stays admitted while nothing happens"),
    ] {
        assert_eq!(broken_by(fault), Some(law), "{fault:?}");
    }
}
