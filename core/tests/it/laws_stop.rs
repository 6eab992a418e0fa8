use std::sync::Arc;
use std::time::Duration;

use forbear_core::stop::{
    self, Cancel, Deadline, Elapsed, MaxAttempts, Never, StopCondition, TotalWait, Until,
};
use forbear_core::testkit::{any, check, laws};
use forbear_core::{Observation, Outcome, Policy, RateSignal, Retry, StopReason, Timestamp};
use proptest::prelude::Strategy;

const SECOND: Duration = Duration::from_secs(1);

fn attempts(max: u32) -> MaxAttempts {
    MaxAttempts::new(max).unwrap()
}

fn deadline(seconds: u32) -> Deadline {
    Deadline::new(seconds * SECOND).unwrap()
}

#[test]
fn every_condition_keeps_the_laws() {
    let until = |seconds| Until::new(Timestamp::ZERO.after(seconds * SECOND));
    laws::stop(|| attempts(1));
    laws::stop(|| attempts(u32::MAX));
    laws::stop(|| deadline(30));
    laws::stop(|| Deadline::new(Duration::MAX).unwrap());
    laws::stop(|| Elapsed::new(30 * SECOND).unwrap());
    laws::stop(|| TotalWait::new(30 * SECOND));
    laws::stop(|| TotalWait::new(Duration::ZERO));
    laws::stop(|| until(30));
    laws::stop(|| until(0));
    laws::stop(|| Never);
    laws::stop(Cancel::new);
    laws::stop(|| {
        let cancel = Cancel::new();
        cancel.cancel();
        cancel
    });
    laws::stop(|| stop::from_fn("enough", |retry, _| retry.number.get() > 3));
    laws::stop(|| attempts(3) | deadline(30));
    laws::stop(|| attempts(3) & deadline(30));
    laws::stop(|| (until(40) & deadline(30)) | Never);
    laws::stop(|| stop::from_fn("enough", |retry, _| retry.number.get() > 3) & deadline(9));
    laws::stop(|| Arc::new(deadline(9)) as Arc<dyn StopCondition>);
    laws::stop(|| Arc::clone(Policy::recommended().stop()));
}

#[test]
fn observations_keep_the_laws_of_signals() {
    laws::signal(&any::observation());
    laws::signal(&any::observation().prop_map(Err::<(), _>));
    laws::signal(&any::observation().prop_map(|_| Ok::<_, Observation>(())));
    laws::no_wait_of_its_own(&any::outcome().prop_map(Observation::new));
}

#[test]
fn faults_of_conditions_are_found() {
    let found = |stop: fn(&Retry, Duration) -> bool, law: &str| {
        let broken = check::stop(|| stop::from_fn("fault", stop)).unwrap_err();
        assert_eq!(broken.law(), law);
    };
    let monotone = "what stops a retry stops every later one";
    found(|retry, _| retry.number.get() == 3, monotone);
    found(|retry, _| retry.number.get() as u8 >= 3, monotone);
    found(|retry, delay| retry.elapsed > delay, monotone);
}

/// A deadline that it does not keep.
#[derive(Debug)]
struct Late;

impl StopCondition for Late {
    fn stop(&self, retry: &Retry, _: Duration) -> Option<StopReason> {
        (retry.elapsed >= 2 * SECOND).then_some(StopReason::Custom("late"))
    }

    fn deadline(&self, started_at: Timestamp) -> Option<Timestamp> {
        Some(started_at.after(SECOND))
    }
}

#[test]
fn a_deadline_that_is_not_kept_is_found() {
    assert_eq!(check::stop(|| Late).unwrap_err().law(), "at the deadline it stops");
}

/// A response of which the parts and the whole disagree.
#[derive(Clone, Debug)]
struct TwoFaced(Observation);

impl RateSignal for TwoFaced {
    fn outcome(&self) -> Outcome {
        Outcome::Success
    }

    fn observe(&self) -> Observation {
        self.0
    }
}

/// A response that takes the reset of a window for a wait.
#[derive(Clone, Debug)]
struct ResetAsWait(Observation);

impl RateSignal for ResetAsWait {
    fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    fn retry_after(&self) -> Option<Duration> {
        self.0.quotas.as_slice().iter().find_map(forbear_core::Quota::resets_in)
    }
}

#[test]
fn faults_of_signals_are_found() {
    let broken = check::signal(&any::observation().prop_map(TwoFaced)).unwrap_err();
    assert_eq!(broken.law(), "the observation is the parts");
    let broken = check::no_wait_of_its_own(&any::observation().prop_map(ResetAsWait)).unwrap_err();
    assert_eq!(broken.law(), "a wait is the server's own");
}
