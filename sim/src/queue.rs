//! The event queue: what happens next.
//!
//! Ordered by time, and at the same time by the order in which events were
//! scheduled, so that a run has one order and not one per platform.
//!
//! A 4-ary heap (Johnson, "Priority queues with update and finding minimum
//! spanning trees", 1975) with the key beside the event: half the levels of a
//! binary heap, and the four children share a cache line or two. Events that are
//! scheduled for the present moment skip the heap: whatever the heap holds for
//! that moment was scheduled before them, so a plain line behind it keeps the
//! order.

use std::collections::VecDeque;
use std::fmt;

const ARITY: usize = 4;

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
    heap: Vec<Entry<E>>,
    /// Scheduled for `now` at `now`.
    ready: VecDeque<E>,
    scheduled: u64,
    now: u64,
}

#[derive(Clone, Copy)]
struct Entry<E> {
    at: u64,
    sequence: u64,
    event: E,
}

impl<E> Entry<E> {
    /// One comparison instead of two.
    const fn key(&self) -> u128 {
        (self.at as u128) << 64 | self.sequence as u128
    }
}

impl<E: Copy> EventQueue<E> {
    /// An empty queue at time 0.
    #[must_use]
    pub const fn new() -> Self {
        Self { heap: Vec::new(), ready: VecDeque::new(), scheduled: 0, now: 0 }
    }

    /// The time of the last event that was taken, in ns.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// When the next event is due, in ns.
    #[must_use]
    pub fn next_at(&self) -> Option<u64> {
        if self.ready.is_empty() { self.heap.first().map(|entry| entry.at) } else { Some(self.now) }
    }

    /// Lets `event` happen at `at`, in ns; a time that has passed counts as now.
    pub fn schedule(&mut self, at: u64, event: E) {
        if at <= self.now {
            self.ready.push_back(event);
            return;
        }
        let entry = Entry { at, sequence: self.scheduled, event };
        self.scheduled += 1;
        self.heap.push(entry);
        self.sift_up(entry);
    }

    /// Moves the clock forward to `at`, in ns for an event that is kept elsewhere.
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
        match self.heap.first() {
            // What the heap has for this moment was scheduled before `ready`.
            Some(top) if self.ready.is_empty() || top.at == self.now => {
                self.now = top.at;
                let event = top.event;
                self.remove_top();
                Some((self.now, event))
            }
            _ => self.ready.pop_front().map(|event| (self.now, event)),
        }
    }

    /// Moves the last entry up to where it belongs.
    fn sift_up(&mut self, entry: Entry<E>) {
        let mut hole = self.heap.len() - 1;
        while hole > 0 {
            let parent = (hole - 1) / ARITY;
            if self.heap[parent].key() <= entry.key() {
                break;
            }
            self.heap[hole] = self.heap[parent];
            hole = parent;
        }
        self.heap[hole] = entry;
    }

    /// Fills the place of the top with the last entry, moved down.
    fn remove_top(&mut self) {
        let Some(last) = self.heap.pop() else { return };
        let len = self.heap.len();
        if len == 0 {
            return;
        }
        let mut hole = 0;
        loop {
            let first = hole * ARITY + 1;
            if first >= len {
                break;
            }
            let mut smallest = first;
            let mut smallest_key = self.heap[first].key();
            for (offset, child) in self.heap[first..len.min(first + ARITY)].iter().enumerate() {
                if child.key() < smallest_key {
                    (smallest, smallest_key) = (first + offset, child.key());
                }
            }
            if last.key() <= smallest_key {
                break;
            }
            self.heap[hole] = self.heap[smallest];
            hole = smallest;
        }
        self.heap[hole] = last;
    }
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
            .field("events", &(self.heap.len() + self.ready.len()))
            .finish_non_exhaustive()
    }
}
