//! One call, attempt by attempt, for adapters and for loops of the user's own.

mod hedged_send;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::ops::ControlFlow;
use core::task::Waker;
use core::time::Duration;

use super::history::NO_HISTORY;
use super::line::Ticket;
use super::observer::Moment;
use super::shared::{Admission, Shared};
use super::{CallOptions, GaveUp, History, Judge, Observer, PastAttempt, Wait};
use crate::{Call, Clock, Cost, GiveUp, Observation, Outcome, Policy, RateSignal, Timestamp};

pub use self::hedged_send::HedgedSend;

/// One call under a [`Policy`], attempt by attempt.
///
/// Ask for a permit, send, record the answer; again while the verdict is
/// [`Retry`](Verdict::Retry). Dropped at any point, it gives back its place in
/// the line and whatever it holds of the limiters.
///
/// # Examples
///
/// ```
/// use std::io;
/// use forbear_core::{GiveUp, Policy};
/// use forbear_core::driver::Verdict;
///
/// # fn send() -> io::Result<&'static str> { Ok("answer") }
/// let policy = Policy::recommended();
/// let mut attempts = policy.attempts();
/// let answer = loop {
///     attempts.permit_blocking()?; // or `attempts.permit().await?`
///     let result = send();
///     // A `Result` is a signal where its error is one.
///     match (attempts.record(&result), result) {
///         (Verdict::Success, Ok(answer)) => break answer,
///         (Verdict::Retry, _) => {}
///         (Verdict::GiveUp(why), _) => return Err(why),
///         (Verdict::Success, Err(_)) => unreachable!("an error is no success"),
///     }
/// };
/// assert_eq!((answer, attempts.sends()), ("answer", 1));
/// # Ok::<(), GiveUp>(())
/// ```
pub struct Attempts {
    pub(super) shared: Arc<Shared>,
    pub(super) call: Call,
    pub(super) ticket: Option<Ticket>,
    pub(super) last_sent_at: Timestamp,
    history: Option<Box<History>>,
    /// Boxed, since most calls never wait and a timer is larger than the rest.
    #[cfg(feature = "tokio")]
    pub(super) timer: Option<core::pin::Pin<Box<tokio::time::Sleep>>>,
}

/// What follows from an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use = "it says whether the call goes on"]
#[expect(clippy::exhaustive_enums, reason = "a caller must handle every verdict")]
pub enum Verdict {
    /// It is done.
    Success,
    /// Ask for a permit and send again.
    Retry,
    /// It is over without success.
    GiveUp(GiveUp),
}

impl Attempts {
    #[inline]
    pub(super) fn new(policy: &Policy, options: &CallOptions) -> Self {
        Self {
            shared: Arc::clone(policy.shared()),
            call: Call::unstarted(options.each(), options.own_under(policy)),
            ticket: None,
            last_sent_at: Timestamp::ZERO,
            history: None,
            #[cfg(feature = "tokio")]
            timer: None,
        }
    }

    /// One whose first attempt was sent without asking.
    #[cfg(feature = "tokio")]
    pub(super) fn sent_at_once(policy: &Policy, options: &CallOptions) -> Self {
        let mut attempts = Self::new(policy, options);
        attempts.shared.take_in(&mut attempts.call);
        attempts.last_sent_at = attempts.call.started_at();
        attempts
    }

    /// Takes in the answer to the last send.
    ///
    /// # Panics
    ///
    /// If there was no permit since the last answer.
    pub fn record(&mut self, signal: &dyn RateSignal) -> Verdict {
        self.record_observed(&signal.observe(), &())
    }

    /// Takes in the last result: the end of the call, or the result to keep while it
    /// goes on.
    pub(super) fn conclude<T, E>(
        &mut self,
        result: Result<T, E>,
        judge: &impl Judge<T, E>,
        own: &impl Observer,
    ) -> ControlFlow<Result<T, GaveUp<T, E>>, Result<T, E>> {
        let judged = judge.judge(&result);
        self.conclude_judged(result, judged.as_ref(), judge, own)
    }

    /// The same of a result that was judged; see [`Judge::judge`].
    pub(super) fn conclude_judged<T, E>(
        &mut self,
        result: Result<T, E>,
        judged: Option<&Observation>,
        judge: &impl Judge<T, E>,
        own: &impl Observer,
    ) -> ControlFlow<Result<T, GaveUp<T, E>>, Result<T, E>> {
        let verdict = self.record_observed(judged.unwrap_or(Observation::SUCCESS), own);
        let (why, result) = match (verdict, result) {
            (Verdict::Retry, result) => {
                // There is one after each failure that does not end the call.
                if let Some(wait) = self.history().last().and_then(|past| past.wait) {
                    judge.before_retry(self, &result, &wait);
                }
                return ControlFlow::Continue(result);
            }
            (Verdict::Success, Ok(value)) => return ControlFlow::Break(Ok(value)),
            // A judge that calls an error a success ends the call all the same.
            (Verdict::Success, result) => (GiveUp::NotRetryable(Outcome::Success), result),
            (Verdict::GiveUp(why), result) => (why, result),
        };
        ControlFlow::Break(Err(GaveUp::new(why, self, Some(result))))
    }

