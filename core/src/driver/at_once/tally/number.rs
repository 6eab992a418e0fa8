//! Which thread has which place in every tally.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};

use super::OWNERS;

/// Which numbers are taken, a bit each.
static TAKEN: AtomicU32 = AtomicU32::new(0);

std::thread_local! {
    /// The number of this thread; more than any before it has asked for one.
    static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
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
