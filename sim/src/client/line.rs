//! The line in which a client's calls wait for its engine.

use std::collections::VecDeque;
use std::num::NonZeroU32;

/// Calls in the order in which they came, as in the production driver.
///
/// Tickets only grow, so a place is found by binary search.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// With the place of each call's task.
    places: VecDeque<(Ticket, u32)>,
    /// Tickets that were given.
    given: u32,
}

/// A place in the line.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Ticket(NonZeroU32);

impl Ticket {
    /// The ticket of this number, of which 0 is none.
    pub(super) fn from_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    pub(super) const fn number(self) -> u32 {
        self.0.get()
    }
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Takes the last place for the call whose task is at `place`.
    pub(crate) fn join(&mut self, place: u32) -> Ticket {
        let ticket = Ticket(NonZeroU32::MIN.saturating_add(self.given));
        // No run is so long that one client takes all of them.
        self.given = self.given.saturating_add(1);
        self.places.push_back((ticket, place));
        ticket
    }

    pub(crate) fn is_head(&self, ticket: Ticket) -> bool {
        self.places.front().is_some_and(|&(head, _)| head == ticket)
    }

    /// Gives up a place.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        if self.is_head(ticket) {
            self.places.pop_front();
        } else if let Ok(index) = self.places.binary_search_by_key(&ticket, |&(place, _)| place) {
            self.places.remove(index);
        }
    }

    /// How many stand before this place.
    pub(crate) fn ahead_of(&self, ticket: Ticket) -> u32 {
        let before = self.places.partition_point(|&(place, _)| place < ticket);
        u32::try_from(before).unwrap_or(u32::MAX)
    }

    /// The place of the task whose call is at the head.
    pub(crate) fn head(&self) -> Option<u32> {
        self.places.front().map(|&(_, place)| place)
    }
}
