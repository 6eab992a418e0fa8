//! A count that many threads add to, each at its own place.
//!
//! An addition that no other thread may come between costs several times what the rest
//! of the short way does, and waits for the cache line of the last one who added. So
//! the first threads of a process have a number each, and a place of their own in each
//! tally, where reading and writing are enough. All others share one more place.

#[cfg(any(feature = "tokio", forbear_loom))]
mod number;

use alloc::boxed::Box;
use core::sync::atomic::Ordering;

use crate::driver::sync::AtomicU64;

/// Threads that have a place of their own.
///
/// One in a model, so that two threads take turns at it, and share.
const OWNERS: usize = if cfg!(forbear_loom) { 1 } else { 8 };

/// A count that only grows.
#[derive(Debug)]
pub(in crate::driver) struct Tally {
    /// One a number; none where nothing is ever counted.
    owned: Box<[Place]>,
    /// Of all other threads.
    shared: AtomicU64,
}

/// On a line of its own: a neighbour that changes would slow it down.
#[derive(Debug)]
#[repr(align(64))]
struct Place(AtomicU64);

impl Tally {
    /// One that `counts`, or is there for nothing and takes up next to nothing.
    pub(in crate::driver) fn new(counts: bool) -> Self {
        let owned =
            (0..if counts { OWNERS } else { 0 }).map(|_| Place(AtomicU64::new(0))).collect();
        Self { owned, shared: AtomicU64::new(0) }
    }

    #[cfg(any(feature = "tokio", forbear_loom))]
    #[inline]
    pub(in crate::driver) fn add_one(&self) {
        let number = number::of_this_thread();
        match self.owned.get(number) {
            Some(place) => {
                // Nobody else writes here, so nothing comes in between.
                place.0.store(place.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
            None => self.add_shared(number),
        }
    }

    #[cfg(any(feature = "tokio", forbear_loom))]
    #[cold]
    fn add_shared(&self, number: usize) {
        if number > OWNERS {
            number::claim();
        }
        self.shared.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether some thread has a place of its own, in whatever tally.
    #[cfg(forbear_loom)]
    pub(in crate::driver) fn is_any_taken() -> bool {
        number::is_any_taken()
    }

    /// What was added up to now.
    pub(in crate::driver) fn total(&self) -> u64 {
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
