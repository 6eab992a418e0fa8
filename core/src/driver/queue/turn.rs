//! A job that a worker has to send.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::task::Waker;
use core::time::Duration;

use super::carried::Held;
use super::waiters::{Gift, Key};
use super::{Asked, Inner, SharedQueue};
use crate::driver::history::NO_HISTORY;
use crate::driver::{History, Wait};
use crate::queue::{JobId, ScopeId};
use crate::{Cost, GiveUp, Limiter, Observation, RateSignal, StopReason};

/// A job whose turn it is: send it, and [answer](Self::answer).
///
/// Dropped without an answer, as by a worker that panics, it gives back what it holds
/// of the limiters. What it was charged stays charged, since the server may have seen
/// it. The job is at its old place at once, with this attempt counted: once the
/// policy's attempts are used up or its time is over, the job is
/// [removed](super::SharedQueueBuilder::on_removed) as
/// [abandoned](crate::queue::Withdrawal::Abandoned).
#[must_use = "send the job, and answer"]
pub struct Turn<T, L: Limiter = Box<dyn Limiter>> {
    inner: Arc<Inner<T, L>>,
    /// Absent only while it is consumed.
    held: Option<Held<T>>,
}

/// What followed from an answer.
#[derive(Debug)]
#[must_use = "a job that ended is to be handled"]
#[expect(clippy::exhaustive_enums, reason = "a worker must handle every end")]
pub enum Answered<T> {
    /// The server did the work. This is what it was about.
    Done(T),
    /// It is back in the queue, at its old place and hidden for a while. Whichever
    /// worker has its next turn goes on with it.
    Again(Again),
    /// It is over without success.
    GaveUp(Failed<T>),
}

/// A job that is sent again later.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Again {
    /// Which job.
    pub id: JobId,
    /// How long it is hidden at least, and what for.
    pub wait: Wait,
}

/// A job that was given up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failed<T> {
    /// Which job it was.
    pub id: JobId,
    /// What it is about.
    pub payload: T,
    /// Why.
    pub why: GiveUp,
    /// How many times it was sent.
    pub attempts: u32,
    /// The attempts that failed.
    pub history: History,
}

impl<T, L: Limiter> Turn<T, L> {
    const HELD: &'static str = "a turn holds its job until it is consumed";

    fn held(&self) -> &Held<T> {
        self.held.as_ref().expect(Self::HELD)
    }

    fn held_mut(&mut self) -> &mut Held<T> {
        self.held.as_mut().expect(Self::HELD)
    }

    fn consume(&mut self) -> Held<T> {
        self.held.take().expect(Self::HELD)
    }

    /// What the job is about.
    #[must_use]
    pub fn payload(&self) -> &T {
        &self.held().payload
    }

    /// The same, to be changed: what is changed is kept for the next attempt.
    #[must_use]
    pub fn payload_mut(&mut self) -> &mut T {
        &mut self.held_mut().payload
    }

    /// Which job it is.
    #[must_use]
    pub fn id(&self) -> JobId {
        self.held().id
    }

    /// Where it is sent.
    #[must_use]
    pub fn scope(&self) -> ScopeId {
        self.held().scope
    }

    /// Which attempt this is: 1 for the first.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.held().call.sends()
    }

    /// What the limiter was charged for it.
    #[must_use]
    pub fn cost(&self) -> &Cost {
        self.held().call.cost()
    }

    /// How long the job was queued, since it was pushed.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.held().waited
    }

    /// The attempts that failed before.
    #[must_use]
    pub fn history(&self) -> &History {
        self.held().history.as_deref().unwrap_or(&NO_HISTORY)
    }

    /// Says that the request cannot, or must not, be sent once more; see
    /// [`Call::forbid_repeat`](crate::Call::forbid_repeat).
    pub fn forbid_repeat(&mut self) {
        self.held_mut().call.forbid_repeat();
    }

    /// Takes in the answer to the send, as the scope's policy judges it: its stop
    /// condition, its rule for hints and its budget say whether the job is sent once
    /// more, and its backoff when. The server's wait is a floor under that, for this
    /// job and, where hints are shared, for all of its scope.
    pub fn answer(mut self, signal: &dyn RateSignal) -> Answered<T> {
        let seen = signal.observe();
        let held = self.consume();
        let id = held.id;
        match self.inner.act(|state, now| state.answer(now, held, &seen)) {
            Ok(held) => ended(held),
            Err(wait) => Answered::Again(Again { id, wait }),
        }
    }

    /// Ends the job as a success that says nothing more.
    pub fn complete(mut self) -> T {
        let held = self.consume();
        self.inner.act(|state, now| state.finish(now, held, Observation::SUCCESS))
    }

    /// Ends the job, whatever was seen of it; it is not retried.
    ///
    /// The limiters learn from `signal`, the retry budget does not.
    pub fn end(mut self, signal: &dyn RateSignal) -> T {
        let seen = signal.observe();
        let held = self.consume();
        self.inner.act(|state, now| state.finish(now, held, &seen))
    }

    /// Puts the job back to its old place, to be sent again after `delay` at the
    /// earliest, whatever the policy says; the server's wait is a floor all the same.
    ///
    /// It counts as an attempt, and costs the retry budget nothing.
    pub fn retry_after(mut self, delay: Duration, signal: &dyn RateSignal) -> JobId {
        let seen = signal.observe();
        let held = self.consume();
        let id = held.id;
        let delay = delay.max(seen.wait().unwrap_or_default());
        self.inner.act(|state, now| state.retry_at(now, held, now.after(delay), &seen));
        id
    }

    /// Takes back a turn that was not used, charge and all; the job is at its old place.
    pub fn retract(mut self) {
        let held = self.consume();
        self.inner.act(|state, now| state.retract(now, held));
    }
}

/// How a job ended.
pub(super) fn ended<T>(held: Held<T>) -> Answered<T> {
    let why = match held.call.end() {
        Some(Ok(())) => return Answered::Done(held.payload),
        Some(Err(why)) => why,
        // It would be sent again if the queue were not shut down.
        None => GiveUp::Stopped(StopReason::Cancelled),
    };
    let Held { id, payload, call, history, .. } = held;
    let history = history.map_or_else(History::default, |history| *history);
    Answered::GaveUp(Failed { id, payload, why, attempts: call.sends(), history })
}

impl<T, L: Limiter> SharedQueue<T, L> {
    /// Asks for a job to send; `key` is who waits, once it does.
    pub(super) fn ask_next(
        &self,
        key: &mut Option<Key>,
        waker: &Waker,
    ) -> Asked<Option<Turn<T, L>>> {
        let asked = self.inner.ask(key, waker, |state, key, now| match state.take(key) {
            Some(Gift::Turn(held)) => Some(Some(held)),
            // A worker has no job of its own that could leave.
            Some(Gift::Removed(_) | Gift::Cancelled) => None,
            None if state.is_over() => {
                state.worker_leaves(now, key);
                Some(None)
            }
            None => {
                state.waiters.join_worker(key);
                None
            }
        });
        match asked {
            Asked::Ready(held) => {
                *key = None;
                let turn = |held| Turn { inner: Arc::clone(&self.inner), held: Some(held) };
                Asked::Ready(held.map(turn))
            }
            Asked::Wait(time) => Asked::Wait(time),
        }
    }
}

impl<T, L: Limiter> Drop for Turn<T, L> {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            self.inner.act(|state, now| state.drop_turn(now, held));
        }
    }
}

impl<T: fmt::Debug, L: Limiter> fmt::Debug for Turn<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("held", &self.held).finish_non_exhaustive()
    }
}
