//! Those who wait for a turn.

use alloc::collections::{BTreeMap, BTreeSet};
use core::num::NonZeroU64;
use core::task::Waker;

use super::carried::Held;
use crate::queue::Removed;

/// One who waits. Never 0, so that having none takes up no room.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key(NonZeroU64);

/// Those who wait, and what they were given.
#[derive(Debug)]
pub(super) struct Waiters<T> {
    all: BTreeMap<Key, Waiter<T>>,
    /// Workers that were given nothing yet, the one that waits longest first.
    idle: BTreeSet<Key>,
    next: NonZeroU64,
}

#[derive(Debug)]
struct Waiter<T> {
    /// Absent until it is polled.
    waker: Option<Waker>,
    /// Whether the future that polled it has gone away. It may be polled by another, so
    /// it is woken all the same, but relied upon only where nobody else is there.
    rests: bool,
    gift: Option<Gift<T>>,
}

/// What ends a wait.
#[derive(Debug)]
pub(super) enum Gift<T> {
    /// A job to send.
    Turn(Held<T>),
    /// The job left the queue.
    Removed(Removed<T>),
    /// The job was cancelled by somebody else, who has its payload.
    Cancelled,
}

impl<T> Waiters<T> {
    pub(super) const fn new() -> Self {
        Self { all: BTreeMap::new(), idle: BTreeSet::new(), next: NonZeroU64::MIN }
    }

    /// A name for one who waits.
    pub(super) const fn name(&mut self) -> Key {
        let key = Key(self.next);
        self.next = self.next.saturating_add(1);
        key
    }

    /// Takes in one who waits for a job of its own.
    pub(super) fn join(&mut self, key: Key) {
        self.all.insert(key, Waiter { waker: None, rests: false, gift: None });
    }

    /// Takes in a worker.
    pub(super) fn join_worker(&mut self, key: Key) {
        if !self.all.contains_key(&key) {
            self.join(key);
            self.idle.insert(key);
        }
    }

    /// Is to be woken by `waker` from now on.
    pub(super) fn rewake(&mut self, key: Key, waker: &Waker) {
        if let Some(waiter) = self.all.get_mut(&key) {
            waiter.rests = false;
            match &mut waiter.waker {
                Some(old) => old.clone_from(waker),
                none => *none = Some(waker.clone()),
            }
        }
    }

    /// The future that polled it goes away.
    #[cfg(feature = "tokio")]
    pub(super) fn rest(&mut self, key: Key) {
        if let Some(waiter) = self.all.get_mut(&key) {
            waiter.rests = true;
        }
    }

    pub(super) fn waker(&self, key: Key) -> Option<Waker> {
        self.all.get(&key)?.waker.clone()
    }

    /// Gives to one who is waiting, and returns its waker; nothing if it is not there.
    pub(super) fn give(&mut self, key: Key, gift: Gift<T>) -> Option<Waker> {
        let waiter = self.all.get_mut(&key)?;
        waiter.gift = Some(gift);
        self.idle.remove(&key);
        waiter.waker.clone()
    }

    /// Whether one is there to be given something.
    pub(super) fn is_there(&self, key: Key) -> bool {
        self.all.contains_key(&key)
    }

    /// The worker that waits longest and was given nothing.
    pub(super) fn first_idle(&self) -> Option<Key> {
        self.idle.first().copied()
    }

    /// Takes what was given; its wait is over.
    pub(super) fn take(&mut self, key: Key) -> Option<Gift<T>> {
        let gift = self.all.get_mut(&key)?.gift.take()?;
        self.all.remove(&key);
        Some(gift)
    }

    /// Takes out one who waits no more, and what it was given.
    pub(super) fn leave(&mut self, key: Key) -> Option<Gift<T>> {
        self.idle.remove(&key);
        self.all.remove(&key)?.gift
    }

    /// Whether one waits whom a timer may wake.
    pub(super) fn is_waiting(&self, key: Key) -> bool {
        self.all.get(&key).is_some_and(Waiter::is_waiting)
    }

    /// Whether one waits who can be relied upon to ask when a timer rings.
    pub(super) fn keeps_time(&self, key: Key) -> bool {
        let rests = |waiter: &Waiter<T>| waiter.rests;
        self.is_waiting(key) && (!self.all.get(&key).is_some_and(rests) || self.all_rest())
    }

    fn all_rest(&self) -> bool {
        self.all.values().all(|waiter| waiter.rests || !waiter.is_waiting())
    }

    /// The one that came last of those who wait: it is likely to wait longest. One that
    /// rests only if all do.
    pub(super) fn last_waiting(&self) -> Option<Key> {
        let waiting = || self.all.iter().rev().filter(|(_, waiter)| waiter.is_waiting());
        let awake = waiting().find(|(_, waiter)| !waiter.rests);
        awake.or_else(|| waiting().next()).map(|(&key, _)| key)
    }

    /// Whether nobody waits, for any job or for its own.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The wakers of all workers that were given nothing.
    pub(super) fn idle_wakers(&self) -> impl Iterator<Item = Waker> {
        self.idle.iter().filter_map(|&key| self.waker(key))
    }
}

impl<T> Waiter<T> {
    const fn is_waiting(&self) -> bool {
        self.waker.is_some() && self.gift.is_none()
    }
}
