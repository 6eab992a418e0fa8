//! Results that are copied to where they are wanted.

use std::io::{self, Write};

use super::Store;
use crate::line_set::LineSet;

/// Where results go besides the file in which they are kept.
pub(crate) struct Sink {
    out: Box<dyn Write + Send>,
    order: Option<Order>,
    buffer: Vec<u8>,
}

/// Places of the results that wait for their turn.
#[derive(Debug)]
struct Order {
    /// By line; a length of 0 where there is none yet.
    places: Vec<(u64, u32)>,
    /// Lines that have, or will have, a result.
    jobs: LineSet,
    next: u64,
}

impl Sink {
    /// Copies results as they come.
    pub(crate) fn as_they_come(out: Box<dyn Write + Send>) -> Self {
        Self { out, order: None, buffer: Vec::new() }
    }

    /// Copies results in the order of the `lines` of the input, of which `jobs` have one.
    pub(crate) fn in_order(out: Box<dyn Write + Send>, lines: u64, jobs: LineSet) -> Self {
        let places = vec![(0, 0); usize::try_from(lines).unwrap_or(usize::MAX)];
        let order = Order { places, jobs, next: 1 };
        Self { out, order: Some(order), buffer: Vec::new() }
    }

    /// A result is there.
    pub(crate) fn put(
        &mut self,
        store: &mut Store,
        line: u64,
        place: (u64, u32),
    ) -> io::Result<()> {
        match &mut self.order {
            None => self.copy(store, place),
            Some(order) => {
                if let Some(slot) = slot(line).and_then(|slot| order.places.get_mut(slot)) {
                    *slot = place;
                }
                self.advance(store)
            }
        }
    }

    /// Copies those whose turn it is.
    pub(crate) fn advance(&mut self, store: &mut Store) -> io::Result<()> {
        while let Some(place) = self.order.as_mut().and_then(Order::next) {
            if place.1 > 0 {
                self.copy(store, place)?;
            }
        }
        Ok(())
    }

    fn copy(&mut self, store: &mut Store, (at, len): (u64, u32)) -> io::Result<()> {
        store.read(at, len, &mut self.buffer)?;
        self.out.write_all(&self.buffer)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Order {
    /// The place of the next line, if that is known; a length of 0 if it is no job.
    fn next(&mut self) -> Option<(u64, u32)> {
        let place = *self.places.get(slot(self.next)?)?;
        if place.1 == 0 && self.jobs.contains(self.next) {
            return None;
        }
        self.next += 1;
        Some(place)
    }
}

fn slot(line: u64) -> Option<usize> {
    usize::try_from(line.checked_sub(1)?).ok()
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("order", &self.order).finish_non_exhaustive()
    }
}
