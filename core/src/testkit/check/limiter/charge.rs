//! The laws of limiters that count units.

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::Make;
use super::story::{Client, Step, story};
use crate::testkit::broken_law::{BrokenLaw, for_all, for_all_laws};
use crate::{Cost, Decision, Dimension, Observation, Outcome, Refusal};

/// Tries the laws of a limiter that counts `dimension` and never admits more
/// than `capacity` units at once.
pub(super) fn charging(
    make: Make<'_, '_>,
    dimension: Dimension,
    capacity: u32,
) -> Result<(), BrokenLaw> {
    let units = |units| Cost::ZERO.with(dimension, units);
    for_all("a cost above the capacity is refused at once", &(1..=u32::MAX), |above| {
        let Some(cost) = capacity.checked_add(above) else { return Ok(()) };
        match Client::new(make()).limiter.check(crate::Timestamp::ZERO, &units(cost)) {
            Decision::Refuse(Refusal::ExceedsCapacity { .. }) => Ok(()),
            other => Err(format!("{other:?} for {cost} units")),
        }
    })?;
    for_all_laws(&story(), |story| {
        let mut client = Client::new(make());
        client.live(&story);
        is_free_of_charge(&client)?;
        has_room_for(&client, &units(capacity))?;
        // What an answer settles otherwise is no longer the charge.
        let story: Vec<_> = story.into_iter().map(settled_as_charged).collect();
        let mut client = Client::new(make());
        client.live(&story);
        let mut twin = Client::new(make());
        twin.live(&story);
        leaves_no_trace(&mut client, &twin, &units(1), &units(capacity))?;
        is_not_overfilled(client, &units(1), capacity)
    })
}

fn is_free_of_charge(client: &Client<'_>) -> Result<(), BrokenLaw> {
    match client.limiter.check(client.now, &Cost::ZERO) {
        Decision::Admit => Ok(()),
        other => Err(BrokenLaw::new("what costs nothing is admitted", format!("{other:?}"))),
    }
}

fn has_room_for(client: &Client<'_>, whole: &Cost) -> Result<(), BrokenLaw> {
    match client.limiter.check(client.now, whole) {
        Decision::Admit | Decision::Refuse(Refusal::BeyondTime) => Ok(()),
        Decision::WaitUntil(time) if client.limiter.check(time, whole).is_admit() => Ok(()),
        other => {
            let law = "a cost of the whole capacity is admitted after a pause";
            Err(BrokenLaw::new(law, format!("{other:?}")))
        }
    }
}

/// `twin` has lived as `client` has.
fn leaves_no_trace(
    client: &mut Client<'_>,
    twin: &Client<'_>,
    cost: &Cost,
    whole: &Cost,
) -> Result<(), BrokenLaw> {
    if client.try_send(cost).is_admit() {
        client.now = client.now.after(Duration::from_nanos(3));
        client.take_back(client.in_flight.len() - 1);
        let ours = client.limiter.check(client.now, whole);
        let theirs = twin.limiter.check(client.now, whole);
        if ours != theirs {
            let law = "a send that is taken back leaves no trace";
            return Err(BrokenLaw::new(law, format!("{ours:?} with it, {theirs:?} without")));
        }
    }
    Ok(())
}

fn is_not_overfilled(mut client: Client<'_>, unit: &Cost, capacity: u32) -> Result<(), BrokenLaw> {
    while !client.in_flight.is_empty() {
        client.take_back(0);
    }
    if (0..capacity).all(|_| client.try_send(unit).is_admit()) && client.try_send(unit).is_admit() {
        let law = "no refund admits more than the capacity at once";
        return Err(BrokenLaw::new(law, format!("{} units at {:?}", capacity + 1, client.now)));
    }
    Ok(())
}

impl Client<'_> {
    /// Takes back the send in flight at `place`.
    fn take_back(&mut self, place: usize) {
        self.answer(place, Some(Cost::ZERO), &Observation::new(Outcome::Ignored));
    }
}

fn settled_as_charged(step: Step) -> Step {
    match step {
        Step::Answer { which, observation, .. } => {
            Step::Answer { which, actual: None, observation }
        }
        other => other,
    }
}
