//! A fixed number of workers behind one queue.
//!
//! First come first served, so the recursion of Kiefer and Wolfowitz ("On the
//! theory of queues with many servers", 1955) gives the end of a request when it
//! comes: no event is needed for its start.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::limit::Usage;

/// Workers, and the requests that wait for one.
#[derive(Debug)]
pub(super) struct Workers {
    count: u32,
    /// When each worker is free, in ns.
    free_at: BinaryHeap<Reverse<u64>>,
    /// When those that wait will start, in their order, in ns.
    starts: VecDeque<u64>,
    places: Option<u32>,
    /// Work that was taken on, in ns.
    work_ns: u128,
}

impl Workers {
    /// `count` workers, and room for `places` that wait.
    pub(super) fn new(count: u32, places: Option<u32>) -> Self {
        let free_at = (0..count).map(|_| Reverse(0)).collect();
        Self { count, free_at, starts: VecDeque::new(), places, work_ns: 0 }
    }

    /// When a request that comes now and takes `service` ends; `None` if the
    /// queue has no place for it.
    pub(super) fn assign(&mut self, now: u64, service: u64) -> Option<u64> {
        while self.starts.front().is_some_and(|&start| start <= now) {
            self.starts.pop_front();
        }
        let start = self.free_at.peek().map_or(now, |&Reverse(free)| free.max(now));
        if start > now {
            if self.places.is_some_and(|places| self.starts.len() as u64 >= u64::from(places)) {
                return None;
            }
            self.starts.push_back(start);
        }
        let end = start.saturating_add(service);
        self.free_at.pop();
        self.free_at.push(Reverse(end));
        self.work_ns += u128::from(service);
        Some(end)
    }

    /// Workers that are busy at `now`, requests that wait for one, and workers in all.
    pub(super) fn state(&self, now: u64) -> (u32, u32, u32) {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let waiting = self.starts.iter().filter(|&&start| start > now).count();
        // A worker that has requests before it is counted by the last of them.
        let busy = self.free_at.iter().filter(|&&Reverse(free)| free > now).count();
        (count(busy), count(waiting), self.count)
    }

    /// Work taken on, of what the workers can do by `now`.
    pub(super) fn usage(&self, now: u64) -> Usage {
        let permitted = u128::from(self.count) * u128::from(now);
        Usage { used: self.work_ns.min(permitted), permitted }
    }
}
