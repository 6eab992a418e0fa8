//! A count that many threads add to, each at its own place.
//!
//! An addition that no other thread may come between costs several times what the rest
//! of the short way does, and waits for the cache line of the last one who added. So
//! the first threads of a process have a number each, and a place of their own in each
//! tally, where reading and writing are enough. All others share one more place.

#[cfg(feature = "tokio")]
mod number;

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, Ordering};

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

impl Tally {
    /// One that `counts`, or is there for nothing and takes up next to nothing.
    pub(super) fn new(counts: bool) -> Self {
        let owned = (0..if counts { OWNERS } else { 0 }).map(|_| Place::default()).collect();
        Self { owned, shared: AtomicU64::new(0) }
    }

    #[cfg(feature = "tokio")]
    #[inline]
    pub(super) fn add_one(&self) {
        let number = number::of_this_thread();
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
            number::claim();
        }
        self.shared.fetch_add(1, Ordering::Relaxed);
    }

    /// What was added up to now.
    pub(super) fn total(&self) -> u64 {
        let shared = self.shared.load(Ordering::Relaxed);
        self.owned.iter().fold(shared, |sum, place| sum + place.0.load(Ordering::Relaxed))
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
