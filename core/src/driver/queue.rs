//! A queue that threads and tasks share.
//!
//! One lock around [`Queue`](crate::queue::Queue), the clock, and those who wait.
//! Workers ask for [any job](SharedQueue::next) and report what came of it; callers
//! that send their own job [stand](SharedQueue::stand) in the queue until its turn.
//! Both share the limiters of a scope, its cooldown and its retry budget.
//!
//! Nothing is started unless somebody is there to send it. One of those who wait has
//! the only timer; when it rings, every job that is due is given out, and lateness is
//! made up for by the queue. Nobody polls: `n` jobs cost `O(n)` checks, however many
//! wait.
//!
//! # Who is told of a job
//!
//! Every job that was pushed ends exactly once: in [`Answered::Done`] or
//! [`Answered::GaveUp`] of a worker; with its [`Place`]; in what
//! [`cancel`](SharedQueue::cancel), a push that made room, or
//! [`shut_down`](SharedQueue::shut_down) returns; or, where no caller is at hand, as
//! an argument of the closure given to [`on_removed`](SharedQueueBuilder::on_removed).

mod bell;
mod blocking;
mod builder;
mod carried;
mod control;
mod guarded;
mod inspect;
mod place;
mod push;
mod room;
mod state;
mod turn;
mod waiters;
mod waking;
mod watch;

#[cfg(feature = "tokio")]
mod tokio;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::task::Waker;
use core::time::Duration;
use std::sync::PoisonError;

use self::state::{Effects, State};
use self::waiters::Key;
use super::MonotonicClock;
use super::sync::{Mutex, MutexGuard};
use crate::queue::{QueueConfig, Removed, Stall};
use crate::{Clock, Limiter, Timestamp};

#[cfg(feature = "tokio")]
pub use self::tokio::{NextTurn, PushWhenRoom};
pub use self::{
    builder::SharedQueueBuilder,
    place::{NoTurn, Place},
    turn::{Again, Answered, Failed, Turn},
};

/// Jobs that many workers send through a few limiters; clones share it.
///
/// # Examples
///
/// ```
/// use forbear_core::driver::queue::{Answered, SharedQueue};
/// use forbear_core::queue::{Job, QueueConfig};
/// use forbear_core::{Observation, Policy};
///
/// let queue = SharedQueue::new(QueueConfig::new());
/// let api = queue.add_policy("api", &Policy::recommended());
/// let tenant = queue.add_tenant(1)?;
/// for number in 0..3 {
///     queue.push(Job::new(api, tenant, number)).unwrap();
/// }
/// queue.drain();
/// let mut done = Vec::new();
/// while let Some(turn) = queue.next_blocking() {
///     // Send `turn.payload()` here.
///     match turn.answer(Observation::SUCCESS) {
///         Answered::Done(number) => done.push(number),
///         Answered::Again(_) => {}
///         Answered::GaveUp(failed) => eprintln!("{}: {}", failed.payload, failed.why),
///     }
/// }
/// assert_eq!(done, [0, 1, 2]);
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
pub struct SharedQueue<T, L = Box<dyn Limiter>> {
    inner: Arc<Inner<T, L>>,
}

/// What is shared.
struct Inner<T, L> {
    state: Mutex<State<T, L>>,
    clock: MonotonicClock,
    on_removed: Option<Box<OnRemoved<T>>>,
    on_stall: Option<Box<OnStall>>,
}

type OnRemoved<T> = dyn Fn(Removed<T>) + Send + Sync;
type OnStall = dyn Fn(Duration, &[Stall]) + Send + Sync;

/// What someone who waits was told.
enum Asked<V> {
    Ready(V),
    /// Ask again when woken, or at this time.
    Wait(Option<Timestamp>),
}

impl<T, L: Limiter> SharedQueue<T, L> {
    /// An empty queue without scopes and tenants.
    #[must_use]
    pub fn new(config: QueueConfig) -> Self {
        Self::builder(config).build()
    }

    /// Starts a queue that tells of what becomes of its jobs.
    pub fn builder(config: QueueConfig) -> SharedQueueBuilder<T, L> {
        SharedQueueBuilder::new(config)
    }

    /// The time by which its jobs' deadlines are meant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }
}

impl<T, L: Limiter> Inner<T, L> {
    /// Changes the state, and gives out whatever may start because of it.
    fn act<R>(&self, change: impl FnOnce(&mut State<T, L>, Timestamp) -> R) -> R {
        let mut state = self.lock();
        // Read under the lock, or it may be older than what another saw.
        let now = self.clock.now();
        let result = change(&mut state, now);
        state.give_out(now);
        let effects = state.take_effects();
        drop(state);
        self.bring_about(effects);
        result
    }

    /// Lets someone who waits look whether that is over.
    ///
    /// `look` is asked before and after jobs are given out.
    fn ask<V>(
        &self,
        key: &mut Option<Key>,
        waker: &Waker,
        mut look: impl FnMut(&mut State<T, L>, Key, Timestamp) -> Option<V>,
    ) -> Asked<V> {
        let mut state = self.lock();
        let now = self.clock.now();
        let key = *key.get_or_insert_with(|| state.waiters.name());
        let ready = look(&mut state, key, now).or_else(|| {
            state.waits(key, waker);
            state.give_out(now);
            look(&mut state, key, now)
        });
        let asked = match ready {
            Some(value) => {
                state.give_out(now);
                Asked::Ready(value)
            }
            None => Asked::Wait(state.timer_of(key)),
        };
        let effects = state.take_effects();
        drop(state);
        self.bring_about(effects);
        asked
    }

    /// Looks at the state.
    fn look<R>(&self, look: impl FnOnce(&State<T, L>, Timestamp) -> R) -> R {
        let state = self.lock();
        look(&state, self.clock.now())
    }

    fn lock(&self) -> MutexGuard<'_, State<T, L>> {
        // The invariants hold between the methods of the state, so a panic of another
        // holder leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Outside the lock: a waker may run its task at once, and a closure may ask the
    /// queue.
    fn bring_about(&self, effects: Effects<T>) {
        let Effects { wakers, removed, quiet_for, stalls } = effects;
        wakers.into_iter().for_each(Waker::wake);
        if let Some(on_removed) = &self.on_removed {
            removed.into_iter().for_each(on_removed);
        }
        if let Some(on_stall) = self.on_stall.as_ref().filter(|_| !stalls.is_empty()) {
            on_stall(quiet_for, &stalls);
        }
    }
}

impl<T, L> Clone for SharedQueue<T, L> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<T, L: Limiter> fmt::Debug for SharedQueue<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedQueue").field("tally", &self.tally()).finish_non_exhaustive()
    }
}
