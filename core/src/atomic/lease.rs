//! Units that one thread holds ready.

use super::AtomicGcra;
use crate::{Decision, Timestamp};

/// Units of an [`AtomicGcra`] that one thread has taken and spends without an
/// atomic.
///
/// It takes `size` units at a time, or what a request needs where there are
/// fewer. All are charged when they are taken and may be spent at any later time,
/// so with leases of `L` units in all the envelope in a span of time `t` is
/// `burst + L + rate * t`. While units are held, another thread may have to wait
/// for some. What is unspent goes back when the lease is dropped.
///
/// # Examples
///
/// ```
/// use forbear_core::Timestamp;
/// use forbear_core::atomic::AtomicGcra;
///
/// let gcra = AtomicGcra::new("100/s".parse().unwrap(), 10).unwrap();
/// let mut lease = gcra.lease(8).unwrap();
/// assert!(lease.acquire(Timestamp::ZERO, 1).is_admit());
/// // The lease holds seven of the ten.
/// assert!(!gcra.acquire(Timestamp::ZERO, 3).is_admit());
/// drop(lease);
/// assert!(gcra.acquire(Timestamp::ZERO, 9).is_admit());
/// ```
#[derive(Debug)]
#[must_use = "what is leased goes back at once when the lease is dropped"]
pub struct Lease<'a> {
    gcra: &'a AtomicGcra,
    size: u32,
    left: u32,
}

impl<'a> Lease<'a> {
    pub(super) const fn new(gcra: &'a AtomicGcra, size: u32) -> Self {
        Self { gcra, size, left: 0 }
    }

    /// Checks and, if admitted, charges `units`.
    #[inline]
    pub fn acquire(&mut self, now: Timestamp, units: u32) -> Decision {
        self.acquire_with(units, || now)
    }

    /// The same with a clock that is read only where the lease is used up.
    #[inline]
    pub fn acquire_with(&mut self, units: u32, now: impl FnOnce() -> Timestamp) -> Decision {
        if let Some(left) = self.left.checked_sub(units) {
            self.left = left;
            return Decision::Admit;
        }
        self.refill(now(), units)
    }

    /// Units that are taken and not spent.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.left
    }

    #[cold]
    fn refill(&mut self, now: Timestamp, units: u32) -> Decision {
        let missing = units - self.left;
        if missing < self.size && self.gcra.acquire(now, self.size).is_admit() {
            self.left = self.size - missing;
            return Decision::Admit;
        }
        let decision = self.gcra.acquire(now, missing);
        if decision.is_admit() {
            self.left = 0;
        }
        decision
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.gcra.release(self.left);
    }
}
