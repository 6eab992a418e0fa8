//! How fast answers come.

use crate::{Quantity, Timestamp};

/// A smoothed rate of answers, per half-second.
///
/// The `RateClocker` of botocore: a new half-second counts for 0.8. That one counts
/// from its making on, this one from the first send.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    is_started: bool,
    step: u64,
    count: u64,
    micros: u64,
}

impl Meter {
    const STEP_NS: u64 = 500_000_000;

    /// Begins to measure, unless it has begun.
    pub(super) const fn start(&mut self, now: Timestamp) {
        if !self.is_started {
            (self.is_started, self.step) = (true, now.as_nanos() / Self::STEP_NS);
        }
    }

    pub(super) fn record(&mut self, now: Timestamp, units: u64) {
        self.start(now);
        let step = now.as_nanos() / Self::STEP_NS;
        self.count = self.count.saturating_add(units);
        if step > self.step {
            let fresh = u128::from(self.count) * 2_000_000 / u128::from(step - self.step);
            let smooth = (fresh * 4 + u128::from(self.micros)) / 5;
            self.micros = u64::try_from(smooth).unwrap_or(u64::MAX);
            (self.step, self.count) = (step, 0);
        }
    }

    pub(super) const fn rate(&self) -> Quantity {
        if self.micros == 0 {
            Quantity::from_micros(self.count.saturating_mul(2_000_000))
        } else {
            Quantity::from_micros(self.micros)
        }
    }
}
