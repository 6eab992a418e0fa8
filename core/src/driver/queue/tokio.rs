//! Waiting in a task.

use alloc::boxed::Box;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};

use ::tokio::time::Sleep;

use super::waiters::Key;
use super::{Asked, NoTurn, Place, SharedQueue, Turn};
use crate::Limiter;
use crate::driver::MonotonicClock;
use crate::driver::tokio::poll_timer;
use crate::queue::{Job, Pushed, Rejected};

type Timer = Option<Pin<Box<Sleep>>>;

impl<T, L: Limiter> SharedQueue<T, L> {
    /// Waits for a job to send; `None` once the queue is drained or shut down and no job
    /// can come any more.
    ///
    /// Workers that wait are served in the order in which they came. Cancel safe: a job
    /// that a dropped future was given is at its old place, and nothing is charged for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_core::driver::queue::{Answered, SharedQueue};
    /// use forbear_core::queue::{Job, QueueConfig};
    /// use forbear_core::{Observation, Policy};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), forbear_core::InvalidConfig> {
    /// let queue = SharedQueue::new(QueueConfig::new());
    /// let api = queue.add_policy("api", &Policy::recommended());
    /// let tenant = queue.add_tenant(1)?;
    /// for number in 0..3 {
    ///     queue.push(Job::new(api, tenant, number)).unwrap();
    /// }
    /// queue.drain();
    /// while let Some(turn) = queue.next().await {
    ///     tokio::spawn(async move {
    ///         // Send `turn.payload()` here.
    ///         let answered = turn.answer(Observation::SUCCESS);
    ///         assert!(matches!(answered, Answered::Done(_)));
    ///     });
    /// }
    /// assert_eq!(queue.tally().completed, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub const fn next(&self) -> NextTurn<'_, T, L> {
        NextTurn { queue: self, key: None, timer: None }
    }

    /// Pushes a job, and waits while the queue is full of others that need not make room
    /// for it.
    ///
    /// Those who wait for room are let in in the order in which they came; a future that
    /// is dropped gives up its place. Whether the job makes its deadline is found out
    /// when there is room. Fails as [`push`](Self::push) does, but for a queue that is
    /// full.
    pub const fn push_when_room(&self, job: Job<T>) -> PushWhenRoom<'_, T, L> {
        PushWhenRoom { queue: self, place: None, job: Some(job) }
    }
}

/// A worker that waits for a job; made by [`SharedQueue::next`].
#[must_use = "futures do nothing unless polled"]
pub struct NextTurn<'a, T, L: Limiter> {
    queue: &'a SharedQueue<T, L>,
    key: Option<Key>,
    timer: Timer,
}

impl<T, L: Limiter> Future for NextTurn<'_, T, L> {
    type Output = Option<Turn<T, L>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { queue, key, timer } = self.get_mut();
        poll_asking(queue.inner.clock, timer, cx, |cx| queue.ask_next(key, cx.waker()))
    }
}

impl<T, L: Limiter> Drop for NextTurn<'_, T, L> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.queue.inner.act(|state, now| state.worker_leaves(now, key));
        }
    }
}

impl<T, L: Limiter> fmt::Debug for NextTurn<'_, T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextTurn").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A job that waits for room; made by [`SharedQueue::push_when_room`].
#[must_use = "futures do nothing unless polled"]
pub struct PushWhenRoom<'a, T, L: Limiter> {
    queue: &'a SharedQueue<T, L>,
    place: Option<u64>,
    job: Option<Job<T>>,
}

// Nothing in it is pinned.
impl<T, L: Limiter> Unpin for PushWhenRoom<'_, T, L> {}

impl<T, L: Limiter> Future for PushWhenRoom<'_, T, L> {
    type Output = Result<Pushed<T>, Rejected<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { queue, place, job } = self.get_mut();
        match queue.inner.ask_for_room(place, job, cx.waker()) {
            Asked::Ready(end) => Poll::Ready(end),
            Asked::Wait(_) => Poll::Pending,
        }
    }
}

impl<T, L: Limiter> Drop for PushWhenRoom<'_, T, L> {
    fn drop(&mut self) {
        if self.place.is_some() {
            self.queue.inner.act(|state, _| state.room.leave(&mut self.place));
        }
    }
}

impl<T, L: Limiter> fmt::Debug for PushWhenRoom<'_, T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushWhenRoom").field("place", &self.place).finish_non_exhaustive()
    }
}

impl<T, L: Limiter> Place<T, L> {
    /// Waits until it is its turn.
    ///
    /// Cancel safe: the place, and a turn that was given meanwhile, are kept until the
    /// value is dropped.
    ///
    /// # Errors
    ///
    /// Why it has no turn any more.
    pub async fn turn(&mut self) -> Result<(), NoTurn<T>> {
        let waiting = Waiting(self);
        poll_fn(|cx| waiting.0.poll_turn(cx)).await
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), NoTurn<T>>> {
        let (clock, mut timer) = (self.inner.clock, self.timer.take());
        let polled = poll_asking(clock, &mut timer, cx, |cx| self.ask(cx.waker()));
        if polled.is_pending() {
            self.timer = timer;
        }
        polled
    }
}

/// A place whose turn is waited for. Dropped before it has one, it leaves the timer of
/// the queue to others who wait: perhaps nobody polls it when that rings.
struct Waiting<'a, T, L: Limiter>(&'a mut Place<T, L>);

impl<T, L: Limiter> Drop for Waiting<'_, T, L> {
    fn drop(&mut self) {
        self.0.rest();
    }
}

/// Asks until there is an answer or the timer is set for when to ask again.
fn poll_asking<V>(
    clock: MonotonicClock,
    timer: &mut Timer,
    cx: &mut Context<'_>,
    mut ask: impl FnMut(&Context<'_>) -> Asked<V>,
) -> Poll<V> {
    loop {
        match ask(cx) {
            Asked::Ready(value) => return Poll::Ready(value),
            Asked::Wait(None) => return Poll::Pending,
            Asked::Wait(Some(time)) => {
                let instant = clock.instant(time);
                if poll_timer(timer, instant, cx).is_pending() {
                    return Poll::Pending;
                }
            }
        }
    }
}
