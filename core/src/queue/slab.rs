//! Where jobs are kept, a slot each.

use alloc::vec::Vec;

use super::JobId;
use crate::{Cost, Timestamp};

/// Slots that are used again, so that a job allocates nothing of its own.
#[derive(Debug)]
pub(super) struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    entry: Option<Entry<T>>,
}

/// What is known of a job.
#[derive(Debug)]
pub(super) struct Entry<T> {
    /// Absent while the job is started.
    pub(super) payload: Option<T>,
    pub(super) cost: Cost,
    /// Its place: grows with each push, and is kept by a retry.
    pub(super) seq: u64,
    pub(super) pushed_at: Timestamp,
    /// The latest start; the end of time where there is none.
    pub(super) deadline: Timestamp,
    /// When it was started, or until when a retry is hidden.
    pub(super) at: Timestamp,
    pub(super) flow: u32,
    pub(super) stage: Stage,
}

/// Where a job is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// Waits for its turn.
    Queued,
    /// Has no turn before its time.
    Hidden,
    /// Is being sent.
    Started,
}

// The trees that order jobs take up the rest of the 200 bytes that a job may cost.
const _: () = assert!(size_of::<Slot<()>>() <= 88, "a job's slot has grown");

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    pub(super) fn insert(&mut self, entry: Entry<T>) -> JobId {
        let slot = self.free.pop().unwrap_or_else(|| {
            if self.slots.len() == self.slots.capacity() {
                // By a quarter: doubled, a slot would cost up to two of them.
                self.slots.reserve_exact((self.slots.len() / 4).max(16));
            }
            self.slots.push(Slot { generation: 0, entry: None });
            u32::try_from(self.slots.len() - 1).expect("a queue holds less than 2^32 jobs")
        });
        let place = &mut self.slots[index(slot)];
        place.entry = Some(entry);
        JobId { slot, generation: place.generation }
    }

    pub(super) fn get(&self, id: JobId) -> Option<&Entry<T>> {
        let slot = self.slots.get(index(id.slot))?;
        slot.entry.as_ref().filter(|_| slot.generation == id.generation)
    }

    pub(super) fn get_mut(&mut self, id: JobId) -> Option<&mut Entry<T>> {
        let slot = self.slots.get_mut(index(id.slot))?;
        slot.entry.as_mut().filter(|_| slot.generation == id.generation)
    }

    pub(super) fn remove(&mut self, id: JobId) -> Option<Entry<T>> {
        self.get(id)?;
        let slot = &mut self.slots[index(id.slot)];
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.slot);
        slot.entry.take()
    }

    /// The name of the job in `slot`.
    pub(super) fn id(&self, slot: u32) -> JobId {
        JobId { slot, generation: self.slots[index(slot)].generation }
    }
}

/// As an index; every target that has `alloc` for this has 32 bits of address.
pub(super) const fn index(id: u32) -> usize {
    id as usize
}
