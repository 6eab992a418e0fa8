//! The laws of [`StopCondition`].

use alloc::boxed::Box;
use alloc::format;
use core::time::Duration;

use crate::testkit::any::{duration, retry, timestamp};
use crate::testkit::broken_law::{BrokenLaw, for_all, holds};
use crate::{Retry, StopCondition, Timestamp};

/// Tries every law of [`StopCondition`] on the values that `make` makes.
///
/// # Errors
///
/// The first law that is broken.
pub fn stop<S: StopCondition>(make: impl Fn() -> S) -> Result<(), BrokenLaw> {
    every_law(&|| Box::new(make()))
}

fn every_law<'s>(make: &dyn Fn() -> Box<dyn StopCondition + 's>) -> Result<(), BrokenLaw> {
    let law = "the same retry and delay give the same answer";
    for_all(law, &(retry(), duration()), |(retry, delay)| {
        let stop = make();
        let (first, second) = (stop.stop(&retry, delay), stop.stop(&retry, delay));
        holds(first == second, || format!("{first:?} and then {second:?}"))
    })?;
    let law = "what stops a retry stops every later one";
    for_all(law, &(retry(), retry(), duration(), duration()), |(retry, more, delay, longer)| {
        let stop = make();
        let later = later(&retry, &more);
        let longer = delay.saturating_add(longer);
        let stopped = stop.stop(&retry, delay).is_some();
        holds(!stopped || stop.stop(&later, longer).is_some(), || {
            format!("it stops {retry:?} after {delay:?} but not {later:?} after {longer:?}")
        })
    })?;
    let law = "at the deadline it stops";
    for_all(law, &(retry(), timestamp(), duration()), |(retry, started_at, delay)| {
        let stop = make();
        let now = started_at.after(retry.elapsed);
        let retry = Retry { now, elapsed: now.since(started_at), ..retry };
        // The end of time is no deadline: what saturates there says nothing.
        let deadline = stop.deadline(started_at).filter(|&at| at < Timestamp::MAX);
        let Some(deadline) = deadline else { return Ok(()) };
        let stopped = stop.stop(&retry, delay).is_some();
        holds(stopped || now.after(delay) < deadline, || {
            format!("its deadline is {deadline:?} but it lets pass {retry:?} after {delay:?}")
        })
    })
}

/// `retry` and what `more` adds to it.
fn later(retry: &Retry, more: &Retry) -> Retry {
    let plus = |a: Duration, b: Duration| a.saturating_add(b);
    Retry {
        number: retry.number.saturating_add(more.number.get() - 1),
        total_delay: plus(retry.total_delay, more.total_delay),
        waited: plus(retry.waited, more.waited),
        elapsed: plus(retry.elapsed, more.elapsed),
        now: retry.now.after(more.elapsed),
        ..*retry
    }
}
