//! Waiting in a thread.

use super::{Asked, NoTurn, Place, SharedQueue, Turn};
use crate::Limiter;
use crate::driver::parking::Parking;
use crate::queue::{Job, Pushed, Rejected};

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
        let parking = Parking::this_thread();
        loop {
            match ask(parking.waker()) {
                Asked::Ready(value) => return value,
                Asked::Wait(time) => parking.wait(time, self.inner.clock),
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
        let parking = Parking::this_thread();
        loop {
            match self.ask(parking.waker()) {
                Asked::Ready(end) => return end,
                Asked::Wait(time) => parking.wait(time, self.inner.clock),
            }
        }
    }
}
