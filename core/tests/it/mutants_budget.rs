use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use forbear_core::budget::{
    Attempt, Budget, RetryBudget, RetryQuota, RetryThrottle, WindowedBudget,
};
use forbear_core::testkit::{check, laws};
use forbear_core::{Outcome, Timestamp};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn every_budget_keeps_the_laws() {
    laws::budget(|| RetryBudget::new(0.3, 5).unwrap());
    laws::budget(|| RetryBudget::new(0.0, 0).unwrap());
    laws::budget(|| RetryBudget::new(1000.0, u32::MAX).unwrap());
    laws::budget(|| WindowedBudget::new(0.3, 2, 2 * SECOND).unwrap());
    laws::budget(|| WindowedBudget::new(1000.0, u32::MAX, 60 * SECOND).unwrap());
    laws::budget(|| RetryThrottle::new(10, 0.1).unwrap());
    laws::budget(|| RetryThrottle::new(1000, 1000.0).unwrap());
    laws::budget(|| RetryQuota::new(500).with_reward(0.3).unwrap());
    laws::budget(|| RetryQuota::new(u32::MAX).with_prices(u32::MAX, 0));
    laws::budget(|| Box::new(RetryBudget::new(0.3, 5).unwrap()) as Box<dyn Budget>);
}

#[test]
fn retries_stay_within_the_share() {
    laws::budget_within(|| RetryBudget::new(0.3, 5).unwrap(), |calls| 5 + calls * 3 / 10);
    laws::budget_within(|| RetryBudget::new(0.0, 7).unwrap(), |_| 7);
    // No more than the whole of it where nothing succeeds.
    laws::budget_within(|| RetryThrottle::new(10, 0.1).unwrap(), |_| 4);
    laws::budget_within(|| RetryQuota::new(500), |_| 100);
    let windowed = || WindowedBudget::new(0.5, 0, SECOND).unwrap();
    laws::budget_within(windowed, |calls| calls / 2);
}

/// What is wrong with a specimen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    Nothing,
    RefundsNothing,
    RefundsTwice,
    ChargesWhatItRefuses,
    PaysAgainWhenTheClockGoesBack,
    DependsOnOthers,
    WrapsAtTheLargestReceipt,
    EarnsByRetries,
    RoundsTheShareUp,
    CountsManySuccessesAsOne,
    LearnsWhatItDeclines,
}

/// Three retries at the start and three of ten calls, in tenths of a retry.
#[derive(Debug)]
struct Specimen {
    fault: Fault,
    tenths: i64,
    latest: Timestamp,
    others: Arc<AtomicU64>,
}

impl Budget for Specimen {
    fn observe(&mut self, now: Timestamp, attempt: &Attempt) {
        self.latest = self.latest.max(now);
        if attempt.number == 1 || self.fault == Fault::EarnsByRetries {
            let share = if self.fault == Fault::RoundsTheShareUp { 4 } else { 3 };
            self.tenths = (self.tenths + share).min(33);
        }
    }

    fn observe_successes(&mut self, count: u64) -> bool {
        let earned = match self.fault {
            Fault::EarnsByRetries | Fault::RoundsTheShareUp => return false,
            Fault::CountsManySuccessesAsOne => 3 * i64::from(count > 0),
            _ => i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(3),
        };
        self.tenths = self.tenths.saturating_add(earned).min(33);
        self.fault != Fault::LearnsWhatItDeclines
    }

    fn withdraw(&mut self, now: Timestamp, _: Outcome) -> Option<u64> {
        let withdrawals = self.others.fetch_add(1, Ordering::Relaxed);
        if self.fault == Fault::DependsOnOthers && withdrawals % 7 == 6 {
            return None;
        }
        if self.fault == Fault::PaysAgainWhenTheClockGoesBack && now < self.latest {
            return Some(10);
        }
        self.latest = self.latest.max(now);
        let granted = self.tenths >= 10;
        if granted || self.fault == Fault::ChargesWhatItRefuses {
            self.tenths -= 10;
        }
        granted.then_some(10)
    }

    fn refund(&mut self, _: Timestamp, paid: u64) {
        let paid = match self.fault {
            Fault::RefundsNothing => 0,
            Fault::WrapsAtTheLargestReceipt => i64::try_from(paid).expect("planted"),
            _ => i64::try_from(paid).unwrap_or(i64::MAX),
        };
        let paid = if self.fault == Fault::RefundsTwice { paid.saturating_mul(2) } else { paid };
        self.tenths = self.tenths.saturating_add(paid).min(33);
    }
}

const TOLD_AT_ONCE: &str = "successes told at once count like each by itself, or not at all";

fn broken_by(fault: Fault) -> Option<&'static str> {
    let others = Arc::new(AtomicU64::new(0));
    let make =
        || Specimen { fault, tenths: 30, latest: Timestamp::ZERO, others: Arc::clone(&others) };
    check::budget(make)
        .and_then(|()| check::budget_within(make, |calls| 3 + calls * 3 / 10))
        .err()
        .map(|broken| broken.law())
}

#[test]
fn every_fault_of_a_budget_is_found() {
    for (fault, law) in [
        (Fault::Nothing, None),
        (Fault::RefundsNothing, Some("a refund undoes a withdrawal")),
        (Fault::RefundsTwice, Some("a refund undoes a withdrawal")),
        (Fault::ChargesWhatItRefuses, Some("a refusal takes nothing")),
        (Fault::PaysAgainWhenTheClockGoesBack, Some("a clock that goes back makes nothing laxer")),
        (Fault::DependsOnOthers, Some("the same calls get the same answers")),
        (Fault::WrapsAtTheLargestReceipt, Some("nothing makes it panic")),
        (Fault::EarnsByRetries, Some("a greedy client gets no more retries than the share")),
        (Fault::RoundsTheShareUp, Some("a greedy client gets no more retries than the share")),
        (Fault::CountsManySuccessesAsOne, Some(TOLD_AT_ONCE)),
        (Fault::LearnsWhatItDeclines, Some(TOLD_AT_ONCE)),
    ] {
        assert_eq!(broken_by(fault), law, "{fault:?}");
    }
}
