//! Two limiters, both of which must agree.

use core::task::Waker;

use super::{Completion, Limiter};
use crate::{Cost, Decision, Timestamp};

/// Admits what both limiters admit, and charges both or neither.
///
/// The static form of [`All`](super::All); made by [`Limiter::and`].
///
/// ```
/// use forbear_core::limiter::{Concurrency, Gcra};
/// use forbear_core::{Cost, Decision, Limiter, Timestamp};
///
/// let both = Gcra::per("9/s".parse().unwrap()).with_burst(9).unwrap();
/// let mut both = both.and(Concurrency::new(1).unwrap());
/// assert!(both.acquire(Timestamp::ZERO, &Cost::REQUEST).is_admit());
/// let next = both.check(Timestamp::ZERO, &Cost::REQUEST);
/// assert_eq!(next, Decision::WaitForCompletion);
/// ```
#[derive(Clone, Debug)]
pub struct And<A, B> {
    first: A,
    second: B,
}

impl<A, B> And<A, B> {
    /// Limits by `first` and `second`.
    pub const fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Limiter, B: Limiter> Limiter for And<A, B> {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.first.check(now, cost).and(self.second.check(now, cost))
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        self.first.commit(now, cost);
        self.second.commit(now, cost);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.first.observe(now, completion);
        self.second.observe(now, completion);
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.first.is_idle(now) && self.second.is_idle(now)
    }

    fn attach(&mut self, now: Timestamp, waker: &Waker) -> bool {
        self.first.attach(now, waker) | self.second.attach(now, waker)
    }

    fn name(&self) -> &'static str {
        "and"
    }

    fn culprit(&self, now: Timestamp, cost: &Cost) -> &'static str {
        if self.first.check(now, cost) > self.second.check(now, cost) {
            self.first.culprit(now, cost)
        } else {
            self.second.culprit(now, cost)
        }
    }

    fn verdicts(&self, now: Timestamp, cost: &Cost, tell: &mut dyn FnMut(&'static str, Decision)) {
        self.first.verdicts(now, cost, tell);
        self.second.verdicts(now, cost, tell);
    }
}
