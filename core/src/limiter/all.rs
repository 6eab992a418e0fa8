//! Any number of limiters, all of which must agree.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::task::Waker;

use super::{Completion, Limiter};
use crate::{Cost, Decision, Timestamp};

/// Admits what every limiter admits, and charges all or none.
///
/// Without a limiter it admits everything.
///
/// ```
/// use forbear_core::limiter::{All, Concurrency, Gcra};
/// use forbear_core::{Cost, Limiter, Timestamp};
///
/// let mut all = All::new([
///     Gcra::per("10/s".parse().unwrap()).with_burst(10).unwrap().boxed(),
///     Concurrency::new(1).unwrap().boxed(),
/// ]);
/// assert!(all.acquire(Timestamp::ZERO, &Cost::REQUEST).is_admit());
/// assert_eq!(all.culprit(Timestamp::ZERO, &Cost::REQUEST), "concurrency");
/// ```
#[derive(Debug, Default)]
pub struct All(Vec<Box<dyn Limiter>>);

impl All {
    /// Limits by each of `limiters`.
    pub fn new(limiters: impl IntoIterator<Item = Box<dyn Limiter>>) -> Self {
        Self(limiters.into_iter().collect())
    }
}

impl Limiter for All {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.0
            .iter()
            .fold(Decision::Admit, |strictest, limiter| strictest.and(limiter.check(now, cost)))
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        for limiter in &mut self.0 {
            limiter.commit(now, cost);
        }
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        for limiter in &mut self.0 {
            limiter.observe(now, completion);
        }
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.0.iter().all(|limiter| limiter.is_idle(now))
    }

    fn attach(&mut self, now: Timestamp, waker: &Waker) -> bool {
        // Each is attached, whatever those before it say.
        self.0.iter_mut().fold(false, |any, limiter| limiter.attach(now, waker) | any)
    }

    fn name(&self) -> &'static str {
        "all"
    }

    fn culprit(&self, now: Timestamp, cost: &Cost) -> &'static str {
        let strictest = self.0.iter().max_by_key(|limiter| limiter.check(now, cost));
        strictest.map_or(self.name(), |limiter| limiter.culprit(now, cost))
    }

    fn verdicts(&self, now: Timestamp, cost: &Cost, tell: &mut dyn FnMut(&'static str, Decision)) {
        for limiter in &self.0 {
            limiter.verdicts(now, cost, tell);
        }
    }
}
