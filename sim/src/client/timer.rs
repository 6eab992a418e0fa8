//! The timer of a task.

/// Set once, reset, or dropped.
///
/// A timer that is reset leaves its event in the queue, and is told from it by the
/// generation. The next task in the same place goes on counting.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timer {
    /// What it was set to, before the granularity of the clock, in ns.
    deadline: u64,
    generation: u32,
    /// Whether it is yet to go off.
    is_set: bool,
}

impl Timer {
    /// One that is not set, in the place of `self`.
    pub(super) const fn next(self) -> Self {
        Self { deadline: 0, generation: self.generation, is_set: false }
    }

    /// What it is set to, if it is yet to go off, in ns.
    pub(crate) const fn deadline(&self) -> Option<u64> {
        if self.is_set { Some(self.deadline) } else { None }
    }

    /// Sets it to `deadline`; returns the generation of the event to schedule, or `None`
    /// if it was set to that already.
    pub(crate) const fn set(&mut self, deadline: u64) -> Option<u32> {
        if self.is_set && self.deadline == deadline {
            return None;
        }
        self.generation = self.generation.wrapping_add(1);
        self.deadline = deadline;
        self.is_set = true;
        Some(self.generation)
    }

    /// Drops it.
    pub(crate) const fn clear(&mut self) {
        self.is_set = false;
    }

    /// An event of `generation` comes; whether it is this timer that goes off.
    pub(crate) const fn goes_off(&mut self, generation: u32) -> bool {
        let mine = self.is_set && self.generation == generation;
        if mine {
            self.is_set = false;
        }
        mine
    }
}
