//! The laws of [`Budget`].

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

use crate::budget::{Attempt, Budget};
use crate::testkit::any::traffic::pass;
use crate::testkit::any::{number, outcome, timestamp};
use crate::testkit::broken_law::{BrokenLaw, for_all, holds};
use crate::{Outcome, Timestamp};

/// Tries every law of [`Budget`] on the ones that `make` makes.
///
/// # Errors
///
/// The first law that is broken.
pub fn budget<B: Budget>(make: impl Fn() -> B) -> Result<(), BrokenLaw> {
    every_law(&|| Box::new(make()))
}

type Boxed<'b> = Box<dyn Budget + 'b>;

fn every_law<'b>(make: &dyn Fn() -> Boxed<'b>) -> Result<(), BrokenLaw> {
    for_all("the same calls get the same answers", &story(), |story| {
        let (mut one, mut two) = (Life::new(make()), Life::new(make()));
        for step in &story {
            let (first, second) = (one.step(step), two.step(step));
            holds(first == second, || format!("{first:?} and then {second:?} at {step:?}"))?;
        }
        Ok(())
    })?;
    for_all("a refund undoes a withdrawal", &(story(), outcome()), |(story, outcome)| {
        let (mut plain, mut refunded) = (Life::after(make(), &story), Life::after(make(), &story));
        let Some(paid) = refunded.budget.withdraw(refunded.now, outcome) else { return Ok(()) };
        refunded.budget.refund(refunded.now, paid);
        same_number_left(plain.left(outcome), refunded.left(outcome))
    })?;
    let law = "a refusal takes nothing";
    for_all(law, &(story(), story(), outcome()), |(story, more, outcome)| {
        let (mut plain, mut asked) = (Life::after(make(), &story), Life::after(make(), &story));
        if asked.budget.withdraw(asked.now, outcome).is_some() {
            return Ok(());
        }
        for step in &more {
            plain.step(step);
            asked.step(step);
        }
        same_number_left(plain.left(outcome), asked.left(outcome))
    })?;
    let law = "successes told at once count like each by itself, or not at all";
    for_all(law, &(story(), 0..=300_u64, story(), outcome()), |(story, count, more, outcome)| {
        let (mut each, mut all) = (Life::after(make(), &story), Life::after(make(), &story));
        if all.budget.observe_successes(count) {
            for _ in 0..count {
                each.step(&Step::First(Outcome::Success));
            }
        }
        for step in &more {
            let (first, second) = (each.step(step), all.step(step));
            holds(first == second, || format!("{first:?} and {second:?} at {step:?}"))?;
        }
        let (each, all) = (each.left(outcome), all.left(outcome));
        holds(each == all, || format!("{each} left where {count} were told, {all} all at once"))
    })?;
    let law = "a clock that goes back makes nothing laxer";
    for_all(law, &(story(), outcome(), timestamp()), |(story, outcome, earlier)| {
        let (mut now, mut back) = (Life::after(make(), &story), Life::after(make(), &story));
        back.now = back.now.min(earlier);
        let (now, then) = (now.left(outcome), back.left(outcome));
        holds(then <= now, || format!("{now} now, but {then} at {:?}", back.now))
    })?;
    for_all("nothing makes it panic", &vec(wild_step(), 0..24), |story| {
        let mut budget = make();
        for (now, attempt, paid) in &story {
            budget.observe(*now, attempt);
            let receipt = budget.withdraw(*now, attempt.outcome);
            budget.refund(*now, receipt.unwrap_or(*paid));
            let _ = budget.withdraw(Timestamp::MAX, attempt.outcome);
        }
        Ok(())
    })
}

/// Tries that of `n` calls that fail whatever is tried, at most `most(n)` retries are
/// made, at whatever pace they come.
///
/// # Errors
///
/// If a greedy client gets more.
pub fn budget_within<B: Budget>(
    make: impl Fn() -> B,
    most: impl Fn(u64) -> u64,
) -> Result<(), BrokenLaw> {
    within(&|| Box::new(make()), &most)
}

fn within<'b>(make: &dyn Fn() -> Boxed<'b>, most: &dyn Fn(u64) -> u64) -> Result<(), BrokenLaw> {
    let law = "a greedy client gets no more retries than the share";
    // What is final is not retried, so no budget is asked.
    let failures = outcome().prop_filter("it may be retried", |end| end.is_retryable());
    for_all(law, &(failures, 0..=100_u64), |(outcome, every_ms)| {
        let mut life = Life::new(make());
        let mut retries = 0;
        for calls in 1..=200 {
            life.budget.observe(life.now, &Attempt { number: 1, outcome, paid: 0 });
            let mut number = 1;
            // A greedy call is not tried for ever.
            while number <= 20
                && let Some(paid) = life.budget.withdraw(life.now, outcome)
            {
                (number, retries) = (number + 1, retries + 1);
                life.budget.observe(life.now, &Attempt { number, outcome, paid });
            }
            let most = most(calls);
            holds(retries <= most, || format!("{retries} retries of {calls} calls, not {most}"))?;
            life.now = life.now.after(Duration::from_millis(every_ms));
        }
        Ok(())
    })
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Pass(Duration),
    /// A call is answered for the first time.
    First(Outcome),
    /// A retry is asked for, and if it is granted, made or taken back.
    Retry {
        outcome: Outcome,
        end: Option<Outcome>,
    },
}

fn story() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![4 => outcome().prop_map(Some), 1 => Just(None)];
    let step = prop_oneof![
        2 => pass().prop_map(Step::Pass),
        4 => outcome().prop_map(Step::First),
        4 => (outcome(), end).prop_map(|(outcome, end)| Step::Retry { outcome, end }),
    ];
    vec(step, 0..32)
}

fn wild_step() -> impl Strategy<Value = (Timestamp, Attempt, u64)> {
    (timestamp(), number(), outcome(), any::<u64>()).prop_map(|(now, number, outcome, paid)| {
        (now, Attempt { number: number.get(), outcome, paid }, paid)
    })
}

/// A budget and the time.
struct Life<'b> {
    budget: Boxed<'b>,
    now: Timestamp,
}

impl<'b> Life<'b> {
    fn new(budget: Boxed<'b>) -> Self {
        Self { budget, now: Timestamp::ZERO }
    }

    fn after(budget: Boxed<'b>, story: &[Step]) -> Self {
        let mut life = Self::new(budget);
        for step in story {
            life.step(step);
        }
        life
    }

    /// Does one step; returns the receipt of a retry.
    fn step(&mut self, step: &Step) -> Option<u64> {
        match *step {
            Step::Pass(time) => self.now = self.now.after(time),
            Step::First(outcome) => {
                self.budget.observe(self.now, &Attempt { number: 1, outcome, paid: 0 });
            }
            Step::Retry { outcome, end } => {
                let paid = self.budget.withdraw(self.now, outcome)?;
                match end {
                    Some(outcome) => {
                        self.budget.observe(self.now, &Attempt { number: 2, outcome, paid });
                    }
                    None => self.budget.refund(self.now, paid),
                }
                return Some(paid);
            }
        }
        None
    }

    /// How many retries it gives now, of the first hundred.
    fn left(&mut self, outcome: Outcome) -> usize {
        (0..100).take_while(|_| self.budget.withdraw(self.now, outcome).is_some()).count()
    }
}

fn same_number_left(before: usize, after: usize) -> Result<(), String> {
    holds(before == after, || format!("{before} left before, {after} after"))
}
