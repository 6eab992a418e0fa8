//! The laws of [`Limiter`].

mod charge;
mod envelope;
mod forgetting;
mod moment;
mod story;

use alloc::boxed::Box;
use alloc::format;
use core::task::Waker;
use core::time::Duration;

use self::forgetting::{after_closures, may_be_forgotten};
use self::moment::{Kind, Moment};
use self::story::{Client, story, wild_story};
use crate::testkit::any::traffic::observation;
use crate::testkit::broken_law::{BrokenLaw, for_all, for_all_laws};
use crate::{Cost, Dimension, Limiter, Timestamp};

/// Tries every law of [`Limiter`] on the ones that `make` makes.
///
/// # Errors
///
/// The first law that is broken.
pub fn limiter<L: Limiter>(make: impl Fn() -> L) -> Result<(), BrokenLaw> {
    every_law(&|| Box::new(make()))
}

/// Tries every law of [`Limiter`] but two: that what is admitted stays admitted
/// while nothing happens, and that an earlier time is no laxer. A limiter that
/// draws lots anew at each moment can keep neither.
///
/// # Errors
///
/// The first law that is broken.
pub fn limiter_by_chance<L: Limiter>(make: impl Fn() -> L) -> Result<(), BrokenLaw> {
    in_every_story(&|| Box::new(make()), Kind::ByChance)
}

/// Tries the laws of a limiter that counts units of `dimension` and admits up to
/// `capacity` of them at once.
///
/// # Errors
///
/// The first law that is broken.
pub fn limiter_charging<L: Limiter>(
    make: impl Fn() -> L,
    dimension: Dimension,
    capacity: u32,
) -> Result<(), BrokenLaw> {
    charge::charging(&|| Box::new(make()), dimension, capacity)
}

/// Tries that in the sends from one time to another that is `span` later, both
/// included, there are never more than `most(span)` units of `dimension`.
///
/// # Errors
///
/// If a greedy client gets more.
pub fn limiter_within<L: Limiter>(
    make: impl Fn() -> L,
    dimension: Dimension,
    most: impl Fn(Duration) -> u64,
) -> Result<(), BrokenLaw> {
    envelope::within(&|| Box::new(make()), dimension, &most)
}

/// Tries that a client that asks as soon as it may has got `least(span)` units of
/// `dimension` when `span` has passed since it began.
///
/// # Errors
///
/// If it gets less.
pub fn limiter_reaches<L: Limiter>(
    make: impl Fn() -> L,
    dimension: Dimension,
    least: impl Fn(Duration) -> u64,
) -> Result<(), BrokenLaw> {
    envelope::reaches(&|| Box::new(make()), dimension, &least)
}

/// Makes limiters of whatever type.
type Make<'a, 'l> = &'a dyn Fn() -> Boxed<'l>;
type Boxed<'l> = Box<dyn Limiter + 'l>;

fn every_law(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    in_every_story(make, Kind::Steady)?;
    after_closures(make)
}

fn in_every_story<'l>(make: Make<'_, 'l>, kind: Kind) -> Result<(), BrokenLaw> {
    let fed = make().attach(Timestamp::ZERO, Waker::noop());
    for_all_laws(&(story(), observation()), |(story, last)| {
        let mut client = Client::new(make());
        let mut twin = Client::new(make());
        let mut ask =
            |client: &Client<'l>, cost: &Cost| Moment::new(client, cost).fed(fed).broken(kind);
        for step in &story {
            client.step(step, &mut ask)?;
            twin.step_by_hand(step);
            let (ours, theirs) = (format!("{:?}", client.limiter), format!("{:?}", twin.limiter));
            if ours != theirs {
                let law = "acquire charges what it admits, and nothing else";
                let how = format!("{ours} after acquire, {theirs} after check and commit");
                return Err(BrokenLaw::new(law, how));
            }
            may_be_forgotten(&client, &make())?;
        }
        client.answer_all(&last);
        ask(&client, &Cost::REQUEST)
    })?;
    for_all("nothing makes it panic", &wild_story(), |story| {
        let mut client = Client::new(make());
        let mut ask = |client: &Client<'l>, cost: &Cost| {
            for time in [0, client.now.as_nanos(), u64::MAX - 1, u64::MAX] {
                let time = Timestamp::from_nanos(time);
                let _ = client.limiter.check(time, cost);
                client.limiter.culprit(time, cost);
            }
            Ok(())
        };
        for step in &story {
            client.step(step, &mut ask).map_err(|broken| format!("{broken}"))?;
        }
        Ok(())
    })
}
