//! The event queue: what happens next.
//!
//! Ordered by time, and at the same time by the order in which events were
//! scheduled, so that a run has one order and not one per platform.
//!
//! A radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the
//! shortest path problem", 1990) with digits of four bits: time never goes back, so an
//! event need only be sorted as finely as it is near. An event is kept by the highest digit
//! in which its time differs from the time that was reached; when the nearest such bucket is
//! due, it is dealt out to nearer ones. Two events of one time are always in the same
//! bucket and keep their order there, so no number has to be kept for it. A bucket of a few
//! events is sorted and not dealt out, since the last digits would each take one event
//! further. A 4-ary heap, which does not know that time goes one way, made whole runs 5 to
//! 25 % slower.
//!
//! Buckets are lists of blocks that all share: a block that was dealt out is the next that
//! is filled, while it is in the cache, and no bucket keeps memory for its largest past.

mod blocks;

use std::collections::VecDeque;
use std::fmt;

use self::blocks::{Blocks, List};

/// Events in the order of their time; ties in the order of scheduling.
///
/// # Examples
///
/// ```
/// use forbear_sim::EventQueue;
///
/// let mut queue = EventQueue::new();
/// queue.schedule(7, "later");
/// queue.schedule(3, "first");
/// queue.schedule(3, "second");
/// assert_eq!(queue.pop(), Some((3, "first")));
/// assert_eq!(queue.pop(), Some((3, "second")));
/// assert_eq!(queue.now(), 3);
/// ```
pub struct EventQueue<E> {
    /// Those whose time is `reached`.
    due: VecDeque<E>,
    /// Those of the bucket that was nearest, in the order of their time from the end.
    near: Vec<Entry<E>>,
    /// What comes before this time, and after `reached`, is near.
    near_until: u64,
    /// The others: those whose time differs from `reached` in a digit and in none above, by
    /// the place of that digit and its value.
    buckets: [Bucket; PLACES * DIGITS],
    /// Bit `i` is set if a bucket for place `i` is not empty.
    places: u16,
    /// For each place, bit `i` is set if its bucket for digit `i` is not empty.
    digits: [u16; PLACES],
    blocks: Blocks<Entry<E>>,
    /// The time of the last event that was taken; no later than `now`.
    reached: u64,
    now: u64,
}

/// Bits of a digit.
const BITS: u32 = 4;
const DIGITS: usize = 1 << BITS;
const PLACES: usize = (u64::BITS / BITS) as usize;

/// The most events of a bucket that is sorted and not dealt out.
const FEW: usize = 64;
/// The most that are kept in order.
const MOST_NEAR: usize = 2 * FEW;

#[derive(Clone, Copy)]
struct Bucket {
    entries: List,
    /// The time of its first event.
    earliest: u64,
}

#[derive(Clone, Copy)]
struct Entry<E> {
    at: u64,
    event: E,
}

