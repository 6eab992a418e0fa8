//! The limiter that admits from the lease.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use forbear_core::driver::MonotonicClock;
use forbear_core::{Clock, Completion, Cost, Decision, Limiter, Timestamp};
use tokio::sync::Notify;

use crate::Event;
use crate::ledger::{Ledger, Reservation};

/// When one is asked again that wakes nobody: the time between two calls of Redis.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A ledger that limiters draw from and a task fills.
#[derive(Debug)]
pub struct Pool {
    ledger: Mutex<Ledger>,
    /// Told when a call of Redis may be due earlier than was planned.
    pub(crate) due: Notify,
    wakers: Mutex<Vec<(u64, Waker)>>,
    next_waker: AtomicU64,
    clock: MonotonicClock,
}

impl Pool {
    /// One over this ledger, whose time begins now.
    #[must_use]
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger: Mutex::new(ledger),
            due: Notify::new(),
            wakers: Mutex::default(),
            next_waker: AtomicU64::new(0),
            clock: MonotonicClock::start(),
        }
    }

    /// The ledger. Each of its methods leaves it whole.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn clock(&self) -> MonotonicClock {
        self.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Wakes whoever waits for a permit; not to be called with the ledger locked.
    pub fn wake(&self) {
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (_, waker) in wakers {
            waker.wake();
        }
    }

    pub(crate) fn take_events(&self) -> Vec<Event> {
        self.ledger().take_events()
    }
}

/// What closes a quota when the last of its limiters and handles is gone.
pub(crate) struct Handle {
    pub(crate) pool: Arc<Pool>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.pool.ledger().close();
        self.pool.due.notify_one();
    }
}

/// Admits what there are permits for, of all limits of a [`SharedQuota`](crate::SharedQuota).
///
/// Asking it is one lock and no I/O. Clones, and the policies they are in, draw from one
/// lease; what one of them was told it may take, no other takes. What a send really cost
/// is settled with Redis.
///
/// A policy attaches it, and then it wakes who waits. Used otherwise, it counts time by
/// [`SharedQuota::clock`](crate::SharedQuota::clock), and names a time in ten milliseconds
/// where it cannot know when permits come.
pub struct SharedLimiter {
    pool: Arc<Pool>,
    /// Keeps the task that fills the pool.
    handle: Option<Arc<Handle>>,
    own: Mutex<Reservation>,
    attached: Option<Attached>,
    name: &'static str,
}

#[derive(Clone, Copy, Debug)]
struct Attached {
    waker: u64,
    /// The pool's time when it was 0 for the driver.
    origin_ns: u64,
}

impl SharedLimiter {
    /// One that draws from `pool`, which somebody else fills.
    #[must_use]
    pub fn over(pool: Arc<Pool>) -> Self {
        Self { pool, handle: None, own: Mutex::default(), attached: None, name: "shared" }
    }

    pub(crate) fn of(handle: Arc<Handle>) -> Self {
        let mut limiter = Self::over(Arc::clone(&handle.pool));
        limiter.handle = Some(handle);
        limiter
    }

    /// Called `name` where a wait is explained.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    fn own(&self) -> MutexGuard<'_, Reservation> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A time of the driver, as the pool counts it.
    fn inward(&self, time: Timestamp) -> Timestamp {
        let origin_ns = self.attached.map_or(0, |attached| attached.origin_ns);
        Timestamp::from_nanos(time.as_nanos().saturating_add(origin_ns))
    }

    fn outward(&self, now: Timestamp, decision: Decision) -> Decision {
        match (decision, self.attached) {
            (Decision::WaitUntil(time), Some(Attached { origin_ns, .. })) => {
                Decision::WaitUntil(Timestamp::from_nanos(time.as_nanos() - origin_ns))
            }
            // It could wake nobody.
            (Decision::WaitForCompletion, None) => Decision::WaitUntil(now.after(LOOK_AGAIN)),
            (decision, _) => decision,
        }
    }
}

impl Limiter for SharedLimiter {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let now_there = self.inward(now);
        let checked = self.pool.ledger().check_and_notice(now_there, cost, &mut self.own());
        let (decision, is_due) = checked;
        if is_due {
            self.pool.due.notify_one();
        }
        self.outward(now, decision)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let own = self.own.get_mut().unwrap_or_else(PoisonError::into_inner);
        let origin_ns = self.attached.map_or(0, |attached| attached.origin_ns);
        let now = Timestamp::from_nanos(now.as_nanos().saturating_add(origin_ns));
        if self.pool.ledger().commit_and_notice(now, cost, own) {
            self.pool.due.notify_one();
        }
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        let sent_at = self.inward(completion.sent_at);
        let completion = Completion { sent_at, ..*completion };
        if self.pool.ledger().observe_and_notice(self.inward(now), &completion) {
            self.pool.due.notify_one();
        }
    }

    fn attach(&mut self, now: Timestamp, waker: &Waker) -> bool {
        let id = self.pool.next_waker.fetch_add(1, Ordering::Relaxed);
        // Read after the driver read its own, so that its time is not behind: a lease
        // ends a few nanoseconds early rather than late.
        let origin_ns = self.pool.now().as_nanos().saturating_sub(now.as_nanos());
        self.detach();
        self.attached = Some(Attached { waker: id, origin_ns });
        let mut wakers = self.pool.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.push((id, waker.clone()));
        true
    }

    fn name(&self) -> &'static str {
        self.name
    }
}

impl SharedLimiter {
    fn detach(&mut self) {
        if let Some(Attached { waker, .. }) = self.attached.take() {
            let mut wakers = self.pool.wakers.lock().unwrap_or_else(PoisonError::into_inner);
            wakers.retain(|(id, _)| *id != waker);
        }
    }
}

impl Clone for SharedLimiter {
    /// Draws from the same lease, and is promised nothing yet.
    fn clone(&self) -> Self {
        Self {
            pool: Arc::clone(&self.pool),
            handle: self.handle.clone(),
            own: Mutex::default(),
            attached: None,
            name: self.name,
        }
    }
}

impl Drop for SharedLimiter {
    fn drop(&mut self) {
        self.detach();
        let own = self.own.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.pool.ledger().release(own);
    }
}

impl fmt::Debug for SharedLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What it was promised is no part of what it answers.
        f.debug_struct("SharedLimiter").field("name", &self.name).finish_non_exhaustive()
    }
}
