use forbear_core::limiter::Concurrency;
use forbear_core::testkit::check;
use forbear_core::{Completion, Cost, Decision, Dimension, Limiter, Outcome, Refusal, Timestamp};

use super::rate::{BURST, Fault, Specimen};

/// Three in flight; keeps the place of a request that ended in this way.
#[derive(Debug)]
struct Leaky {
    kept: Option<Outcome>,
    in_flight: u32,
}

impl Limiter for Leaky {
    fn check(&self, _: Timestamp, _: &Cost) -> Decision {
        if self.in_flight < 3 { Decision::Admit } else { Decision::WaitForCompletion }
    }

    fn commit(&mut self, _: Timestamp, _: &Cost) {
        self.in_flight += 1;
    }

    fn observe(&mut self, _: Timestamp, completion: &Completion<'_>) {
        if self.kept != Some(completion.observation.outcome) {
            self.in_flight -= 1;
        }
    }
}

#[test]
fn a_permit_that_is_lost_is_missed() {
    let law =
        |kept| check::limiter(|| Leaky { kept, in_flight: 0 }).err().map(|broken| broken.law());
    assert_eq!(law(None), None);
    for kept in [Outcome::Ignored, Outcome::Transient, Outcome::Permanent] {
        assert_eq!(law(Some(kept)), Some("only a request in flight is waited for"), "{kept:?}");
    }
}

/// Both must agree, but the first is charged before the second is asked.
#[derive(Debug)]
struct OneByOne(Specimen, Concurrency);

impl Limiter for OneByOne {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.0.check(now, cost).and(self.1.check(now, cost))
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        self.0.commit(now, cost);
        self.1.commit(now, cost);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.0.observe(now, completion);
        self.1.observe(now, completion);
    }

    fn acquire(&mut self, now: Timestamp, cost: &Cost) -> Decision {
        self.0.acquire(now, cost).and(self.1.acquire(now, cost))
    }
}

#[test]
fn a_charge_for_a_request_that_another_part_held_back_is_found() {
    let make = || OneByOne(Specimen::new(Fault::Nothing), Concurrency::new(1).unwrap());
    let broken = check::limiter(make).unwrap_err();
    assert_eq!(broken.law(), "acquire charges what it admits, and nothing else");
}

/// Five units in each second; gives back to this second what an earlier one took.
#[derive(Debug, Default)]
struct Overfull {
    second: u64,
    used: i64,
}

impl Limiter for Overfull {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let units = cost.get(Dimension::Requests);
        if units > BURST {
            return Decision::Refuse(Refusal::ExceedsCapacity { cost: units, capacity: BURST });
        }
        let second = now.as_nanos() / 1_000_000_000;
        let used = if second > self.second { self.used.min(0) } else { self.used };
        if units == 0 || used + i64::from(units) <= i64::from(BURST) {
            return Decision::Admit;
        }
        match (self.second + 1).checked_mul(1_000_000_000) {
            Some(next) => Decision::WaitUntil(Timestamp::from_nanos(next)),
            None => Decision::Refuse(Refusal::BeyondTime),
        }
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let second = now.as_nanos() / 1_000_000_000;
        if second > self.second {
            (self.second, self.used) = (second, self.used.min(0));
        }
        self.used += i64::from(cost.get(Dimension::Requests));
    }

    fn observe(&mut self, _: Timestamp, completion: &Completion<'_>) {
        let units = |cost: Cost| i64::from(cost.get(Dimension::Requests));
        self.used += units(completion.actual) - units(completion.cost);
    }
}

#[test]
fn a_refund_above_the_capacity_is_found() {
    let broken =
        check::limiter_charging(Overfull::default, Dimension::Requests, BURST).unwrap_err();
    assert_eq!(broken.law(), "no refund admits more than the capacity at once");
}
