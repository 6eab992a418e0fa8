//! One call, attempt by attempt, for adapters and for loops of the user's own.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::line::Ticket;
use super::shared::Shared;
use crate::{Call, Clock, Cost, GiveUp, Observation, Policy, RateSignal};

/// One call under a [`Policy`], attempt by attempt.
///
/// Ask for a permit, send, record the answer; again while the verdict is
/// [`Retry`](Verdict::Retry). Dropped at any point, it gives back its place in
/// the line and whatever it holds of the limiters.
///
/// # Examples
///
/// ```
/// use forbear_core::driver::Verdict;
/// use forbear_core::{Observation, Outcome, Policy};
///
/// let policy = Policy::recommended();
/// let mut attempts = policy.attempts();
/// loop {
///     attempts.permit_blocking()?;
///     // Send here.
///     let seen = Observation::new(Outcome::Success);
///     match attempts.record(&seen) {
///         Verdict::Success => break,
///         Verdict::Retry => {}
///         Verdict::GiveUp(why) => return Err(why),
///     }
/// }
/// assert_eq!(attempts.sends(), 1);
/// # Ok::<(), forbear_core::GiveUp>(())
/// ```
pub struct Attempts {
    pub(super) shared: Arc<Shared>,
    pub(super) call: Call,
    pub(super) ticket: Option<Ticket>,
    /// Boxed, since most calls never wait and a timer is larger than the rest.
    #[cfg(feature = "tokio")]
    pub(super) timer: Option<core::pin::Pin<alloc::boxed::Box<tokio::time::Sleep>>>,
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
    pub(super) fn new(policy: &Policy, cost: Cost) -> Self {
        let shared = Arc::clone(policy.shared());
        let call = Call::unstarted(cost);
        Self {
            shared,
            call,
            ticket: None,
            #[cfg(feature = "tokio")]
            timer: None,
        }
    }

    /// Takes in the answer to the last send.
    ///
    /// # Panics
    ///
    /// If there was no permit since the last answer.
    pub fn record(&mut self, signal: &dyn RateSignal) -> Verdict {
        self.record_observed(&signal.observe())
    }

    /// Takes in what a judge made of the last result.
    pub(super) fn record_judged(&mut self, judged: Option<&Observation>) -> Verdict {
        self.record_observed(judged.unwrap_or(Observation::SUCCESS))
    }

    fn record_observed(&mut self, seen: &Observation) -> Verdict {
        assert!(self.call.is_in_flight(), "an answer was recorded without a permit to send");
        self.shared.complete(&mut self.call, seen);
        match self.call.end() {
            None => Verdict::Retry,
            Some(Ok(())) => Verdict::Success,
            Some(Err(why)) => Verdict::GiveUp(why),
        }
    }

    /// Says that the request cannot, or must not, be sent once more; see
    /// [`Call::forbid_repeat`].
    pub const fn forbid_repeat(&mut self) {
        self.call.forbid_repeat();
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

    /// Time since the first permit was asked for; zero before.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        if self.call.is_unstarted() {
            return Duration::ZERO;
        }
        self.shared.clock().now().since(self.call.started_at())
    }
}

impl Drop for Attempts {
    fn drop(&mut self) {
        // A call that ended holds nothing: the common case takes no lock.
        if self.call.end().is_none() || self.ticket.is_some() {
            self.shared.abandon(&mut self.call, &mut self.ticket);
        }
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").field("call", &self.call).finish_non_exhaustive()
    }
}

impl Policy {
    /// Begins a call that costs one request.
    #[must_use]
    pub fn attempts(&self) -> Attempts {
        self.attempts_costing(Cost::REQUEST)
    }

    /// Begins a call of this cost.
    #[must_use]
    pub fn attempts_costing(&self, cost: Cost) -> Attempts {
        Attempts::new(self, cost)
    }
}
