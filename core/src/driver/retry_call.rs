//! The shortest way to make a call under a policy.

use core::fmt;
use core::time::Duration;

use super::judge::{BeforeRetry, BySignal, Inspect, RetryAfter, RetryIf, When, With};
use super::observer::{BeforeSend, BeforeWait, OnGiveUp, OnSuccess};
use super::{Attempts, CallOptions, Wait};
use crate::{BackoffStrategy, Cost, GiveUp, Observation, Policy, StopCondition};

/// A call that is about to be made; made by [`Policy::retry`].
///
/// End it with [`blocking`](Self::blocking), or with `.await` where Tokio is
/// enabled; nothing is sent before.
///
/// | to say | |
/// | --- | --- |
/// | what is retried | [`when`](Self::when), [`retry_if`](Self::retry_if), [`classify`](Self::classify); the last one said counts |
/// | where an error has the server's wait | [`retry_after`](Self::retry_after) |
/// | who is told | [`before_retry`](Self::before_retry), [`before_send`](Self::before_send), [`before_wait`](Self::before_wait), [`on_success`](Self::on_success), [`on_give_up`](Self::on_give_up), [`inspect`](Self::inspect), [`observe`](Self::observe) |
/// | what differs from the policy | [`cost`](Self::cost), [`max_attempts`](Self::max_attempts), [`deadline`](Self::deadline), [`attempt_timeout`](Self::attempt_timeout), [`backoff`](Self::backoff), [`stop`](Self::stop), [`with`](Self::with) |
/// | a value instead of an error | [`fallback`](Self::fallback), [`fallback_to`](Self::fallback_to) |
#[must_use = "call `blocking` or `.await` it"]
pub struct RetryCall<'a, F, J = BySignal, O = ()> {
    pub(super) policy: &'a Policy,
    pub(super) op: F,
    pub(super) judge: J,
    pub(super) observer: O,
    pub(super) options: CallOptions,
}

impl Policy {
    /// Calls `op` as often and as late as this policy says.
    ///
    /// `op` returns a `Result`, or a future of one. Its error says by itself
    /// whether to try again, where it is a [`RateSignal`](crate::RateSignal) as
    /// [`std::io::Error`] is; for others say so with [`when`](RetryCall::when),
    /// [`retry_if`](RetryCall::retry_if) or [`classify`](RetryCall::classify).
    /// Where neither is the case, the compiler says of an `.await` only that the call
    /// "is not a future".
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
    #[inline]
    pub const fn retry<F>(&self, op: F) -> RetryCall<'_, F> {
        RetryCall { policy: self, op, judge: BySignal, observer: (), options: CallOptions::new() }
    }
}

impl<'a, F, J, O> RetryCall<'a, F, J, O> {
    /// Tries again after the errors that `retryable` holds for; others end the call.
    ///
    /// An attempt that [timed out](crate::PolicyBuilder::attempt_timeout) has no error to
    /// ask about, and is transient; so it is for all that judge results.
    pub fn when<E, P>(self, retryable: P) -> RetryCall<'a, F, When<P>, O>
    where
        // Named here, or a closure's argument gets one lifetime instead of any.
        P: Fn(&E) -> bool,
    {
        self.judged_by(When(retryable))
    }

    /// Tries again after the results that `predicate` holds for, good or bad; others end
    /// the call. See [`predicate`](crate::predicate).
    ///
    /// A call that is given up after a good one has it in
    /// [`GaveUp::last`](super::GaveUp::last).
    pub fn retry_if<P>(self, predicate: P) -> RetryCall<'a, F, RetryIf<P>, O> {
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
    pub fn inspect<T, E, L>(self, look: L) -> RetryCall<'a, F, Inspect<J, L>, O>
    where
        L: Fn(&Result<T, E>),
    {
        self.judged_within(|judge| Inspect { judge, look })
    }

    /// Shows `tell` each result that is retried, and the wait before the retry: for a
    /// line in a log. An attempt that timed out has no result;
    /// [`before_wait`](Self::before_wait) tells of it too.
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use std::io;
    /// use std::time::Duration;
    /// use forbear_core::Policy;
    /// use forbear_core::backoff::Constant;
    ///
    /// let backoff = Constant::new(Duration::from_millis(1));
    /// let policy = Policy::builder().max_attempts(2).backoff(backoff).build()?;
    /// let log = RefCell::new(String::new());
    /// let end = policy
    ///     .retry(|| Err::<(), _>(io::Error::from(io::ErrorKind::TimedOut)))
    ///     .before_retry(|call, failed, wait| {
    ///         let error = failed.as_ref().unwrap_err();
    ///         *log.borrow_mut() = format!("attempt {}: {error}, waits {wait}", call.sends());
    ///     })
    ///     .blocking();
    /// assert!(end.is_err());
    /// assert_eq!(log.into_inner(), "attempt 1: timed out, waits 1ms for its backoff");
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    pub fn before_retry<T, E, L>(self, tell: L) -> RetryCall<'a, F, BeforeRetry<J, L>, O>
    where
        L: Fn(&Attempts, &Result<T, E>, &Wait),
    {
        self.judged_within(|judge| BeforeRetry { judge, tell })
    }

