//! The line in which calls wait for the limiter.

use alloc::collections::VecDeque;
use core::num::NonZeroU64;
use core::task::Waker;

/// Calls in the order in which they came.
///
/// Tickets only grow, so a place is found by binary search and one that is given
/// up leaves no hole.
#[derive(Debug)]
pub(super) struct Line {
    places: VecDeque<Place>,
    next: NonZeroU64,
}

impl Default for Line {
    fn default() -> Self {
        Self { places: VecDeque::new(), next: NonZeroU64::MIN }
    }
}

/// A place in the line. Never 0, so that having none takes up no room.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Ticket(NonZeroU64);

#[derive(Debug)]
struct Place {
    ticket: Ticket,
    waker: Waker,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Takes the last place.
    pub(super) fn join(&mut self, waker: &Waker) -> Ticket {
        let ticket = Ticket(self.next);
        self.next = self.next.saturating_add(1);
        self.places.push_back(Place { ticket, waker: waker.clone() });
        ticket
    }

    pub(super) fn is_head(&self, ticket: Ticket) -> bool {
        self.places.front().is_some_and(|head| head.ticket == ticket)
    }

    /// Wakes `waker` instead of the one that the place had.
    pub(super) fn rewake(&mut self, ticket: Ticket, waker: &Waker) {
        if let Ok(index) = self.places.binary_search_by_key(&ticket, |place| place.ticket) {
            self.places[index].waker.clone_from(waker);
        }
    }

    /// Gives up a place.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        if let Ok(index) = self.places.binary_search_by_key(&ticket, |place| place.ticket) {
            self.places.remove(index);
        }
    }

    /// The waker of the head.
    pub(super) fn head(&self) -> Option<Waker> {
        self.places.front().map(|head| head.waker.clone())
    }
}
