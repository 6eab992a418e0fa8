//! Waiting in a thread.

use std::thread;

use super::{Asked, NoTurn, Place, SharedQueue, Turn};
use crate::driver::blocking::own_waker;
use crate::queue::{Job, Pushed, Rejected};
use crate::{Clock, Limiter, Timestamp};

impl<T, L: Limiter> SharedQueue<T, L> {
    /// Blocks this thread until there is a job to send; `None` once the queue is
    /// drained or shut down and no job can come any more.
    ///
    /// Workers that wait are served in the order in which they came.
    #[must_use = "a turn that is dropped is taken for a worker that died"]
    pub fn next_blocking(&self) -> Option<Turn<T, L>> {
        let mut key = None;
        self.block(|waker| self.ask_next(&mut key, waker))
    }

    /// Pushes a job, and blocks this thread while the queue is full of others that need
    /// not make room for it.
    ///
    /// Those who wait for room are let in in the order in which they came. Whether the
    /// job makes its deadline is found out when there is room.
    ///
    /// # Errors
    ///
    /// The job, and why it is not in the queue.
    pub fn push_when_room_blocking(&self, job: Job<T>) -> Result<Pushed<T>, Rejected<T>> {
        let (mut place, mut job) = (None, Some(job));
        self.block(|waker| self.inner.ask_for_room(&mut place, &mut job, waker))
    }

    fn block<V>(&self, mut ask: impl FnMut(&core::task::Waker) -> Asked<V>) -> V {
        let waker = own_waker();
        loop {
            match ask(&waker) {
                Asked::Ready(value) => return value,
                Asked::Wait(time) => park(time, self.now()),
            }
        }
    }
}

impl<T, L: Limiter> Place<T, L> {
    /// Blocks this thread until it is its turn.
    ///
    /// # Errors
    ///
    /// Why it has no turn any more.
    pub fn turn_blocking(&mut self) -> Result<(), NoTurn<T>> {
        let waker = own_waker();
        loop {
            match self.ask(&waker) {
                Asked::Ready(end) => return end,
                Asked::Wait(time) => park(time, self.inner.clock.now()),
            }
        }
    }
}

fn park(until: Option<Timestamp>, now: Timestamp) {
    match until {
        Some(time) => thread::park_timeout(time.since(now)),
        None => thread::park(),
    }
}
