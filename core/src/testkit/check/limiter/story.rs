//! A client's life in front of one limiter.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::{option, prop_oneof};

use super::Boxed;
use crate::testkit::BrokenLaw;
use crate::testkit::any::traffic::{cost, observation, pass};
use crate::{Completion, Cost, Decision, Observation, Timestamp};

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Time passes.
    Pass(Duration),
    /// The clock goes back.
    Back(Duration),
    /// A request asks, waits as long as it is told to if it is patient, and is
    /// sent if it may.
    Ask { cost: Cost, patient: bool },
    /// One of the requests in flight ends.
    Answer { which: usize, actual: Option<Cost>, observation: Box<Observation> },
}

/// Stories in which the clock only goes on.
pub(super) fn story() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![2 => pass().prop_map(Step::Pass), 5 => ask(), 3 => answer()];
    vec(step, 0..24)
}

/// Stories in which the clock goes back too.
pub(super) fn wild_story() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => pass().prop_map(Step::Pass),
        1 => pass().prop_map(Step::Back),
        5 => ask(),
        3 => answer(),
    ];
    vec(step, 0..24)
}

fn ask() -> impl Strategy<Value = Step> {
    (cost(), any::<bool>()).prop_map(|(cost, patient)| Step::Ask { cost, patient })
}

fn answer() -> impl Strategy<Value = Step> {
    let actual = prop_oneof![2 => Just(None), 1 => option::of(cost()), 1 => Just(Some(Cost::ZERO))];
    (any::<usize>(), actual, observation()).prop_map(|(which, actual, observation)| {
        let observation = Box::new(observation);
        Step::Answer { which, actual, observation }
    })
}

/// A limiter, and what its client knows.
#[derive(Debug)]
pub(super) struct Client<'l> {
    pub(super) limiter: Boxed<'l>,
    pub(super) now: Timestamp,
    pub(super) in_flight: Vec<Sent>,
    /// When it sent or got an answer last.
    pub(super) used_at: Timestamp,
}

/// A request in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    at: Timestamp,
    cost: Cost,
}

impl<'l> Client<'l> {
    pub(super) fn new(limiter: Boxed<'l>) -> Self {
        let start = Timestamp::ZERO;
        Self { limiter, now: start, in_flight: Vec::new(), used_at: start }
    }

    /// Does one step; shows `ask` each question before it is asked.
    pub(super) fn step(
        &mut self,
        step: &Step,
        ask: &mut impl FnMut(&Self, &Cost) -> Result<(), BrokenLaw>,
    ) -> Result<(), BrokenLaw> {
        match *step {
            Step::Pass(time) => self.now = self.now.after(time),
            Step::Back(time) => {
                let back = self.now.since(Timestamp::ZERO).saturating_sub(time);
                self.now = Timestamp::ZERO.after(back);
            }
            Step::Ask { cost, patient } => {
                ask(self, &cost)?;
                if let Decision::WaitUntil(time) = self.limiter.check(self.now, &cost)
                    && patient
                {
                    self.now = self.now.max(time);
                    ask(self, &cost)?;
                }
                let _ = self.try_send(&cost);
            }
            Step::Answer { which, actual, ref observation } => {
                if let Some(place) = which.checked_rem(self.in_flight.len()) {
                    self.answer(place, actual, observation);
                }
            }
        }
        Ok(())
    }

    /// Does every step, and asks nothing in between.
    pub(super) fn live(&mut self, story: &[Step]) {
        for step in story {
            // Nothing is shown, so nothing is broken.
            let _ = self.step(step, &mut |_, _| Ok(()));
        }
    }

    /// Does the same with `check` and `commit` instead of `acquire`.
    pub(super) fn step_by_hand(&mut self, step: &Step) {
        if let Step::Ask { cost, patient } = step {
            if let Decision::WaitUntil(time) = self.limiter.check(self.now, cost)
                && *patient
            {
                self.now = self.now.max(time);
            }
            if self.limiter.check(self.now, cost).is_admit() {
                self.limiter.commit(self.now, cost);
                self.used_at = self.now;
                self.in_flight.push(Sent { at: self.now, cost: *cost });
            }
        } else {
            // Nothing else asks.
            let _ = self.step(step, &mut |_, _| Ok(()));
        }
    }

    /// Sends if that is admitted now.
    pub(super) fn try_send(&mut self, cost: &Cost) -> Decision {
        let decision = self.limiter.acquire(self.now, cost);
        if decision.is_admit() {
            self.used_at = self.now;
            self.in_flight.push(Sent { at: self.now, cost: *cost });
        }
        decision
    }

    /// Ends the request in flight at `place`.
    pub(super) fn answer(&mut self, place: usize, actual: Option<Cost>, observation: &Observation) {
        let Sent { at: sent_at, cost } = self.in_flight.swap_remove(place);
        let actual = actual.unwrap_or(cost);
        self.used_at = self.now;
        self.limiter.observe(self.now, &Completion { sent_at, cost, actual, observation });
    }

    /// Ends every request in flight in this way.
    pub(super) fn answer_all(&mut self, observation: &Observation) {
        while !self.in_flight.is_empty() {
            self.answer(0, None, observation);
        }
    }
}