    /// Obeys the wait that `wait` finds in an error, if it finds one; what the error is
    /// stays what was said before.
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::Policy;
    ///
    /// #[derive(Debug)]
    /// struct Busy { for_ms: u64 }
    ///
    /// let policy = Policy::builder().max_attempts(2).build()?;
    /// let end = policy
    ///     .retry(|| Err::<(), _>(Busy { for_ms: 2 }))
    ///     .when(|_| true)
    ///     .retry_after(|busy: &Busy| Some(Duration::from_millis(busy.for_ms)))
    ///     .blocking();
    /// let first = *end.unwrap_err().history().iter().next().unwrap();
    /// assert_eq!(first.hint, Some(Duration::from_millis(2)));
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    pub fn retry_after<E, W>(self, wait: W) -> RetryCall<'a, F, RetryAfter<J, W>, O>
    where
        W: Fn(&E) -> Option<Duration>,
    {
        self.judged_within(|judge| RetryAfter { judge, wait })
    }

    /// Reads each result, good or bad, with `classify`.
    ///
    /// For clients that return a response with status 429 as `Ok`.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::time::Duration;
    /// use forbear_core::{Observation, Outcome, Policy};
    ///
    /// let mut statuses = [429, 200].into_iter();
    /// let status = Policy::recommended()
    ///     .retry(|| Ok::<_, Infallible>(statuses.next().unwrap_or(500)))
    ///     .classify(|answer| match answer {
    ///         Ok(429) => Observation::throttled(Some(Duration::from_millis(1))),
    ///         Ok(500..) => Observation::new(Outcome::Transient),
    ///         _ => Observation::new(Outcome::Success),
    ///     })
    ///     .blocking();
    /// assert_eq!(status.unwrap(), 200);
    /// ```
    pub fn classify<T, E, C>(self, classify: C) -> RetryCall<'a, F, With<C>, O>
    where
        C: Fn(&Result<T, E>) -> Observation,
    {
        self.judged_by(With(classify))
    }

    /// Tells `observer` of this call too.
    ///
    /// It may borrow, and need not be shared between threads.
    pub fn observe<P>(self, observer: P) -> RetryCall<'a, F, J, (O, P)> {
        let Self { policy, op, judge, observer: others, options } = self;
        RetryCall { policy, op, judge, observer: (others, observer), options }
    }

    /// Calls `tell` before each send of this call.
    pub fn before_send<H>(self, tell: H) -> RetryCall<'a, F, J, (O, BeforeSend<H>)>
    where
        H: Fn(&Attempts),
    {
        self.observe(BeforeSend(tell))
    }

    /// Calls `tell` before each wait of this call: for its retry, or for its turn.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::io;
    /// use std::time::Duration;
    /// use forbear_core::Policy;
    /// use forbear_core::backoff::Constant;
    ///
    /// let backoff = Constant::new(Duration::from_millis(1));
    /// let policy = Policy::builder().max_attempts(3).backoff(backoff).build()?;
    /// let waits = Cell::new(0);
    /// let end = policy
    ///     .retry(|| Err::<(), _>(io::Error::from(io::ErrorKind::TimedOut)))
    ///     .before_wait(|call, wait| {
    ///         assert_eq!(wait.delay, Some(Duration::from_millis(1)));
    ///         waits.set(call.sends());
    ///     })
    ///     .blocking();
    /// assert!(end.is_err());
    /// assert_eq!(waits.get(), 2);
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    pub fn before_wait<H>(self, tell: H) -> RetryCall<'a, F, J, (O, BeforeWait<H>)>
    where
        H: Fn(&Attempts, &Wait),
    {
        self.observe(BeforeWait(tell))
    }

    /// Calls `tell` when this call has succeeded, after
    /// [`sends`](Attempts::sends) attempts.
    pub fn on_success<H>(self, tell: H) -> RetryCall<'a, F, J, (O, OnSuccess<H>)>
    where
        H: Fn(&Attempts),
    {
        self.observe(OnSuccess(tell))
    }

    /// Calls `tell` when this call is given up.
    pub fn on_give_up<H>(self, tell: H) -> RetryCall<'a, F, J, (O, OnGiveUp<H>)>
    where
        H: Fn(&Attempts, GiveUp),
    {
        self.observe(OnGiveUp(tell))
    }

    /// What each attempt costs; one request unless set.
    pub fn cost(mut self, cost: Cost) -> Self {
        self.options = self.options.cost(cost);
        self
    }

    /// At most `max` sends for this call, instead of the policy's; see
    /// [`CallOptions::max_attempts`].
    pub fn max_attempts(mut self, max: u32) -> Self {
        self.options = self.options.max_attempts(max);
        self
    }

    /// No attempt of this call begins after `deadline`, instead of the policy's; see
    /// [`CallOptions::deadline`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options = self.options.deadline(deadline);
        self
    }

    /// Each attempt of this call may take `timeout`, instead of the policy's time; see
    /// [`CallOptions::attempt_timeout`].
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.options = self.options.attempt_timeout(timeout);
        self
    }

    /// Picks the delays of this call, instead of the policy's strategy.
    pub fn backoff(mut self, backoff: impl BackoffStrategy + 'static) -> Self {
        self.options = self.options.backoff(backoff);
        self
    }

    /// This call ends when `stop` says so, instead of by the policy's conditions.
    pub fn stop(mut self, stop: impl StopCondition + 'static) -> Self {
        self.options = self.options.stop(stop);
        self
    }

    /// Differs from the policy as `options` say, and as nothing said before.
    pub fn with(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    fn judged_by<K>(self, judge: K) -> RetryCall<'a, F, K, O> {
        self.judged_within(|_| judge)
    }

    fn judged_within<K>(self, around: impl FnOnce(J) -> K) -> RetryCall<'a, F, K, O> {
        let Self { policy, op, judge, observer, options } = self;
        RetryCall { policy, op, judge: around(judge), observer, options }
    }
}

impl<F, J, O> fmt::Debug for RetryCall<'_, F, J, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryCall").field("options", &self.options).finish_non_exhaustive()
    }
}
