//! The laws of [`Limiter::is_idle`](crate::Limiter::is_idle): what may be forgotten, and made anew.
//!
//! A story at random seldom closes a limiter and then asks while it is closed, or
//! while it reopens, and never with nothing in flight. [`closures`] does only that.

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;

use super::story::Client;
use super::{Boxed, Make};
use crate::limiter::STALE_AFTER;
use crate::testkit::broken_law::{BrokenLaw, for_all_laws};
use crate::{Cost, Decision, Dimension, Observation, Outcome, Quantity, Quota};

const MAY_BE_FORGOTTEN: &str = "an idle one may be forgotten";

/// A server that closes, and what happens around that.
#[derive(Clone, Debug)]
struct Closure {
    /// How many requests are sent before.
    flights: usize,
    /// How long it is closed.
    wait: Duration,
    /// Whether the refusal is answered before the others in flight or after them.
    refused_first: bool,
    /// Whether it says when it opens as a wait, as the reset of a quota, or as both.
    says_wait: bool,
    says_quota: bool,
    /// When it is looked at: thousandths of the wait.
    looks: Vec<u32>,
}

fn closures() -> impl Strategy<Value = Closure> {
    let wait = prop_oneof![
        2 => (1..=3_000_u64).prop_map(Duration::from_millis),
        2 => (1..=200_u64).prop_map(Duration::from_secs),
        // Longer than anything that was merely learned is kept.
        1 => (600..=7_200_u64).prop_map(Duration::from_secs),
    ];
    let said = (any::<bool>(), any::<bool>());
    (1..=4_usize, wait, any::<bool>(), said, vec(0..=1_100_u32, 0..4)).prop_map(
        |(flights, wait, refused_first, (says_wait, says_quota), looks)| Closure {
            flights,
            wait,
            refused_first,
            says_wait,
            says_quota,
            looks,
        },
    )
}

impl Closure {
    fn refusal(&self) -> Observation {
        let mut refusal = Observation::throttled(self.says_wait.then_some(self.wait));
        if self.says_quota {
            refusal.quotas.push(
                Quota::new(Some(Dimension::Requests))
                    .with_limit(Quantity::from_units(4))
                    .with_remaining(Quantity::ZERO)
                    .with_resets_in(self.wait)
                    .with_window(self.wait),
            );
        }
        refusal
    }

    /// The times to look at it, from the refusal on.
    fn moments(&self) -> Vec<Duration> {
        let nanos = Duration::from_nanos(1);
        let mut moments = Vec::from([
            Duration::ZERO,
            self.wait.saturating_sub(nanos),
            self.wait,
            self.wait.saturating_add(nanos),
            // Not used for long, but closed perhaps.
            STALE_AFTER,
        ]);
        moments.extend(self.looks.iter().map(|&look| self.wait.saturating_mul(look) / 1000));
        moments.sort();
        moments
    }

    fn close(&self, client: &mut Client<'_>) {
        for _ in 0..self.flights {
            let _ = client.try_send(&Cost::REQUEST);
        }
        if !self.refused_first {
            while client.in_flight.len() > 1 {
                client.answer(0, None, &Observation::new(Outcome::Success));
            }
        }
        if !client.in_flight.is_empty() {
            client.answer(0, None, &self.refusal());
        }
        client.answer_all(&Observation::new(Outcome::Success));
    }
}

/// Tries the laws around closures.
pub(super) fn after_closures(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    for_all_laws(&closures(), |closure| {
        for moment in closure.moments() {
            let mut client = Client::new(make());
            closure.close(&mut client);
            // A wait that is still in force when all else has grown old keeps what was
            // learned with it: that grows old only when the wait is over.
            let stale_at = client.used_at.after(STALE_AFTER);
            let learned_at = match client.limiter.check(client.now, &Cost::REQUEST) {
                Decision::WaitUntil(time) if time > stale_at => time,
                _ => client.used_at,
            };
            client.now = client.used_at.after(moment);
            may_be_forgotten(&client, &make())?;
            let is_learned = client.now.since(learned_at) < STALE_AFTER;
            if client.limiter.is_idle(client.now) && is_learned {
                admits_no_more_anew(client, make())?;
            }
        }
        Ok(())
    })
}

/// What comes at once after forgetting is held back as it would have been.
fn admits_no_more_anew(mut old: Client<'_>, fresh: Boxed<'_>) -> Result<(), BrokenLaw> {
    let mut new = Client::new(fresh);
    new.now = old.now;
    let state = format!("{:?}", old.limiter);
    for sent in 0..8 {
        let (kept, anew) = (old.try_send(&Cost::REQUEST), new.try_send(&Cost::REQUEST));
        if anew < kept {
            let how = format!("{state}: {kept:?} after {sent} more, but {anew:?} when made anew");
            return Err(BrokenLaw::new(MAY_BE_FORGOTTEN, how));
        }
        if !anew.is_admit() {
            break;
        }
    }
    Ok(())
}

/// The laws about one moment: where it says that it is idle, a fresh one is no laxer.
pub(super) fn may_be_forgotten(client: &Client<'_>, fresh: &Boxed<'_>) -> Result<(), BrokenLaw> {
    if !client.in_flight.is_empty() || !client.limiter.is_idle(client.now) {
        return Ok(());
    }
    if client.now.since(client.used_at) >= STALE_AFTER {
        // What it learned need not count any more, but what it waits for does.
        return match client.limiter.check(client.now, &Cost::REQUEST) {
            Decision::WaitUntil(_) | Decision::WaitForCompletion => {
                let law = "an idle one holds nothing back";
                Err(BrokenLaw::new(law, format!("{:?} at {:?}", client.limiter, client.now)))
            }
            Decision::Admit | Decision::Refuse(_) => Ok(()),
        };
    }
    for units in [1, 3] {
        let each = |cost: Cost, dimension| cost.with(dimension, units);
        let cost = Dimension::ALL.into_iter().fold(Cost::ZERO, each);
        let old = client.limiter.check(client.now, &cost);
        let new = fresh.check(client.now, &cost);
        if new < old {
            let how = format!("{old:?}, but {new:?} when made anew");
            return Err(BrokenLaw::new(MAY_BE_FORGOTTEN, how));
        }
    }
    Ok(())
}