impl<E: Copy> EventQueue<E> {
    /// An empty queue at time 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            due: VecDeque::new(),
            near: Vec::new(),
            near_until: 0,
            buckets: [Bucket::EMPTY; PLACES * DIGITS],
            places: 0,
            digits: [0; PLACES],
            blocks: Blocks::new(),
            reached: 0,
            now: 0,
        }
    }

    /// The time of the last event that was taken, in ns.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// When the next event is due, in ns.
    #[must_use]
    #[inline]
    pub fn next_at(&self) -> Option<u64> {
        if !self.due.is_empty() {
            return Some(self.reached);
        }
        match self.near.last() {
            Some(next) => Some(next.at),
            None => self.nearest().map(|nearest| self.buckets[nearest].earliest),
        }
    }

    /// Lets `event` happen at `at`, in ns; a time that has passed counts as now.
    #[inline]
    pub fn schedule(&mut self, at: u64, event: E) {
        let at = at.max(self.now);
        let entry = Entry { at, event };
        if at == self.reached {
            self.due.push_back(event);
        } else if at >= self.near_until {
            self.put(entry);
        } else {
            self.put_near(entry);
        }
    }

    /// Moves the clock forward to `at`, in ns, for an event that is kept elsewhere.
    ///
    /// # Panics
    ///
    /// If the queue holds an earlier event.
    pub fn advance_to(&mut self, at: u64) {
        assert!(self.next_at().is_none_or(|next| next >= at), "an event would be skipped");
        self.now = self.now.max(at);
    }

    /// Takes the next event and moves the clock to it.
    #[inline]
    pub fn pop(&mut self) -> Option<(u64, E)> {
        self.pop_telling(|_| {})
    }

    /// The same; `soon` is told of events that follow soon, some at a time, so that what they
    /// need can be fetched for all of them at once.
    #[inline]
    pub(crate) fn pop_telling(&mut self, soon: impl FnMut(&E)) -> Option<(u64, E)> {
        if let Some(event) = self.due.pop_front() {
            self.now = self.reached;
            return Some((self.now, event));
        }
        if self.near.is_empty() {
            let nearest = self.nearest()?;
            self.deal(nearest);
            self.near.iter().map(|entry| &entry.event).for_each(soon);
        }
        let first = match self.near.pop() {
            Some(first) => first,
            None => Entry { at: self.reached, event: self.due.pop_front()? },
        };
        self.reached = first.at;
        self.now = first.at;
        // What is scheduled for the same time from now on comes after these.
        while let Some(next) = self.near.pop_if(|next| next.at == first.at) {
            self.due.push_back(next.event);
        }
        Some((first.at, first.event))
    }

    /// The bucket of the next event that is neither due nor near, if there is one.
    fn nearest(&self) -> Option<usize> {
        let place = self.places.trailing_zeros() as usize;
        let digit = self.digits.get(place)?.trailing_zeros() as usize;
        Some(place * DIGITS + digit)
    }

    /// Reaches the nearest bucket, of which all events become near if they are few; if not,
    /// those of its first time become due and the others are dealt out.
    fn deal(&mut self, nearest: usize) {
        let (place, digit) = (nearest / DIGITS, nearest % DIGITS);
        self.digits[place] &= !(1 << digit);
        if self.digits[place] == 0 {
            self.places &= !(1 << place);
        }
        let bucket = std::mem::replace(&mut self.buckets[nearest], Bucket::EMPTY);
        self.reached = bucket.earliest;
        if bucket.entries.is_at_most(FEW) {
            // Until the digit is another one.
            let last = bucket.earliest | ((1 << (BITS as usize * place)) - 1);
            self.near_until = last.saturating_add(1);
            let mut cursor = bucket.entries.cursor();
            while let Some(entry) = self.blocks.take_next(&mut cursor) {
                self.near.push(entry);
            }
            // From the end, and of two of one time the first one is nearer to it.
            self.near.reverse();
            self.near.sort_by_key(|entry| std::cmp::Reverse(entry.at));
            return;
        }
        self.near_until = 0;
        let mut cursor = bucket.entries.cursor();
        while let Some(entry) = self.blocks.take_next(&mut cursor) {
            if entry.at == self.reached {
                self.due.push_back(entry.event);
            } else {
                self.put(entry);
            }
        }
    }

    /// Puts an entry whose time is after `reached` into its bucket.
    fn put(&mut self, entry: Entry<E>) {
        let place = (entry.at ^ self.reached).ilog2() / BITS;
        #[expect(clippy::cast_possible_truncation, reason = "a digit is below 16")]
        let digit = (entry.at >> (BITS * place)) as usize % DIGITS;
        let place = place as usize;
        self.places |= 1 << place;
        self.digits[place] |= 1 << digit;
        let bucket = &mut self.buckets[place * DIGITS + digit];
        bucket.earliest = bucket.earliest.min(entry.at);
        self.blocks.append(&mut bucket.entries, entry);
    }

    /// Puts an entry among those that are near.
    fn put_near(&mut self, entry: Entry<E>) {
        if self.near.len() == MOST_NEAR {
            // To the buckets before the one that they are from, which are empty.
            self.near_until = 0;
            while let Some(entry) = self.near.pop() {
                self.put(entry);
            }
            return self.put(entry);
        }
        let place = self.near.partition_point(|near| near.at > entry.at);
        self.near.insert(place, entry);
    }
}

impl Bucket {
    const EMPTY: Self = Self { entries: List::EMPTY, earliest: u64::MAX };
}

impl<E: Copy> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> fmt::Debug for EventQueue<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventQueue")
            .field("now", &self.now)
            .field("events", &(self.due.len() + self.near.len() + self.blocks.len()))
            .finish_non_exhaustive()
    }
}
