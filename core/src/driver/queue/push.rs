//! Taking jobs in.

use core::task::Waker;

use super::carried::Carried;
use super::state::State;
use super::waiters::Key;
use super::{Asked, Inner, SharedQueue};
use crate::queue::{Job, Pushed, Rejected};
use crate::{Limiter, Timestamp};

impl<T, L: Limiter> SharedQueue<T, L> {
    /// Takes in a job for any worker, and says when it is expected to start; see
    /// [`Queue::push`](crate::queue::Queue::push).
    ///
    /// # Errors
    ///
    /// The job, and why it is not in the queue.
    pub fn push(&self, job: Job<T>) -> Result<Pushed<T>, Rejected<T>> {
        self.inner.act(|state, now| state.push(now, job, None))
    }
}

impl<T, L: Limiter> Inner<T, L> {
    /// Pushes a job if there is room and nobody waited for it before; `place` is where
    /// it stands for that.
    pub(super) fn ask_for_room(
        &self,
        place: &mut Option<u64>,
        job: &mut Option<Job<T>>,
        waker: &Waker,
    ) -> Asked<Result<Pushed<T>, Rejected<T>>> {
        self.act(|state, now| {
            let lane = job.as_ref().map_or(0, Job::in_lane);
            let goes_in = state.queue.is_draining()
                || (state.room.is_first(*place) && state.queue.has_room(lane));
            if let Some(job) = job.take_if(|_| goes_in) {
                state.room.leave(place);
                return Asked::Ready(state.push(now, job, None));
            }
            state.room.stand(place, lane, waker);
            Asked::Wait(None)
        })
    }
}

impl<T, L: Limiter> State<T, L> {
    pub(super) fn push(
        &mut self,
        now: Timestamp,
        job: Job<T>,
        owner: Option<Key>,
    ) -> Result<Pushed<T>, Rejected<T>> {
        self.pushes(now);
        match self.queue.push(now, job.map(|payload| Carried::new(payload, owner))) {
            Ok(Pushed { id, expected_start, dropped }) => {
                let dropped = dropped.and_then(|removed| self.open_up(now, removed));
                Ok(Pushed { id, expected_start, dropped })
            }
            Err(Rejected { job, why }) => {
                Err(Rejected { job: job.map(|carried| carried.payload), why })
            }
        }
    }
}
