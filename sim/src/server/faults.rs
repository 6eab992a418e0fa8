//! Which fault is on.

use crate::rng::Luck;
use crate::scenario::{FaultSpec, Portion, RetryAfterSpec, nanos};

/// The faults of a scenario.
#[derive(Debug)]
pub(super) struct Faults {
    all: Vec<FaultSpec>,
    /// When the part of their quota changes that the limits allow, the last change first.
    changes: Vec<(u64, Portion)>,
}

impl Faults {
    pub(super) fn new(faults: &[FaultSpec]) -> Self {
        let mut faults = Self { all: faults.to_vec(), changes: Vec::new() };
        let cuts = faults.all.iter().filter(|fault| fault.quota.is_some());
        let mut times: Vec<u64> =
            cuts.flat_map(|fault| [nanos(fault.from), nanos(fault.until)]).collect();
        times.sort_unstable();
        times.dedup();
        let quota = |at| (at, faults.first(at, |fault| fault.quota).unwrap_or(Portion::WHOLE));
        faults.changes = times.into_iter().rev().map(quota).collect();
        faults
    }

    /// The next change of the quota, if it comes no later than `now`.
    pub(super) fn next_change(&mut self, now: u64) -> Option<(u64, Portion)> {
        self.changes.pop_if(|&mut (at, _)| at <= now)
    }

    /// The fault that a request fails by.
    pub(super) fn failure(&self, now: u64, word: u64) -> Option<&FaultSpec> {
        let fails = |fault| Some(fault).filter(|fault: &&FaultSpec| !fault.fail.is_none());
        self.first(now, fails).filter(|fault| fault.fail.holds(word))
    }

    /// How many times longer the server works.
    pub(super) fn slowness(&self, now: u64) -> u64 {
        let slow = |fault: &FaultSpec| Some(u64::from(fault.slow.get())).filter(|&slow| slow > 1);
        self.first(now, slow).unwrap_or(1)
    }

    /// Whether the answer to a request is lost.
    pub(super) fn loses(&self, now: u64, luck: Luck) -> bool {
        let lose = |fault: &FaultSpec| Some(fault.lose).filter(|share| !share.is_none());
        self.first(now, lose).is_some_and(|share| share.holds(luck.loss()))
    }

    /// What refusals say, if it is not what the server says at other times.
    pub(super) fn retry_after(&self, now: u64) -> Option<RetryAfterSpec> {
        self.first(now, |fault| fault.retry_after)
    }

    /// What the first fault does that is on at `now` and does such a thing.
    fn first<'a, T>(&'a self, now: u64, does: impl Fn(&'a FaultSpec) -> Option<T>) -> Option<T> {
        let on = |fault: &&FaultSpec| (nanos(fault.from)..nanos(fault.until)).contains(&now);
        self.all.iter().filter(on).find_map(does)
    }
}
