//! What may be spent at a rate that changes.

use super::wait_until;
use crate::{Decision, Timestamp};

/// One unit: 10^6 millionths a second times 10^9 ns.
pub(in crate::limiter) const UNIT: i128 = 1_000_000_000_000_000;

/// A bucket of our own that is filled at a rate, in millionths of a unit a second.
///
/// What costs more than it holds waits until it is full and leaves a debt.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Purse {
    /// Not 0.
    rate: u64,
    /// In units of 10^-15, as are the tokens; negative tokens are a debt.
    capacity: i128,
    tokens: i128,
    updated: Timestamp,
}

impl Purse {
    /// Filled at `rate`, which is not 0, up to `capacity`, from nothing.
    pub(in crate::limiter) const fn empty(now: Timestamp, rate: u64, capacity: i128) -> Self {
        Self { rate, capacity, tokens: 0, updated: now }
    }

    /// Goes on at another rate.
    pub(in crate::limiter) fn set(&mut self, now: Timestamp, rate: u64, capacity: i128) {
        self.fill(now);
        (self.rate, self.capacity) = (rate, capacity);
        self.tokens = self.tokens.min(capacity);
    }

    pub(in crate::limiter) const fn rate(&self) -> u64 {
        self.rate
    }

    /// The time of one unit, in nanoseconds.
    pub(in crate::limiter) const fn interval_ns(&self) -> u64 {
        1_000_000_000_000_000 / self.rate
    }

    fn fill(&mut self, now: Timestamp) {
        self.tokens = self.tokens_at(now);
        self.updated = self.updated.max(now);
    }

    fn tokens_at(&self, now: Timestamp) -> i128 {
        let elapsed_ns = now.as_nanos().saturating_sub(self.updated.as_nanos());
        (self.tokens + i128::from(elapsed_ns) * i128::from(self.rate)).min(self.capacity)
    }

    /// Nothing is left over.
    pub(in crate::limiter) fn empty_at(&mut self, now: Timestamp) {
        self.fill(now);
        self.tokens = self.tokens.min(0);
    }

    pub(in crate::limiter) fn is_full(&self, now: Timestamp) -> bool {
        self.tokens_at(now) >= self.capacity
    }

    pub(in crate::limiter) fn spend(&mut self, now: Timestamp, units: u32) {
        self.fill(now);
        self.tokens -= i128::from(units) * UNIT;
    }

    pub(in crate::limiter) fn settle(&mut self, charged: u32, actual: u32) {
        let back = (i128::from(charged) - i128::from(actual)) * UNIT;
        self.tokens = (self.tokens + back).min(self.capacity);
    }

    pub(in crate::limiter) fn check(&self, now: Timestamp, units: u32) -> Decision {
        let wanted = (i128::from(units) * UNIT).min(self.capacity);
        if self.tokens_at(now) >= wanted {
            return Decision::Admit;
        }
        let rate = i128::from(self.rate);
        let wait_ns = (wanted - self.tokens + rate - 1) / rate;
        // It has fewer tokens than are wanted, so the wait is not negative.
        wait_until(u128::from(self.updated.as_nanos()) + wait_ns.unsigned_abs())
    }
}
