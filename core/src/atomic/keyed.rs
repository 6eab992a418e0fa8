//! One rate for each key, for all threads.
//!
//! A table of slots that never grows. A key's hash names a set of sixteen slots
//! and the one to begin at; it is looked up without a lock, and given a slot
//! under the lock of its set. A slot whose bucket is full is as good as new, so
//! it is handed to the next key that needs one: there is nothing to sweep.
//!
//! A slot is two numbers, the key's hash and its TAT, and they cannot be changed
//! as one. It is safe all the same because the TAT of a slot only ever grows,
//! through all of its owners: it is its own version. A hand-over takes the TAT
//! away first, so a charge, which reads the TAT, then the key, then swaps that
//! TAT, fails if the slot changed hands in between.

use alloc::boxed::Box;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::sync::atomic::Ordering;
use std::hash::RandomState;
use std::sync::PoisonError;

use super::CoarseClock;
use super::scale::{Charge, Scale};
use super::sync::{AtomicU64, Mutex};
use crate::{Decision, InvalidConfig, Rate, Refusal, Timestamp};

/// `rate` and `burst` for each of up to `capacity` keys.
///
/// Only a key whose bucket is not full needs a place. The table has four times as
/// many, 64 bytes a key, so that no set overflows before the table is near its
/// capacity; with no place in its set, a new key is refused with
/// [`Refusal::TooManyKeys`] rather than let through unlimited. Keys are known by
/// a 64-bit hash, and two with the same one share their rate.
///
/// # Examples
///
/// ```
/// use forbear_core::Timestamp;
/// use forbear_core::atomic::KeyedAtomicGcra;
///
/// let hosts = KeyedAtomicGcra::new("1/s".parse().unwrap(), 1, 1000).unwrap();
/// assert!(hosts.acquire(Timestamp::ZERO, "a.example", 1).is_admit());
/// assert!(!hosts.acquire(Timestamp::ZERO, "a.example", 1).is_admit());
/// assert!(hosts.acquire(Timestamp::ZERO, "b.example", 1).is_admit());
/// ```
pub struct KeyedAtomicGcra<S = RandomState> {
    scale: Scale,
    capacity: usize,
    /// A power of two of them.
    sets: Box<[Set]>,
    hasher: S,
}

#[repr(align(64))]
struct Set {
    slots: [Slot; WAYS],
    /// Held by who gives a slot to another key.
    handover: Mutex<()>,
}

struct Slot {
    /// The hash of its owner, or `NOBODY`.
    owner: AtomicU64,
    /// The owner's TAT, or `CHANGING`.
    tat: AtomicU64,
}

/// Slots in a set.
#[cfg(not(forbear_loom))]
const WAYS: usize = 16;
/// A model checks each step of each slot.
#[cfg(forbear_loom)]
const WAYS: usize = 2;
const NOBODY: u64 = 0;
/// No TAT is as late.
const CHANGING: u64 = u64::MAX;

impl KeyedAtomicGcra {
    /// Room for `capacity` keys, hashed with a seed of this process.
    ///
    /// # Errors
    ///
    /// If `burst` or `capacity` is 0.
    pub fn new(rate: Rate, burst: u32, capacity: usize) -> Result<Self, InvalidConfig> {
        Self::with_hasher(rate, burst, capacity, RandomState::new())
    }
}

impl<S: BuildHasher> KeyedAtomicGcra<S> {
    /// The same with another hash; all of its 64 bits have to depend on the key.
    ///
    /// # Errors
    ///
    /// If `burst` or `capacity` is 0, or `capacity` is above 2^40.
    pub fn with_hasher(
        rate: Rate,
        burst: u32,
        capacity: usize,
        hasher: S,
    ) -> Result<Self, InvalidConfig> {
        if capacity == 0 || u64::try_from(capacity).is_ok_and(|capacity| capacity > 1 << 40) {
            return Err(InvalidConfig::new("capacity", capacity, "from 1 to 2^40"));
        }
        let scale = Scale::new(rate, burst)?;
        let sets = capacity.div_ceil(WAYS.div_ceil(4)).next_power_of_two();
        let sets = (0..sets).map(|_| Set::new()).collect();
        Ok(Self { scale, capacity, sets, hasher })
    }

