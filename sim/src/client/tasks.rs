//! The calls that are under way, found by their number.
//!
//! A storm plans a million calls of which a few thousand are under way at once. Only
//! those have a task, in places that are used again, so that what an event touches
//! stays in the processor's cache.

use std::ops::{Index, IndexMut};

use super::Task;

/// The tasks of a run.
#[derive(Debug)]
pub(crate) struct Tasks {
    /// For each call the place of its task, or one of the two numbers below.
    places: Vec<u32>,
    under_way: Vec<Task>,
    /// Places that no task has.
    free: Vec<u32>,
}

/// A call that is yet to come.
const TO_COME: u32 = u32::MAX;
/// A call that has ended.
const OVER: u32 = u32::MAX - 1;

impl Tasks {
    /// None yet, of so many calls.
    pub(crate) fn new(calls: usize) -> Self {
        Self { places: vec![TO_COME; calls], under_way: Vec::new(), free: Vec::new() }
    }

    /// A call is wanted.
    pub(crate) fn open(&mut self, call: u32, task: Task) {
        debug_assert_eq!(self.places[call as usize], TO_COME, "a call begins once");
        let place = self.free.pop().unwrap_or_else(|| {
            self.under_way.push(task.clone());
            // A scenario has a million calls at most.
            u32::try_from(self.under_way.len() - 1).unwrap_or(OVER)
        });
        self.under_way[place as usize] = task;
        self.places[call as usize] = place;
    }

    /// A call has ended.
    pub(crate) fn close(&mut self, call: u32) {
        debug_assert!(self.get(call).is_some(), "a call ends once");
        let place = std::mem::replace(&mut self.places[call as usize], OVER);
        self.free.push(place);
    }

    /// The task of a call, if it is under way.
    pub(crate) fn get(&self, call: u32) -> Option<&Task> {
        self.under_way.get(self.places[call as usize] as usize)
    }

    /// The task of a call, if it is under way.
    pub(crate) fn get_mut(&mut self, call: u32) -> Option<&mut Task> {
        self.under_way.get_mut(self.places[call as usize] as usize)
    }

    /// The calls under way, in the order of their numbers.
    pub(crate) fn calls(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.places).filter(|&(_, &place)| place < OVER).map(|(call, _)| call)
    }
}

/// The task of a call that is known to be under way.
impl Index<u32> for Tasks {
    type Output = Task;

    fn index(&self, call: u32) -> &Task {
        &self.under_way[self.places[call as usize] as usize]
    }
}

impl IndexMut<u32> for Tasks {
    fn index_mut(&mut self, call: u32) -> &mut Task {
        &mut self.under_way[self.places[call as usize] as usize]
    }
}
