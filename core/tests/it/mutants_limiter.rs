use std::cell::Cell;
use std::time::Duration;

use forbear_core::limiter::{Concurrency, Cooldown, Learned, STALE_AFTER};
use forbear_core::testkit::check;
use forbear_core::{
    Completion, Cost, Decision, Dimension, Limiter, Observation, Outcome, Refusal, Timestamp,
};

/// What is wrong with a specimen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
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
struct Specimen {
    fault: Fault,
    tat: Cell<u128>,
}

const BURST: u32 = 5;

impl Specimen {
    fn new(fault: Fault) -> Self {
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

/// Three units in 10 s, of which a send counts too short or too long a time.
#[derive(Debug)]
struct Edge {
    counts_ns: u64,
    sends: Vec<u64>,
}

impl Limiter for Edge {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let units = usize::try_from(cost.get(Dimension::Requests)).unwrap();
        let until = |send: u64| u128::from(send) + u128::from(self.counts_ns);
        let counted = |&&send: &&u64| u128::from(now.as_nanos()) < until(send);
        if self.sends.iter().filter(counted).count() + units <= 3 {
            return Decision::Admit;
        }
        let last_to_go = self.sends[self.sends.len() + units - 4];
        u64::try_from(until(last_to_go)).map_or(Decision::Refuse(Refusal::BeyondTime), |at| {
            Decision::WaitUntil(Timestamp::from_nanos(at))
        })
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let last = self.sends.last().copied().unwrap_or(0);
        for _ in 0..cost.get(Dimension::Requests) {
            self.sends.push(now.as_nanos().max(last));
        }
    }
}

#[test]
fn one_nanosecond_at_the_edge_of_a_window_is_found() {
    let three_in_ten_seconds = |span: Duration| 3 * (span.as_secs() / 10 + 1);
    let law = |counts_ns| {
        let make = || Edge { counts_ns, sends: Vec::new() };
        check::limiter_within(make, Dimension::Requests, three_in_ten_seconds)
            .and_then(|()| check::limiter_reaches(make, Dimension::Requests, three_in_ten_seconds))
            .err()
            .map(|broken| broken.law())
    };
    assert_eq!(law(10_000_000_000), None);
    assert_eq!(law(9_999_999_999), Some("a greedy client gets no more than the envelope"));
    assert_eq!(law(10_000_000_001), Some("a greedy client gets the whole envelope"));
}

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

/// When a limiter says that it may be forgotten.
#[derive(Clone, Copy, Debug)]
enum Forgets {
    WhenItMay,
    WithNothingInFlight,
    WhenUnusedForLong,
    WhenItsWaitIsOver,
    WhenUnusedForLongAndOpen,
}

/// A limiter that [`Keyed`](forbear_core::limiter::Keyed) would forget too early.
#[derive(Debug)]
struct Forgetful<L> {
    inner: L,
    forgets: Forgets,
    in_flight: u32,
    used_at: Timestamp,
}

impl<L: Limiter> Forgetful<L> {
    fn new(inner: L, forgets: Forgets) -> Self {
        Self { inner, forgets, in_flight: 0, used_at: Timestamp::ZERO }
    }
}

impl<L: Limiter> Limiter for Forgetful<L> {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.inner.check(now, cost)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        (self.in_flight, self.used_at) = (self.in_flight + 1, now);
        self.inner.commit(now, cost);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        (self.in_flight, self.used_at) = (self.in_flight - 1, now);
        self.inner.observe(now, completion);
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        match self.forgets {
            Forgets::WhenItMay => self.inner.is_idle(now),
            Forgets::WithNothingInFlight => self.in_flight == 0,
            Forgets::WhenUnusedForLong => {
                self.inner.is_idle(now) || now.since(self.used_at) >= STALE_AFTER
            }
            Forgets::WhenItsWaitIsOver => {
                self.in_flight == 0
                    && !matches!(self.check(now, &Cost::REQUEST), Decision::WaitUntil(_))
            }
            Forgets::WhenUnusedForLongAndOpen => {
                now.since(self.used_at) >= STALE_AFTER && self.check(now, &Cost::REQUEST).is_admit()
            }
        }
    }
}

fn law_of_forgetting<L: Limiter>(make: fn() -> L, forgets: Forgets) -> Option<&'static str> {
    check::limiter(|| Forgetful::new(make(), forgets)).err().map(|broken| broken.law())
}

#[test]
fn a_wait_that_is_forgotten_too_early_is_found() {
    for (forgets, law) in [
        (Forgets::WhenItMay, None),
        (Forgets::WithNothingInFlight, Some("an idle one may be forgotten")),
        (Forgets::WhenUnusedForLong, Some("an idle one holds nothing back")),
        (Forgets::WhenItsWaitIsOver, Some("an idle one may be forgotten")),
    ] {
        assert_eq!(law_of_forgetting(Cooldown::new, forgets), law, "cooldown: {forgets:?}");
        assert_eq!(law_of_forgetting(Learned::new, forgets), law, "learned: {forgets:?}");
    }
}

/// After a wait of an hour it is unused for long at the very moment at which it opens, and
/// made anew it would let everyone through at once.
#[test]
fn a_cooldown_that_is_forgotten_as_it_opens_is_found() {
    let forgets = Forgets::WhenUnusedForLongAndOpen;
    let law = Some("an idle one may be forgotten");
    assert_eq!(law_of_forgetting(Cooldown::new, forgets), law);
    // One that is made anew asks with one request too.
    assert_eq!(law_of_forgetting(Learned::new, forgets), None);
}

#[test]
fn a_cooldown_of_an_hour_is_kept_for_ten_minutes_after_it_opens() {
    let (start, hour, cost) = (Timestamp::from_nanos(1), Duration::from_secs(3600), Cost::REQUEST);
    let refused = Observation::throttled(Some(hour));
    let done = |observation| Completion { sent_at: start, cost, actual: cost, observation };
    let mut cooldown = Cooldown::new();
    for _ in 0..4 {
        assert!(cooldown.acquire(start, &cost).is_admit());
    }
    for _ in 0..4 {
        cooldown.observe(start, &done(&refused));
    }
    let opens_at = start.after(hour);
    let moment = Duration::from_nanos(1);
    for idle_for in [Duration::ZERO, STALE_AFTER - moment] {
        let now = opens_at.after(idle_for);
        assert!(!cooldown.is_idle(now), "{idle_for:?} after it opened");
        let mut reopened = cooldown.clone();
        assert!(reopened.acquire(now, &cost).is_admit());
        assert_eq!(reopened.check(now, &cost), Decision::WaitForCompletion, "one asks first");
    }
    assert!(!cooldown.is_idle(start.after(hour - moment)), "still closed");
    assert!(cooldown.is_idle(opens_at.after(STALE_AFTER)), "nobody came");
}
