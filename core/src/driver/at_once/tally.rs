//! A count that many threads add to, each at its own place.
//!
//! An addition that no other thread may come between costs several times what the rest
//! of the short way does, and waits for the cache line of the last one who added. So
//! the first threads of a process have a number each, and a place of their own in each
//! tally, where reading and writing are enough. All others share one more place.

use alloc::boxed::Box;
use core::cell::Cell;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Threads that have a place of their own.
const OWNERS: usize = 8;

/// A count that only grows.
#[derive(Debug)]
pub(super) struct Tally {
    /// One a number; none where nothing is ever counted.
    owned: Box<[Place]>,
    /// Of all other threads.
    shared: AtomicU64,
}

/// On a line of its own: a neighbour that changes would slow it down.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Place(AtomicU64);

/// Which numbers are taken, a bit each.
static TAKEN: AtomicU32 = AtomicU32::new(0);

std::thread_local! {
    /// The number of this thread; more than any before it has asked for one.
    static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
    /// Gives the number back when the thread ends.
    static OWNER: Owner = Owner::claim();
}

impl Tally {
    /// One that `counts`, or is there for nothing and takes up next to nothing.
    pub(super) fn new(counts: bool) -> Self {
        let owned = (0..if counts { OWNERS } else { 0 }).map(|_| Place::default()).collect();
        Self { owned, shared: AtomicU64::new(0) }
    }

    #[cfg(feature = "tokio")]
    #[inline]
    pub(super) fn add_one(&self) {
        // A thread that is ending has no more locals, and shares.
        let number = NUMBER.try_with(Cell::get).unwrap_or(OWNERS);
        match self.owned.get(number) {
            Some(place) => {
                // Nobody else writes here, so nothing comes in between.
                place.0.store(place.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
            None => self.add_shared(number),
        }
    }

    #[cfg(feature = "tokio")]
    #[cold]
    fn add_shared(&self, number: usize) {
        if number > OWNERS {
            // It sets the number; again next time, if the thread is ending.
            let _ = OWNER.try_with(|_| ());
        }
        self.shared.fetch_add(1, Ordering::Relaxed);
    }

    /// What was added up to now.
    pub(super) fn total(&self) -> u64 {
        let shared = self.shared.load(Ordering::Relaxed);
        self.owned.iter().fold(shared, |sum, place| sum + place.0.load(Ordering::Relaxed))
    }
}

/// The right of one thread to its number.
struct Owner(usize);

impl Owner {
    fn claim() -> Self {
        let mut taken = TAKEN.load(Ordering::Relaxed);
        loop {
            let number = taken.trailing_ones() as usize;
            if number >= OWNERS {
                NUMBER.set(OWNERS);
                return Self(OWNERS);
            }
            // Acquired, so that what its last owner wrote is read, and not what was
            // there before.
            match TAKEN.compare_exchange_weak(
                taken,
                taken | 1 << number,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    NUMBER.set(number);
                    return Self(number);
                }
                Err(now) => taken = now,
            }
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // What the thread does from here on it counts with the others.
        NUMBER.set(OWNERS);
        if self.0 < OWNERS {
            TAKEN.fetch_and(!(1 << self.0), Ordering::Release);
        }
    }
}

#[cfg(all(test, feature = "tokio"))]
mod tests {
    use super::*;

    /// Many more threads than there are places, at once and one after another, so that
    /// numbers are given back and taken again.
    #[test]
    fn no_addition_is_lost() {
        let tally = Tally::new(true);
        for _ in 0..50 {
            std::thread::scope(|scope| {
                for _ in 0..2 * OWNERS {
                    scope.spawn(|| (0..100).for_each(|_| tally.add_one()));
                }
            });
        }
        assert_eq!(tally.total(), 50 * 2 * OWNERS as u64 * 100);
    }
}
