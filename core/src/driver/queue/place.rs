//! Standing in the queue with a job of one's own.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::task::Waker;
use core::time::Duration;

use super::carried::Held;
use super::turn::ended;
use super::waiters::{Gift, Key};
use super::{Answered, Asked, Inner, SharedQueue};
use crate::driver::history::NO_HISTORY;
use crate::driver::{History, Verdict};
use crate::queue::{Job, JobId, JobState, Rejected, Removed};
use crate::{Limiter, Observation, Outcome, RateSignal, Timestamp};

/// A place in the queue, for a job that nobody else sends.
///
/// Wait for its turn, send, answer; again while the verdict is
/// [`Retry`](Verdict::Retry). Dropped at any point, it gives back its place and whatever
/// it holds of the limiters, and those behind it move up.
///
/// # Examples
///
/// ```
/// use forbear_core::driver::Verdict;
/// use forbear_core::driver::queue::SharedQueue;
/// use forbear_core::queue::{Job, QueueConfig};
/// use forbear_core::{Observation, Policy};
///
/// let queue = SharedQueue::new(QueueConfig::new());
/// let api = queue.add_policy("api", &Policy::recommended());
/// let tenant = queue.add_tenant(1)?;
/// let mut place = queue.stand(Job::new(api, tenant, "GET /")).unwrap();
/// loop {
///     place.turn_blocking().unwrap();
///     // Send here.
///     match place.answer(Observation::SUCCESS) {
///         Verdict::Success => break,
///         Verdict::Retry => {}
///         Verdict::GiveUp(why) => panic!("{why}"),
///     }
/// }
/// assert_eq!(place.attempts(), 1);
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[must_use = "wait for its turn"]
pub struct Place<T, L: Limiter = Box<dyn Limiter>> {
    pub(super) inner: Arc<Inner<T, L>>,
    id: JobId,
    key: Key,
    expected_start: Option<Timestamp>,
    phase: Phase<T>,
    /// Boxed, since a timer is larger than the rest.
    #[cfg(feature = "tokio")]
    pub(super) timer: Option<core::pin::Pin<Box<::tokio::time::Sleep>>>,
}

enum Phase<T> {
    Waits { attempts: u32 },
    Has(Held<T>),
    Ended { payload: Option<T>, attempts: u32, history: History },
}

/// Why a place has no turn.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a caller must handle every end")]
pub enum NoTurn<T> {
    /// The job left the queue.
    Removed(Removed<T>),
    /// Somebody else cancelled it, and has what it was about.
    Cancelled(JobId),
    /// It has ended before.
    Over,
}

impl<T> fmt::Display for NoTurn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed(removed) => removed.why.fmt(f),
            Self::Cancelled(_) => f.write_str("the job was cancelled"),
            Self::Over => f.write_str("the job has ended before"),
        }
    }
}

impl<T: fmt::Debug> core::error::Error for NoTurn<T> {}

impl<T, L: Limiter> SharedQueue<T, L> {
    /// Takes in a job that only the caller sends.
    ///
    /// # Errors
    ///
    /// The job, and why it is not in the queue.
    pub fn stand(&self, job: Job<T>) -> Result<Place<T, L>, Rejected<T>> {
        let (key, pushed) = self.inner.act(|state, now| {
            let key = state.waiters.name();
            let pushed = state.push(now, job, Some(key))?;
            state.waiters.join(key);
            state.lose(pushed.dropped);
            Ok((key, (pushed.id, pushed.expected_start)))
        })?;
        Ok(Place {
            inner: Arc::clone(&self.inner),
            id: pushed.0,
            key,
            expected_start: pushed.1,
            phase: Phase::Waits { attempts: 0 },
            #[cfg(feature = "tokio")]
            timer: None,
        })
    }
}

impl<T, L: Limiter> Place<T, L> {
    /// Which job it is.
    #[must_use]
    pub const fn id(&self) -> JobId {
        self.id
    }

    /// When it was expected to start, when it was pushed; see [`state`](Self::state) for
    /// how that stands now.
    #[must_use]
    pub const fn expected_start(&self) -> Option<Timestamp> {
        self.expected_start
    }

    /// Where the job is; `None` if it left the queue.
    #[must_use]
    pub fn state(&self) -> Option<JobState> {
        self.inner.look(|state, now| state.queue.state(now, self.id))
    }

    /// What it is about, where it has a turn or has ended here.
    #[must_use]
    pub const fn payload(&self) -> Option<&T> {
        match &self.phase {
            Phase::Waits { .. } => None,
            Phase::Has(held) => Some(&held.payload),
            Phase::Ended { payload, .. } => payload.as_ref(),
        }
    }

