//! The shortest way to make a call under a policy.

use core::fmt;

use super::judge::{BySignal, Inspect, RetryIf, When, With};
use crate::{Cost, Observation, Policy};

/// A call that is about to be made; made by [`Policy::retry`].
///
/// End it with [`blocking`](Self::blocking), or with `.await` where Tokio is
/// enabled.
#[must_use = "call `blocking` or `.await` it"]
pub struct RetryCall<'a, F, J = BySignal> {
    pub(super) policy: &'a Policy,
    pub(super) op: F,
    pub(super) judge: J,
    pub(super) cost: Cost,
}

impl Policy {
    /// Calls `op` as often and as late as this policy says.
    ///
    /// `op` returns a `Result`, or a future of one. Its error says by itself
    /// whether to try again, where it is a [`RateSignal`](crate::RateSignal) as
    /// [`std::io::Error`] is; for others say so with [`when`](RetryCall::when),
    /// [`retry_if`](RetryCall::retry_if) or [`classify`](RetryCall::classify).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use forbear_core::Policy;
    ///
    /// let policy = Policy::recommended();
    /// let value = policy.retry(|| Ok::<_, io::Error>(7)).blocking()?;
    /// assert_eq!(value, 7);
    ///
    /// let parsed = policy.retry(|| "8".parse::<u8>()).when(|_| true).blocking();
    /// assert_eq!(parsed.unwrap(), 8);
    /// # Ok::<(), forbear_core::driver::GaveUp<i32, io::Error>>(())
    /// ```
    pub const fn retry<F>(&self, op: F) -> RetryCall<'_, F> {
        RetryCall { policy: self, op, judge: BySignal, cost: Cost::REQUEST }
    }
}

impl<'a, F, J> RetryCall<'a, F, J> {
    /// Tries again after the errors that `retryable` holds for.
    pub fn when<E, P>(self, retryable: P) -> RetryCall<'a, F, When<P>>
    where
        // Named here, or a closure's argument gets one lifetime instead of any.
        P: Fn(&E) -> bool,
    {
        self.judged_by(When(retryable))
    }

    /// Tries again after the results that `predicate` holds for, good or bad.
    ///
    /// A call that is given up after a good one has it in
    /// [`GaveUp::last`](super::GaveUp::last).
    pub fn retry_if<P>(self, predicate: P) -> RetryCall<'a, F, RetryIf<P>> {
        self.judged_by(RetryIf(predicate))
    }

    /// Shows the result of each attempt to `look`, once, before anything follows
    /// from it.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::io;
    /// use forbear_core::Policy;
    ///
    /// let (policy, seen) = (Policy::recommended(), Cell::new(0));
    /// let call = policy.retry(|| Ok::<_, io::Error>(7));
    /// let answer = call.inspect(|_: &Result<_, _>| seen.set(seen.get() + 1)).blocking();
    /// assert_eq!((answer.unwrap(), seen.get()), (7, 1));
    /// ```
    pub fn inspect<T, E, L>(self, look: L) -> RetryCall<'a, F, Inspect<J, L>>
    where
        L: Fn(&Result<T, E>),
    {
        let Self { policy, op, judge, cost } = self;
        RetryCall { policy, op, judge: Inspect { judge, look }, cost }
    }

    /// Reads each result, good or bad, with `classify`.
    ///
    /// For clients that return a response with status 429 as `Ok`.
    pub fn classify<T, E, C>(self, classify: C) -> RetryCall<'a, F, With<C>>
    where
        C: Fn(&Result<T, E>) -> Observation,
    {
        self.judged_by(With(classify))
    }

    /// What each attempt costs; one request unless set.
    pub const fn cost(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }

    fn judged_by<K>(self, judge: K) -> RetryCall<'a, F, K> {
        RetryCall { policy: self.policy, op: self.op, judge, cost: self.cost }
    }
}

impl<F, J> fmt::Debug for RetryCall<'_, F, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryCall").field("cost", &self.cost).finish_non_exhaustive()
    }
}
