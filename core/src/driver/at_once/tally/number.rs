//! Which thread has which place in every tally.

use core::cell::Cell;
use core::sync::atomic::Ordering;

#[cfg(not(forbear_loom))]
use core::sync::atomic::AtomicU32;
#[cfg(forbear_loom)]
use loom::{sync::atomic::AtomicU32, thread_local};
#[cfg(not(forbear_loom))]
use std::thread_local;

use super::OWNERS;

// Which numbers are taken, a bit each. A model makes its atomics anew for each order of
// steps.
#[cfg(forbear_loom)]
loom::lazy_static! {
    static ref TAKEN: AtomicU32 = AtomicU32::new(0);
}
#[cfg(not(forbear_loom))]
static TAKEN: AtomicU32 = AtomicU32::new(0);

// The number of this thread; more than any before it has asked for one.
#[cfg(not(forbear_loom))]
thread_local!(static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) });
#[cfg(forbear_loom)]
thread_local!(static NUMBER: Cell<usize> = Cell::new(usize::MAX));

thread_local! {
    /// Gives the number back when the thread ends.
    static OWNER: Owner = Owner::claim();
}

/// The number of this thread: below `OWNERS` if it has a place, `OWNERS` if it has none,
/// more if it has not [claimed](claim) one yet.
#[inline]
pub(super) fn of_this_thread() -> usize {
    // A thread that is ending has no more locals, and shares.
    NUMBER.try_with(Cell::get).unwrap_or(OWNERS)
}

/// Whether some thread has a place of its own.
#[cfg(forbear_loom)]
pub(super) fn is_any_taken() -> bool {
    TAKEN.load(Ordering::Relaxed) != 0
}

fn set_number(number: usize) {
    let _ = NUMBER.try_with(|cell| cell.set(number));
}

/// Gives this thread a number, for as long as it lives.
pub(super) fn claim() {
    // It sets the number; not where the thread is ending.
    let _ = OWNER.try_with(|_| ());
}

/// The right of one thread to its number.
struct Owner(usize);

impl Owner {
    fn claim() -> Self {
        let mut taken = TAKEN.load(Ordering::Relaxed);
        loop {
            let number = taken.trailing_ones() as usize;
            if number >= OWNERS {
                set_number(OWNERS);
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
                    set_number(number);
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
        set_number(OWNERS);
        if self.0 < OWNERS {
            TAKEN.fetch_and(!(1 << self.0), Ordering::Release);
        }
    }
}
