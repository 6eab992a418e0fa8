//! One limiter for each key: a host, an API key, a tenant.
//!
//! Keys come from outside, so their number is bounded, and what is bounded must
//! forget. What is forgotten is only what is idle: a full bucket, an empty window,
//! a place that nobody holds, a bound that nobody used for
//! [`STALE_AFTER`](super::STALE_AFTER). A wait that a server asked for, a debt, a request in
//! flight keeps its key. There is no sweep that stops everything: each send looks
//! at two keys in turn and forgets those that are idle.

use alloc::collections::BTreeMap;
use core::ops::Bound;

use super::{Completion, Limiter};
use crate::{Cost, Decision, InvalidConfig, Refusal, Timestamp};

/// A limiter for each of up to `capacity` keys, made from one prototype.
///
/// With every key in use, a request of a new one is refused with
/// [`Refusal::TooManyKeys`] rather than let through unlimited.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::{Gcra, Keyed};
/// use forbear_core::{Cost, Decision, Refusal, Timestamp};
///
/// let mut hosts = Keyed::new(Gcra::per("1/s".parse().unwrap()), 2).unwrap();
/// let (start, later) = (Timestamp::ZERO, Timestamp::from_nanos(1_000_000_000));
/// assert!(hosts.acquire(start, &"a", &Cost::REQUEST).is_admit());
/// assert!(!hosts.acquire(start, &"a", &Cost::REQUEST).is_admit());
/// assert!(hosts.acquire(start, &"b", &Cost::REQUEST).is_admit());
/// let full = Decision::Refuse(Refusal::TooManyKeys { capacity: 2 });
/// assert_eq!(hosts.acquire(start, &"c", &Cost::REQUEST), full);
/// ```
#[derive(Clone, Debug)]
pub struct Keyed<K, L> {
    prototype: L,
    capacity: usize,
    entries: BTreeMap<K, Entry<L>>,
    /// The key that was looked at last.
    cursor: Option<K>,
}

#[derive(Clone, Debug)]
struct Entry<L> {
    limiter: L,
    in_flight: u32,
}

impl<L: Limiter> Entry<L> {
    fn is_idle(&self, now: Timestamp) -> bool {
        self.in_flight == 0 && self.limiter.is_idle(now)
    }
}

impl<K: Clone + Ord, L: Clone + Limiter> Keyed<K, L> {
    /// Keys that each send looks at. Two forget faster than one send can add.
    const LOOKS: usize = 2;
    /// Keys that a send looks at where all are taken.
    const SEARCH: usize = 16;

    /// A copy of `prototype` for each of up to `capacity` keys.
    ///
    /// # Errors
    ///
    /// If `capacity` is 0.
    pub fn new(prototype: L, capacity: usize) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("capacity", capacity)?;
        Ok(Self { prototype, capacity, entries: BTreeMap::new(), cursor: None })
    }

    /// Would a request of `key` be admitted at `now`?
    pub fn check(&self, now: Timestamp, key: &K, cost: &Cost) -> Decision {
        match self.entries.get(key) {
            Some(entry) => entry.limiter.check(now, cost),
            None if self.has_room(now) => self.prototype.check(now, cost),
            None => Decision::Refuse(Refusal::TooManyKeys { capacity: self.capacity }),
        }
    }

    /// Charges for a request of `key`, right after [`check`](Self::check) admitted it.
    pub fn commit(&mut self, now: Timestamp, key: &K, cost: &Cost) {
        if !self.entries.contains_key(key) {
            let looks = if self.entries.len() < self.capacity { Self::LOOKS } else { Self::SEARCH };
            self.forget_idle(now, looks);
        }
        let fresh = || Entry { limiter: self.prototype.clone(), in_flight: 0 };
        let entry = self.entries.entry(key.clone()).or_insert_with(fresh);
        entry.in_flight = entry.in_flight.saturating_add(1);
        entry.limiter.commit(now, cost);
    }

    /// Learns how a charged request of `key` ended.
    pub fn observe(&mut self, now: Timestamp, key: &K, completion: &Completion<'_>) {
        // A request in flight keeps its key, so there is one.
        if let Some(entry) = self.entries.get_mut(key) {
            entry.in_flight = entry.in_flight.saturating_sub(1);
            entry.limiter.observe(now, completion);
        }
        self.forget_idle(now, Self::LOOKS);
    }

    /// Checks and, if admitted, charges.
    pub fn acquire(&mut self, now: Timestamp, key: &K, cost: &Cost) -> Decision {
        let decision = self.check(now, key, cost);
        if decision.is_admit() {
            self.commit(now, key, cost);
        }
        decision
    }

    /// How many keys have a limiter; never more than the capacity.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no key has a limiter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether [`commit`](Self::commit) would find a place for another key.
    fn has_room(&self, now: Timestamp) -> bool {
        self.entries.len() < self.capacity
            || self.in_turn().take(Self::SEARCH).any(|(_, entry)| entry.is_idle(now))
    }

    fn forget_idle(&mut self, now: Timestamp, looks: usize) {
        for _ in 0..looks.min(self.entries.len()) {
            let Some((key, entry)) = self.in_turn().next() else { return };
            let (key, is_idle) = (key.clone(), entry.is_idle(now));
            if is_idle {
                self.entries.remove(&key);
            }
            self.cursor = Some(key);
        }
    }

    /// Every entry once, from the one behind the cursor on.
    fn in_turn(&self) -> impl Iterator<Item = (&K, &Entry<L>)> {
        let behind = self.cursor.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let up_to = self.cursor.as_ref().map_or(Bound::Unbounded, Bound::Included);
        let first_round = self.entries.range((behind, Bound::Unbounded));
        let rest = self.cursor.as_ref().map(|_| self.entries.range((Bound::Unbounded, up_to)));
        first_round.chain(rest.into_iter().flatten())
    }
}
