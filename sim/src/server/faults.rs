//! Which fault is on.

use crate::scenario::{FaultSpec, nanos};

/// The faults of a scenario.
#[derive(Debug)]
pub(super) struct Faults(Vec<FaultSpec>);

impl Faults {
    pub(super) fn new(faults: &[FaultSpec]) -> Self {
        Self(faults.to_vec())
    }

    /// The fault that is on at `now`, the first of the file if there are several.
    pub(super) fn at(&self, now: u64) -> Option<&FaultSpec> {
        self.0.iter().find(|fault| (nanos(fault.from)..nanos(fault.until)).contains(&now))
    }
}
