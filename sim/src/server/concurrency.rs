//! A bound on the requests that a server has under way.

use super::limit::{LimitState, Opening, Usage};
use crate::scenario::Portion;

/// At most `max` requests at once.
#[derive(Debug)]
pub(crate) struct Concurrency {
    max: u32,
    /// What it allows now of these.
    allowed: u32,
    in_flight: u32,
    /// Sum over the requests of the time that they were under way, until `updated`, in ns.
    busy_ns: u128,
    updated: u64,
}

impl Concurrency {
    pub(super) const fn new(max: u32) -> Self {
        Self { max, allowed: max, in_flight: 0, busy_ns: 0, updated: 0 }
    }

    pub(super) fn cut(&mut self, portion: Portion) {
        self.allowed = portion.of(self.max);
    }

    pub(super) const fn opening(&self) -> Opening {
        if self.in_flight < self.allowed { Opening::Now } else { Opening::Unknown }
    }

    pub(super) fn take(&mut self, now: u64) {
        self.busy_ns = self.busy_until(now);
        self.updated = now;
        self.in_flight += 1;
    }

    pub(super) fn give_back(&mut self, now: u64) {
        self.busy_ns = self.busy_until(now);
        self.updated = now;
        self.in_flight -= 1;
    }

    pub(super) fn usage(&self, now: u64) -> Usage {
        let permitted = u128::from(self.max) * u128::from(now);
        Usage { used: self.busy_until(now), permitted }
    }

    pub(super) fn state(&self) -> LimitState {
        LimitState {
            dimension: None,
            limit: u64::from(self.allowed),
            left: u64::from(self.allowed.saturating_sub(self.in_flight)),
            resets_in_ns: None,
        }
    }

    pub(super) const fn is_kept(&self) -> bool {
        self.in_flight <= self.max
    }

    fn busy_until(&self, now: u64) -> u128 {
        let passed = u128::from(now.saturating_sub(self.updated));
        self.busy_ns + u128::from(self.in_flight) * passed
    }
}
