//! What may be spent at a rate.

use super::fit::UNIT;
use crate::{Decision, Refusal, Timestamp};

/// A bucket of our own that is filled at a rate, in millionths of a unit a second.
///
/// What costs more than it holds waits until it is full and leaves a debt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse {
    rate: u64,
    /// In units of 10^-15, as are the tokens; negative tokens are a debt.
    capacity: i128,
    tokens: i128,
    updated: Timestamp,
}

/// How late a send may be made up for: a few turns of a timer.
const LATENESS_NS: i128 = 50_000_000;

impl Purse {
    pub(super) fn empty(now: Timestamp, rate: u64) -> Self {
        Self { rate, capacity: UNIT, tokens: 0, updated: now }
    }

    /// Goes on at another rate; what is late is made up for, but at most half a
    /// `burst` at once.
    pub(super) fn set(&mut self, now: Timestamp, rate: u64, burst: u64) {
        self.fill(now);
        let lateness = i128::from(rate) * LATENESS_NS;
        self.capacity = UNIT + lateness.min(i128::from(burst) * UNIT / 2);
        self.rate = rate;
        self.tokens = self.tokens.min(self.capacity);
    }

    pub(super) const fn rate(&self) -> u64 {
        self.rate
    }

    /// The time of one unit, in nanoseconds.
    pub(super) const fn interval_ns(&self) -> u64 {
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
    pub(super) fn empty_at(&mut self, now: Timestamp) {
        self.fill(now);
        self.tokens = self.tokens.min(0);
    }

    pub(super) fn is_full(&self, now: Timestamp) -> bool {
        self.tokens_at(now) >= self.capacity
    }

    pub(super) fn spend(&mut self, now: Timestamp, units: u32) {
        self.fill(now);
        self.tokens -= i128::from(units) * UNIT;
    }

    pub(super) fn settle(&mut self, charged: u32, actual: u32) {
        let back = (i128::from(charged) - i128::from(actual)) * UNIT;
        self.tokens = (self.tokens + back).min(self.capacity);
    }

    pub(super) fn check(&self, now: Timestamp, units: u32) -> Decision {
        let wanted = (i128::from(units) * UNIT).min(self.capacity);
        if self.tokens_at(now) >= wanted {
            return Decision::Admit;
        }
        let rate = i128::from(self.rate);
        let wait_ns = (wanted - self.tokens + rate - 1) / rate;
        match u64::try_from(i128::from(self.updated.as_nanos()) + wait_ns) {
            Ok(at) => Decision::WaitUntil(Timestamp::from_nanos(at)),
            Err(_) => Decision::Refuse(Refusal::BeyondTime),
        }
    }
}
