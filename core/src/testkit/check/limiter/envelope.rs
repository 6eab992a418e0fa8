//! The laws about how much a client gets that asks as soon as it may.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::prop_oneof;

use super::story::Client;
use super::{Boxed, Make};
use crate::testkit::any::traffic::pass;
use crate::testkit::broken_law::{BrokenLaw, for_all};
use crate::{Cost, Decision, Dimension, Observation, Outcome, Timestamp};

/// What a greedy client does between its sends.
#[derive(Clone, Debug)]
enum Habit {
    /// Sends up to this many, each of this cost, as early as it may.
    Greed { sends: u32, units: u32 },
    /// Sends nothing for a while.
    Idle(Duration),
    /// Its clock goes back.
    Back(Duration),
}

fn habits() -> impl Strategy<Value = Vec<Habit>> {
    let habit = prop_oneof![
        4 => (1..=40_u32, 1..=3_u32).prop_map(|(sends, units)| Habit::Greed { sends, units }),
        3 => pass().prop_map(Habit::Idle),
        1 => pass().prop_map(Habit::Back),
    ];
    vec(habit, 1..10)
}

/// Tries that no greedy client gets more than `most` units into the sends from
/// one time to another that is `span` later, both included.
pub(super) fn within(
    make: Make<'_, '_>,
    dimension: Dimension,
    most: &dyn Fn(Duration) -> u64,
) -> Result<(), BrokenLaw> {
    for_all("a greedy client gets no more than the envelope", &habits(), |habits| {
        let mut sends = Vec::new();
        let mut greedy = Greedy::new(make(), dimension);
        for habit in &habits {
            greedy.live(habit, &mut sends);
        }
        stays_within(&sends, most)
    })
}

/// Tries that a greedy client gets at least `least` units in the first `span`.
pub(super) fn reaches(
    make: Make<'_, '_>,
    dimension: Dimension,
    least: &dyn Fn(Duration) -> u64,
) -> Result<(), BrokenLaw> {
    for_all("a greedy client gets the whole envelope", &pass(), |idle| {
        let mut greedy = Greedy::new(make(), dimension);
        greedy.client.now = greedy.client.now.after(idle);
        let start = greedy.client.now;
        let cost = Cost::ZERO.with(dimension, 1);
        let mut got = 0;
        for _ in 0..400 {
            match greedy.send(&cost) {
                Decision::Admit => got += 1,
                Decision::WaitUntil(time) => {
                    // What is there 1 ns before is all there was until then.
                    let span = time.since(start).saturating_sub(Duration::from_nanos(1));
                    if got < least(span) {
                        let due = least(span);
                        return Err(format!("{got} units in {span:?}, where {due} are due"));
                    }
                    greedy.client.now = time;
                }
                // The end of time.
                _ => break,
            }
        }
        Ok(())
    })
}

fn stays_within(sends: &[(Timestamp, u64)], most: &dyn Fn(Duration) -> u64) -> Result<(), String> {
    for (first, &(from, _)) in sends.iter().enumerate() {
        let mut sum = 0_u64;
        for &(until, units) in &sends[first..] {
            sum += units;
            let span = until.since(from);
            let most = most(span);
            if sum > most {
                return Err(format!("{sum} units from {from:?} to {until:?}, where {most} may"));
            }
        }
    }
    Ok(())
}

struct Greedy<'l> {
    client: Client<'l>,
    dimension: Dimension,
    /// The latest reading of the clock, which is the time by any other.
    latest: Timestamp,
}

impl<'l> Greedy<'l> {
    fn new(limiter: Boxed<'l>, dimension: Dimension) -> Self {
        Self { client: Client::new(limiter), dimension, latest: Timestamp::ZERO }
    }

    fn live(&mut self, habit: &Habit, sends: &mut Vec<(Timestamp, u64)>) {
        match *habit {
            Habit::Idle(time) => self.client.now = self.client.now.after(time),
            Habit::Back(time) => {
                let back = self.client.now.since(Timestamp::ZERO).saturating_sub(time);
                self.client.now = Timestamp::ZERO.after(back);
            }
            Habit::Greed { sends: wanted, units } => {
                let cost = Cost::ZERO.with(self.dimension, units);
                let mut left = wanted;
                while left > 0 {
                    match self.send(&cost) {
                        Decision::Admit => {
                            self.latest = self.latest.max(self.client.now);
                            sends.push((self.latest, u64::from(units)));
                            left -= 1;
                        }
                        Decision::WaitUntil(time) if time > self.client.now => {
                            self.client.now = time;
                        }
                        _ => break,
                    }
                }
            }
        }
    }

    /// One send, answered at once.
    fn send(&mut self, cost: &Cost) -> Decision {
        let decision = self.client.try_send(cost);
        self.client.answer_all(&Observation::new(Outcome::Success));
        decision
    }
}
