//! The event queue: what happens next.
//!
//! Ordered by time, and at the same time by the order in which events were
//! scheduled, so that a run has one order and not one per platform.
//!
//! A radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the
//! shortest path problem", 1990): time never goes back, so an event need only be
//! sorted as finely as it is near. An event is kept by the highest bit in which its
//! time differs from the last time that was reached; when the nearest such bucket is
//! due, it is dealt out to nearer ones. Two events of one time are always in the same
//! bucket and keep their order there, so no number has to be kept for it. A 4-ary
//! heap, which does not know that time goes one way, made whole runs 5 to 25 % slower.

use std::collections::VecDeque;
use std::fmt;

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
    /// Those whose time differs from `reached` in bit `i` and in none above.
    buckets: [Vec<Entry<E>>; BITS],
    /// Bit `i` is set if bucket `i` is not empty.
    occupied: u64,
    /// The time of the last event that was taken; no later than `now`.
    reached: u64,
    now: u64,
    /// The time of the next event, where it is known and not due.
    next: Option<u64>,
    /// An empty bucket, kept for its memory.
    spare: Vec<Entry<E>>,
}

const BITS: usize = u64::BITS as usize;

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
            buckets: [const { Vec::new() }; BITS],
            occupied: 0,
            reached: 0,
            now: 0,
            next: None,
            spare: Vec::new(),
        }
    }

    /// The time of the last event that was taken, in ns.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// When the next event is due, in ns.
    #[must_use]
    pub fn next_at(&mut self) -> Option<u64> {
        if !self.due.is_empty() {
            return Some(self.reached);
        }
        if self.next.is_none() && self.occupied != 0 {
            let nearest = &self.buckets[self.occupied.trailing_zeros() as usize];
            self.next = nearest.iter().map(|entry| entry.at).min();
        }
        self.next
    }

    /// Lets `event` happen at `at`, in ns; a time that has passed counts as now.
    pub fn schedule(&mut self, at: u64, event: E) {
        let at = at.max(self.now);
        if at == self.reached {
            self.due.push_back(event);
            return;
        }
        // An unknown next time stays unknown: others may be earlier.
        self.next = self.next.map(|next| next.min(at));
        self.put(Entry { at, event });
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
    pub fn pop(&mut self) -> Option<(u64, E)> {
        if self.due.is_empty() {
            let next = self.next_at()?;
            self.deal(next);
        }
        let event = self.due.pop_front()?;
        self.now = self.reached;
        Some((self.now, event))
    }

    /// Reaches `next` and deals out the nearest bucket, whose earliest time it is.
    fn deal(&mut self, next: u64) {
        let nearest = self.occupied.trailing_zeros() as usize;
        self.occupied &= self.occupied - 1;
        self.reached = next;
        self.next = None;
        let mut bucket = std::mem::take(&mut self.spare);
        std::mem::swap(&mut bucket, &mut self.buckets[nearest]);
        for entry in bucket.drain(..) {
            if entry.at == next {
                self.due.push_back(entry.event);
            } else {
                self.put(entry);
            }
        }
        self.spare = bucket;
    }

    /// Puts an entry whose time is after `reached` into its bucket.
    fn put(&mut self, entry: Entry<E>) {
        let bit = (entry.at ^ self.reached).ilog2();
        self.buckets[bit as usize].push(entry);
        self.occupied |= 1 << bit;
    }
}

impl<E: Copy> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> fmt::Debug for EventQueue<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting: usize = self.buckets.iter().map(Vec::len).sum();
        f.debug_struct("EventQueue")
            .field("now", &self.now)
            .field("events", &(self.due.len() + waiting))
            .finish_non_exhaustive()
    }
}
