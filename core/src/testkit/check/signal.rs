//! The laws of [`RateSignal`].

use alloc::format;

use crate::testkit::broken_law::{BrokenLaw, for_all, holds};
use crate::{Observation, RateSignal};
use proptest::strategy::Strategy;

/// Tries every law of [`RateSignal`] on the signals that `signals` generates.
///
/// # Errors
///
/// The first law that is broken.
pub fn signal<S: Strategy>(signals: &S) -> Result<(), BrokenLaw>
where
    S::Value: RateSignal,
{
    for_all("the same value gives the same answers", signals, |signal| {
        let (first, second) = (signal.observe(), signal.observe());
        holds(first == second && parts(&signal) == parts(&signal), || {
            format!("{first:?} and then {second:?}")
        })
    })?;
    for_all("the observation is the parts", signals, |signal| {
        let (whole, parts) = (signal.observe(), parts(&signal));
        holds(whole == parts, || format!("{whole:?} is not {parts:?}"))
    })
}

/// Tries whether signals of servers that named no wait have none: the reset of
/// a window, or its length, is not a wait.
///
/// # Errors
///
/// If one has.
pub fn no_wait_of_its_own<S: Strategy>(unhinted: &S) -> Result<(), BrokenLaw>
where
    S::Value: RateSignal,
{
    for_all("a wait is the server's own", unhinted, |signal| {
        let wait = signal.observe().retry_after;
        holds(wait.is_none(), || format!("the server named no wait, and it is {wait:?}"))
    })
}

fn parts(signal: &impl RateSignal) -> Observation {
    Observation {
        outcome: signal.outcome(),
        retry_after: signal.retry_after(),
        quotas: signal.quotas(),
        scope: signal.scope(),
        usage: signal.usage(),
        code: signal.code(),
        timed_out_after: signal.timed_out_after(),
    }
}
