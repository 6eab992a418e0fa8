//! Those who wait for room in a full queue.

use alloc::collections::VecDeque;
use core::task::Waker;

use super::carried::Carried;
use super::guarded::Guarded;
use crate::Limiter;
use crate::queue::Queue;

/// Those who wait to push a job, in the order in which they came.
#[derive(Debug)]
pub(super) struct Room {
    line: VecDeque<Standing>,
    next: u64,
}

#[derive(Debug)]
struct Standing {
    place: u64,
    lane: u8,
    waker: Waker,
    /// Whether it was woken since it was asked last.
    is_woken: bool,
}

impl Room {
    pub(super) const fn new() -> Self {
        Self { line: VecDeque::new(), next: 0 }
    }

    /// Whether nobody stands before `place`, or before one who comes now.
    pub(super) fn is_first(&self, place: Option<u64>) -> bool {
        self.line.front().is_none_or(|first| Some(first.place) == place)
    }

    /// Waits, at the end of the line or where it stands.
    pub(super) fn stand(&mut self, place: &mut Option<u64>, lane: u8, waker: &Waker) {
        let found = place.and_then(|place| self.find(place));
        if let Some(standing) = found {
            let standing = &mut self.line[standing];
            standing.waker.clone_from(waker);
            standing.is_woken = false;
            return;
        }
        *place = Some(self.next);
        let standing = Standing { place: self.next, lane, waker: waker.clone(), is_woken: false };
        self.line.push_back(standing);
        self.next += 1;
    }

    pub(super) fn leave(&mut self, place: &mut Option<u64>) {
        if let Some(found) = place.take().and_then(|place| self.find(place)) {
            self.line.remove(found);
        }
    }

    /// Wakes the first if there is room for it, and all if there will be none.
    pub(super) fn let_in<T, L: Limiter>(
        &mut self,
        queue: &Queue<Carried<T>, Guarded<L>>,
        mut wake: impl FnMut(Waker),
    ) {
        let several = if queue.is_draining() { self.line.len() } else { 1 };
        for standing in self.line.iter_mut().take(several) {
            if !standing.is_woken && (queue.is_draining() || queue.has_room(standing.lane)) {
                standing.is_woken = true;
                wake(standing.waker.clone());
            }
        }
    }

    fn find(&self, place: u64) -> Option<usize> {
        self.line.binary_search_by_key(&place, |standing| standing.place).ok()
    }
}
