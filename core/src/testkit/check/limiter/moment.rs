//! The laws about one question to a limiter, at any moment of any story.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::story::Client;
use crate::testkit::broken_law::BrokenLaw;
use crate::{Cost, Decision, Refusal, Timestamp};

/// A limiter in some state, a question, and the answer.
pub(super) struct Moment<'a, 'l> {
    client: &'a Client<'l>,
    cost: Cost,
    decision: Decision,
    /// Whether it has news from elsewhere, and wakes who waits.
    fed: bool,
}

/// How a limiter decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// By its state and the time.
    Steady,
    /// By lots too, drawn anew at each moment: it keeps two laws less.
    ByChance,
}

impl<'a, 'l> Moment<'a, 'l> {
    pub(super) fn new(client: &'a Client<'l>, cost: &Cost) -> Self {
        Self { client, cost: *cost, decision: client.limiter.check(client.now, cost), fed: false }
    }

    /// The same question to a limiter that is `fed` from elsewhere, or not.
    pub(super) const fn fed(mut self, fed: bool) -> Self {
        self.fed = fed;
        self
    }

    /// The first law that is broken here.
    pub(super) fn broken(&self, kind: Kind) -> Result<(), BrokenLaw> {
        let law = |name, holds: Result<(), String>| holds.map_err(|how| BrokenLaw::new(name, how));
        law("asking changes nothing", self.asking_changes_nothing())?;
        law("a wait ends later than now", self.a_wait_ends_later())?;
        law("a wait is not 1 ns too long", self.a_wait_is_not_too_long())?;
        law("when a wait is over, the request goes", self.a_wait_ends())?;
        law("only a request in flight is waited for", self.only_flights_are_awaited())?;
        law("only a cost above the capacity is refused for it", self.refusals_are_true())?;
        if kind == Kind::ByChance {
            return Ok(());
        }
        law("a clock that goes back makes nothing laxer", self.going_back_is_stricter())?;
        law("what is admitted stays admitted while nothing happens", self.admission_stays())
    }

    fn at(&self, time: Timestamp) -> Decision {
        self.client.limiter.check(time, &self.cost)
    }

    fn asking_changes_nothing(&self) -> Result<(), String> {
        let before = format!("{:?}", self.client.limiter);
        let again = self.at(self.client.now);
        self.client.limiter.culprit(self.client.now, &self.cost);
        let after = format!("{:?}", self.client.limiter);
        if again != self.decision {
            return Err(format!("{:?} and then {again:?} {}", self.decision, self.asked()));
        }
        if before == after { Ok(()) } else { Err(format!("{before} became {after}")) }
    }

    fn a_wait_ends_later(&self) -> Result<(), String> {
        match self.decision {
            Decision::WaitUntil(time) if time <= self.client.now => {
                Err(format!("a wait until {time:?} {}", self.asked()))
            }
            _ => Ok(()),
        }
    }

    fn a_wait_is_not_too_long(&self) -> Result<(), String> {
        let Decision::WaitUntil(time) = self.decision else { return Ok(()) };
        let before = Timestamp::from_nanos(time.as_nanos().saturating_sub(1));
        if before > self.client.now && self.at(before).is_admit() {
            return Err(format!("{:?} {}, but 1 ns less will do", self.decision, self.asked()));
        }
        Ok(())
    }

    fn a_wait_ends(&self) -> Result<(), String> {
        let Decision::WaitUntil(time) = self.decision else { return Ok(()) };
        let later = [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(3600)];
        for after in later.map(|later| time.after(later)) {
            match self.at(after) {
                Decision::Admit => {}
                Decision::WaitForCompletion if self.may_wake() => {}
                then => {
                    return Err(format!(
                        "{:?} {}, and then {then:?} at {after:?}",
                        self.decision,
                        self.asked()
                    ));
                }
            }
        }
        Ok(())
    }

    fn only_flights_are_awaited(&self) -> Result<(), String> {
        if self.decision == Decision::WaitForCompletion && !self.may_wake() {
            return Err(format!("{:?} {}, with none in flight", self.decision, self.asked()));
        }
        Ok(())
    }

    /// Whether something may happen that ends a wait without a time.
    const fn may_wake(&self) -> bool {
        self.fed || !self.client.in_flight.is_empty()
    }

    fn refusals_are_true(&self) -> Result<(), String> {
        let Decision::Refuse(Refusal::ExceedsCapacity { cost, capacity }) = self.decision else {
            return Ok(());
        };
        if cost <= capacity {
            return Err(format!("{:?} {}", self.decision, self.asked()));
        }
        // What just fits is not refused for its size, and what does not fit now
        // never will.
        let fits = crate::Dimension::ALL.into_iter().fold(self.cost, |fits, dimension| {
            fits.with(dimension, self.cost.get(dimension).min(capacity))
        });
        let decision = self.client.limiter.check(self.client.now, &fits);
        if let Decision::Refuse(Refusal::ExceedsCapacity { .. }) = decision {
            return Err(format!("{:?} {}, but {decision:?} too", self.decision, self.asked()));
        }
        let later = self.at(self.client.now.after(Duration::from_secs(86_400)));
        if matches!(later, Decision::Refuse(_)) {
            Ok(())
        } else {
            Err(format!("{:?} {}, but {later:?} a day later", self.decision, self.asked()))
        }
    }

    fn going_back_is_stricter(&self) -> Result<(), String> {
        let now = self.client.now;
        if self.decision.is_admit() {
            return Ok(());
        }
        let nanos = now.as_nanos();
        let earlier = [0, nanos / 2, nanos.saturating_sub(1_000_000_000), nanos.saturating_sub(1)];
        match earlier.map(Timestamp::from_nanos).into_iter().find(|&time| self.at(time).is_admit())
        {
            Some(time) => Err(format!("{:?} {}, but not at {time:?}", self.decision, self.asked())),
            None => Ok(()),
        }
    }

    fn admission_stays(&self) -> Result<(), String> {
        if !self.decision.is_admit() {
            return Ok(());
        }
        let later = [1, 1_000_000, 1_000_000_000, 60_000_000_000, 3_600_000_000_000, u64::MAX];
        for time in later.map(|later| self.client.now.after(Duration::from_nanos(later))) {
            let then = self.at(time);
            if !then.is_admit() {
                return Err(format!("admitted {}, but {then:?} at {time:?}", self.asked()));
            }
        }
        Ok(())
    }

    fn asked(&self) -> String {
        format!("asked at {:?} for {:?}", self.client.now, self.cost)
    }
}