    /// Checks and, if admitted, charges `units` to `key`. No units are free.
    #[inline]
    pub fn acquire<K: Hash + ?Sized>(&self, now: Timestamp, key: &K, units: u32) -> Decision {
        self.acquire_between((now, now), key, units)
    }

    /// The same by a clock that is late by up to its resolution; see
    /// [`AtomicGcra::acquire_by`](super::AtomicGcra::acquire_by).
    #[inline]
    pub fn acquire_by<K: Hash + ?Sized>(
        &self,
        clock: &CoarseClock,
        key: &K,
        units: u32,
    ) -> Decision {
        self.acquire_between(clock.span(), key, units)
    }

    #[inline]
    fn acquire_between<K: Hash + ?Sized>(
        &self,
        now: (Timestamp, Timestamp),
        key: &K,
        units: u32,
    ) -> Decision {
        if units == 0 {
            return Decision::Admit;
        }
        match self.scale.charge(now, units) {
            Ok(charge) => self.take(self.hasher.hash_one(key), &charge),
            Err(refusal) => refusal,
        }
    }

    /// For how many keys there is room.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    #[inline]
    fn take(&self, hash: u64, charge: &Charge) -> Decision {
        let hash = hash.max(NOBODY + 1);
        // Which slot is first is decided by other bits.
        let set = usize::try_from(hash >> 8).unwrap_or(usize::MAX) & (self.sets.len() - 1);
        let set = &self.sets[set];
        set.charge(hash, charge)
            .or_else(|| set.settle_in(hash, charge))
            .unwrap_or(Decision::Refuse(Refusal::TooManyKeys { capacity: self.capacity }))
    }
}

impl Set {
    fn new() -> Self {
        let slot = |_| Slot { owner: AtomicU64::new(NOBODY), tat: AtomicU64::new(0) };
        Self { slots: core::array::from_fn(slot), handover: Mutex::new(()) }
    }

    /// The slots in the order in which a key looks at them.
    #[inline]
    fn in_turn(&self, hash: u64) -> impl Iterator<Item = &Slot> {
        let first = usize::try_from(hash % WAYS as u64).unwrap_or(0);
        (0..WAYS).map(move |step| &self.slots[(first + step) % WAYS])
    }

    /// The answer to a key that has a slot.
    #[inline]
    fn charge(&self, hash: u64, charge: &Charge) -> Option<Decision> {
        for slot in self.in_turn(hash) {
            let mut tat = slot.tat.load(Ordering::Acquire);
            while tat != CHANGING {
                // After the TAT, see above.
                let owner = slot.owner.load(Ordering::Acquire);
                if owner == NOBODY {
                    // A key takes the first slot that is free, and no slot becomes
                    // nobody's again: it is not behind this one.
                    return None;
                }
                if owner != hash {
                    break;
                }
                let next = match charge.apply(tat) {
                    Ok(next) => next,
                    Err(decision) => return Some(decision),
                };
                match slot.swap(tat, next) {
                    Ok(_) => return Some(Decision::Admit),
                    Err(seen) => tat = seen,
                }
            }
        }
        None
    }

    /// Gives a key a slot and charges it; nothing if every slot is in use.
    #[cold]
    fn settle_in(&self, hash: u64, charge: &Charge) -> Option<Decision> {
        // Nothing is left half done: a holder does not panic.
        let _held = self.handover.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have brought the key, and twice it would count half.
        if let Some(decision) = self.charge(hash, charge) {
            return Some(decision);
        }
        for slot in self.in_turn(hash) {
            let tat = slot.tat.load(Ordering::Acquire);
            if !charge.is_full(tat) {
                continue;
            }
            let next = match charge.apply(tat) {
                Ok(next) => next,
                Err(decision) => return Some(decision),
            };
            // Fails if the owner came back.
            if slot.tat.compare_exchange(tat, CHANGING, Ordering::AcqRel, Ordering::Relaxed).is_ok()
            {
                slot.owner.store(hash, Ordering::Release);
                slot.tat.store(next, Ordering::Release);
                return Some(Decision::Admit);
            }
        }
        None
    }
}

impl Slot {
    #[inline]
    fn swap(&self, from: u64, to: u64) -> Result<u64, u64> {
        self.tat.compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Acquire)
    }
}

impl<S> fmt::Debug for KeyedAtomicGcra<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedAtomicGcra")
            .field("scale", &self.scale)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