    pub(super) fn record_observed(&mut self, seen: &Observation, own: &impl Observer) -> Verdict {
        let in_flight = self.call.in_flight();
        assert!(in_flight.is_some(), "an answer was recorded without a permit to send");
        let sent_at = self.call.sent_at();
        let now = self.shared.complete(&mut self.call, seen);
        if seen.outcome == Outcome::Success {
            self.tell(own, Moment::After(seen));
            self.tell(own, Moment::Success);
            return Verdict::Success;
        }
        let number = in_flight.map_or(self.sends(), |(number, _)| number);
        self.record_failure(number, [sent_at.unwrap_or(now), now], seen, own)
    }

    /// Apart, so that the way of a success is short.
    #[cold]
    fn record_failure(
        &mut self,
        number: u32,
        times: [Timestamp; 2],
        seen: &Observation,
        own: &impl Observer,
    ) -> Verdict {
        let wait = self.call.not_before().zip(self.call.waits_for());
        let wait = wait.map(|(time, reason)| Wait::new(Some(time.since(times[1])), reason));
        self.keep(number, times, seen, wait);
        self.tell(own, Moment::After(seen));
        if let Some(wait) = &wait {
            self.tell(own, Moment::BeforeWait(wait));
        }
        match self.call.end() {
            Some(Err(why)) => {
                self.tell(own, Moment::GiveUp(why));
                Verdict::GiveUp(why)
            }
            // Not over: only a success ends without a reason.
            _ => Verdict::Retry,
        }
    }

    fn keep(&mut self, number: u32, times: [Timestamp; 2], seen: &Observation, wait: Option<Wait>) {
        let since_start = times.map(|time| time.since(self.call.started_at()));
        let past = PastAttempt::new(number, since_start, seen, wait);
        History::push(&mut self.history, past);
    }

    /// Asks whether the call may be sent; `waker` is woken when to ask again.
    pub(super) fn ask(&mut self, waker: &Waker, own: &impl Observer) -> Admission {
        let was_over = self.call.end().is_some();
        if !was_over && !self.call.is_in_flight() && self.call.watch_cancels(waker) {
            let why = self.shared.cancel(&mut self.call, &mut self.ticket);
            self.tell(own, Moment::GiveUp(why));
            return Admission::Ready(Err(why));
        }
        let admission = self.shared.admit(&mut self.call, &mut self.ticket, waker);
        if let Admission::Ready(_) = &admission {
            self.call.unwatch_cancels();
        }
        match &admission {
            Admission::Ready(_) if was_over => {}
            Admission::Ready(Ok(())) => {
                self.last_sent_at = self.call.sent_at().unwrap_or(self.last_sent_at);
                self.tell(own, Moment::BeforeSend);
            }
            Admission::Ready(Err(why)) => self.tell(own, Moment::GiveUp(*why)),
            Admission::Wait { begins: Some(wait), .. } => self.tell(own, Moment::BeforeWait(wait)),
            Admission::Wait { begins: None, .. } => {}
        }
        admission
    }

    /// Tells the observers of the policy, then that of the call.
    fn tell(&self, own: &impl Observer, moment: Moment<'_>) {
        self.shared.tell(moment, self);
        moment.tell(own, self);
    }

    /// Says that the request cannot, or must not, be sent once more; see
    /// [`Call::forbid_repeat`].
    pub const fn forbid_repeat(&mut self) {
        self.call.forbid_repeat();
    }

    /// Counts attempts that were made elsewhere; see [`Call::sent_before`].
    pub const fn sent_before(&mut self, sends: u32) {
        self.call.sent_before(sends);
    }