    /// What it was about, once it has ended here.
    #[must_use]
    pub fn into_payload(mut self) -> Option<T> {
        match &mut self.phase {
            Phase::Ended { payload, .. } => payload.take(),
            Phase::Waits { .. } | Phase::Has(_) => None,
        }
    }

    /// How many times it was sent.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        match &self.phase {
            Phase::Waits { attempts } | Phase::Ended { attempts, .. } => *attempts,
            Phase::Has(held) => held.call.sends(),
        }
    }

    /// How long it was queued, where it has a turn.
    #[must_use]
    pub const fn waited(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Has(held) => Some(held.waited),
            Phase::Waits { .. } | Phase::Ended { .. } => None,
        }
    }

    /// The attempts that failed before, where it has a turn or has ended here.
    #[must_use]
    pub fn history(&self) -> &History {
        match &self.phase {
            Phase::Has(held) => held.history.as_deref().unwrap_or(&NO_HISTORY),
            Phase::Ended { history, .. } => history,
            Phase::Waits { .. } => &NO_HISTORY,
        }
    }

    /// Says that the request cannot, or must not, be sent once more; nothing unless it
    /// has a turn.
    pub const fn forbid_repeat(&mut self) {
        if let Phase::Has(held) = &mut self.phase {
            held.call.forbid_repeat();
        }
    }

    /// Takes in the answer to the last send; see [`Turn::answer`](super::Turn::answer).
    ///
    /// # Panics
    ///
    /// If it had no turn since the last answer.
    pub fn answer(&mut self, signal: &dyn RateSignal) -> Verdict {
        let seen = signal.observe();
        let attempts = self.attempts();
        let phase = core::mem::replace(&mut self.phase, Phase::Waits { attempts });
        let Phase::Has(held) = phase else {
            self.phase = phase;
            panic!("an answer was given without a turn");
        };
        let Ok(held) = self.inner.act(|state, now| state.answer(now, held, &seen)) else {
            return Verdict::Retry;
        };
        let (verdict, payload, history) = match ended(held) {
            Answered::GaveUp(failed) => {
                (Verdict::GiveUp(failed.why), Some(failed.payload), failed.history)
            }
            Answered::Done(payload) => (Verdict::Success, Some(payload), History::default()),
            Answered::Again(_) => (Verdict::Retry, None, History::default()),
        };
        self.phase = Phase::Ended { payload, attempts, history };
        verdict
    }

    /// Asks whether it is its turn.
    pub(super) fn ask(&mut self, waker: &Waker) -> Asked<Result<(), NoTurn<T>>> {
        match self.phase {
            Phase::Has(_) => return Asked::Ready(Ok(())),
            Phase::Ended { .. } => return Asked::Ready(Err(NoTurn::Over)),
            Phase::Waits { .. } => {}
        }
        let mut key = Some(self.key);
        match self.inner.ask(&mut key, waker, |state, key, _| state.take(key)) {
            Asked::Wait(time) => Asked::Wait(time),
            Asked::Ready(Gift::Turn(held)) => {
                self.phase = Phase::Has(held);
                Asked::Ready(Ok(()))
            }
            Asked::Ready(Gift::Removed(removed)) => {
                self.end();
                Asked::Ready(Err(NoTurn::Removed(removed)))
            }
            Asked::Ready(Gift::Cancelled) => {
                self.end();
                Asked::Ready(Err(NoTurn::Cancelled(self.id)))
            }
        }
    }

    /// Perhaps nobody looks whether it is its turn, until it asks again.
    #[cfg(feature = "tokio")]
    pub(super) fn rest(&self) {
        if matches!(self.phase, Phase::Waits { .. }) {
            self.inner.act(|state, _| state.waiters.rest(self.key));
        }
    }

    fn end(&mut self) {
        let attempts = self.attempts();
        self.phase = Phase::Ended { payload: None, attempts, history: History::default() };
    }
}

impl<T, L: Limiter> Drop for Place<T, L> {
    fn drop(&mut self) {
        let over = Phase::Ended { payload: None, attempts: 0, history: History::default() };
        match core::mem::replace(&mut self.phase, over) {
            Phase::Waits { .. } => {
                self.inner.act(|state, now| state.owner_leaves(now, self.key, self.id));
            }
            Phase::Has(held) => {
                let seen = Observation::new(Outcome::Ignored);
                self.inner.act(|state, now| state.finish(now, held, &seen));
            }
            Phase::Ended { .. } => {}
        }
    }
}

impl<T, L: Limiter> fmt::Debug for Place<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("id", &self.id).finish_non_exhaustive()
    }
}
