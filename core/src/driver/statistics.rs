//! What the calls of a policy came to.

use core::time::Duration;

use crate::{GiveUp, Observation, Outcome, Policy, StopReason, Timestamp};

/// What the calls of a policy came to so far, of all that share its state.
///
/// The numbers of one snapshot agree: `calls` is the sum of the successes, of those
/// given up and of those [in progress](Self::in_progress).
///
/// A task's call under a policy without limiters and observers is counted when its
/// first attempt is over or waits for something, whichever comes first: one that
/// succeeds at once takes no lock to be counted.
///
/// # Examples
///
/// ```
/// use std::io;
/// use forbear_core::Policy;
///
/// let policy = Policy::recommended();
/// policy.retry(|| Ok::<_, io::Error>(())).blocking().unwrap();
/// let statistics = policy.statistics();
/// assert_eq!((statistics.calls, statistics.sends, statistics.successes), (1, 1, 1));
/// assert_eq!(statistics.gave_up.total(), 0);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Statistics {
    /// Calls that began.
    pub calls: u64,
    /// Attempts that were sent, retries and hedges included.
    pub sends: u64,
    /// Attempts that were sent again after an answer.
    pub retries: u64,
    /// Attempts that were sent while the answer to another was outstanding
    /// ([`Attempts::hedge`](super::Attempts::hedge)).
    pub hedges: u64,
    /// Calls that succeeded by the answer to a hedge.
    pub hedges_won: u64,
    /// Calls that succeeded.
    pub successes: u64,
    /// Attempts that the server refused for reasons of load.
    pub throttled: u64,
    /// Attempts that were cut off for
    /// [taking too long](crate::PolicyBuilder::attempt_timeout).
    pub timed_out: u64,
    /// Time that calls waited before the attempts that were sent, for their
    /// backoff, for a limiter and in line.
    pub waited: Duration,
    /// Calls that were given up.
    pub gave_up: GaveUpCounts,
}

/// How many calls were given up, by reason.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct GaveUpCounts {
    /// All attempts were made.
    pub attempts: u64,
    /// A deadline, or another bound on time, would have been passed.
    pub time: u64,
    /// Another stop condition held: cancelled, or of the user's own.
    pub stopped: u64,
    /// The retry budget had no retry left.
    pub budget: u64,
    /// The failure was not one that a retry can cure.
    pub not_retryable: u64,
    /// The request could not be sent once more.
    pub not_repeatable: u64,
    /// A limiter can never admit it.
    pub refused: u64,
    /// The server asked for a longer wait than is accepted.
    pub hint: u64,
    /// The caller went away.
    pub abandoned: u64,
}

impl Statistics {
    /// Calls that began and are not over.
    #[must_use]
    pub const fn in_progress(&self) -> u64 {
        // The two cannot be more than the first; saturating costs nothing here.
        self.calls.saturating_sub(self.successes).saturating_sub(self.gave_up.total())
    }

    /// With `count` calls more that were sent once and succeeded.
    pub(super) const fn with_successes_at_once(mut self, count: u64) -> Self {
        self.calls += count;
        self.sends += count;
        self.successes += count;
        self
    }

    pub(super) fn send(&mut self, is_retry: bool, since: Timestamp, now: Timestamp) {
        self.sends += 1;
        self.retries += u64::from(is_retry);
        // Most calls have not waited, and a duration costs a division.
        if since < now {
            self.waited = self.waited.saturating_add(now.since(since));
        }
    }

    pub(super) const fn take_back(&mut self, is_retry: bool) {
        self.sends = self.sends.saturating_sub(1);
        self.retries = self.retries.saturating_sub(is_retry as u64);
    }

    pub(super) const fn hedge(&mut self) {
        self.sends += 1;
        self.hedges += 1;
    }

    /// Notes whether it is a hedge that got the good answer.
    #[inline]
    pub(super) fn answer_to(&mut self, in_flight: Option<(u32, bool)>, seen: &Observation) {
        let is_hedge = in_flight.is_some_and(|(_, is_hedge)| is_hedge);
        self.hedges_won += u64::from(is_hedge && seen.outcome == Outcome::Success);
    }

    pub(super) const fn answer(&mut self, seen: &Observation, end: Option<Result<(), GiveUp>>) {
        self.throttled += seen.outcome.is_throttled() as u64;
        self.timed_out += seen.timed_out_after.is_some() as u64;
        if let Some(end) = end {
            self.end(end);
        }
    }

    pub(super) const fn end(&mut self, end: Result<(), GiveUp>) {
        match end {
            Ok(()) => self.successes += 1,
            Err(why) => self.gave_up.count(why),
        }
    }
}

impl GaveUpCounts {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        let Self { attempts, time, stopped, budget, not_retryable, .. } = *self;
        let Self { not_repeatable, refused, hint, abandoned, .. } = *self;
        let failed = attempts + time + stopped + budget + not_retryable + not_repeatable;
        failed + refused + hint + abandoned
    }

    const fn count(&mut self, why: GiveUp) {
        let counter = match why {
            GiveUp::Stopped(reason) => match reason {
                StopReason::MaxAttempts(_) => &mut self.attempts,
                StopReason::Deadline(_)
                | StopReason::Elapsed(_)
                | StopReason::TotalWait(_)
                | StopReason::Until(_) => &mut self.time,
                StopReason::Cancelled | StopReason::Custom(_) => &mut self.stopped,
            },
            GiveUp::BudgetExhausted => &mut self.budget,
            GiveUp::NotRetryable(_) => &mut self.not_retryable,
            GiveUp::NotRepeatable(_) => &mut self.not_repeatable,
            GiveUp::Refused { .. } => &mut self.refused,
            GiveUp::HintBeyondCap { .. } => &mut self.hint,
            GiveUp::Abandoned => &mut self.abandoned,
        };
        *counter += 1;
    }
}

impl Policy {
    /// What its calls came to so far; those of its clones are counted too.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.started().map(|shared| shared.statistics()).unwrap_or_default()
    }
}