    /// Ends the call here because its retry is made elsewhere, as by whichever worker has
    /// the job then; how long that has to wait. `None` if no retry is due.
    ///
    /// Unlike a call that is dropped, it leaves the retry paid for. It counts as given up
    /// here, by [`Abandoned`](GiveUp::Abandoned).
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::driver::Verdict;
    /// use forbear_core::{Observation, Policy};
    ///
    /// let policy = Policy::recommended();
    /// let mut attempts = policy.attempts();
    /// attempts.permit_blocking()?;
    /// let busy = Observation::throttled(Some(Duration::from_secs(30)));
    /// assert_eq!(attempts.record(&busy), Verdict::Retry);
    /// assert!(attempts.hand_over().unwrap() > Duration::from_secs(29));
    /// # Ok::<(), forbear_core::GiveUp>(())
    /// ```
    #[must_use = "it says when the retry is due"]
    pub fn hand_over(mut self) -> Option<Duration> {
        let wait = self.shared.hand_over(&mut self.call)?;
        self.shared.tell(Moment::GiveUp(GiveUp::Abandoned), &self);
        Some(wait)
    }

    /// Takes back a permit that was not used, charge and all.
    pub fn retract(&mut self) {
        self.shared.retract(&mut self.call);
    }

    /// How many times the call was sent.
    #[must_use]
    pub const fn sends(&self) -> u32 {
        self.call.sends()
    }

    /// What each attempt costs.
    #[must_use]
    pub const fn cost(&self) -> &Cost {
        self.call.cost()
    }

    /// The attempts that failed.
    #[must_use]
    pub fn history(&self) -> &History {
        self.history.as_deref().unwrap_or(&NO_HISTORY)
    }

    pub(super) fn take_history(&mut self) -> Option<Box<History>> {
        self.history.take()
    }

    /// Time since the first permit was asked for; zero before.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        if self.call.is_unstarted() {
            return Duration::ZERO;
        }
        self.shared.clock().now().since(self.call.started_at())
    }

    /// Time since the last permit to send was given; zero before the first.
    ///
    /// When an observer is told of an answer, it is how long that attempt took.
    #[must_use]
    pub fn since_send(&self) -> Duration {
        if self.sends() == 0 {
            return Duration::ZERO;
        }
        self.shared.clock().now().since(self.last_sent_at)
    }

    /// Time until the call ends at the latest, by its own stop condition or that of the
    /// policy; `None` if they set no such time, zero once it has passed.
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::Policy;
    /// use forbear_core::driver::CallOptions;
    ///
    /// let minute = Duration::from_secs(60);
    /// let policy = Policy::builder().deadline(minute).build()?;
    /// assert!(policy.attempts().time_left().unwrap() <= minute);
    /// let short = policy.attempts_with(&CallOptions::new().deadline(Duration::ZERO));
    /// assert_eq!(short.time_left(), Some(Duration::ZERO));
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.shared.time_left(&self.call)
    }
}

impl Attempts {
    /// How long each attempt may take from its permit on, by its own options or by the
    /// policy; `None` if that has no bound.
    ///
    /// For a loop of one's own, which hands it to its client and reports an attempt that
    /// took longer as [`Observation::timed_out`]. Nothing is cut off by itself here.
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::driver::Verdict;
    /// use forbear_core::{Observation, Policy};
    ///
    /// let policy = Policy::builder().attempt_timeout(Duration::from_secs(30)).build()?;
    /// let mut attempts = policy.attempts();
    /// attempts.permit_blocking().unwrap();
    /// // Send here, with this as the client's time-out.
    /// let timeout = attempts.attempt_timeout().unwrap();
    /// assert_eq!(timeout, Duration::from_secs(30));
    /// assert_eq!(attempts.record(&Observation::timed_out(timeout)), Verdict::Retry);
    /// assert_eq!(attempts.history().last().unwrap().timed_out_after, Some(timeout));
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn attempt_timeout(&self) -> Option<Duration> {
        self.call.own_attempt_timeout().or(self.shared.attempt_timeout())
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").field("call", &self.call).finish_non_exhaustive()
    }
}

impl Drop for Attempts {
    fn drop(&mut self) {
        // A call that ended holds nothing: the common case takes no lock.
        if self.call.end().is_none() || self.ticket.is_some() {
            let is_abandoned = self.call.end().is_none() && !self.call.is_unstarted();
            self.shared.abandon(&mut self.call, &mut self.ticket);
            if is_abandoned {
                self.shared.tell(Moment::GiveUp(GiveUp::Abandoned), self);
            }
        }
    }
}

impl Policy {
    /// Begins a call that costs one request.
    #[must_use]
    pub fn attempts(&self) -> Attempts {
        self.attempts_costing(Cost::REQUEST)
    }

    /// Begins a call of this cost.
    #[inline]
    #[must_use]
    pub fn attempts_costing(&self, cost: Cost) -> Attempts {
        Attempts::new(self, &CallOptions::new().cost(cost))
    }

    /// Begins a call that differs from this policy as `options` say.
    #[must_use]
    pub fn attempts_with(&self, options: &CallOptions) -> Attempts {
        Attempts::new(self, options)
    }
}
