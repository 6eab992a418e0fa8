//! What was let through lately, each stretch at a pace of its own.

use crate::limiter::learned::unsaid::fit::{RATE_MAX, rate_of};

/// The stretches that are kept.
const LEN: usize = 12;

/// The latest stretches, the last one first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recent {
    stretches: [Stretch; LEN],
    len: usize,
}

/// Units that were let through at one pace since a time in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    since: u64,
    units: u64,
}

impl Recent {
    /// Another pace begins.
    pub(super) fn begin(&mut self, since: u64) {
        if self.len > 0 && self.stretches[0].units == 0 {
            self.stretches[0].since = since;
            return;
        }
        self.len = (self.len + 1).min(LEN);
        self.stretches[..self.len].rotate_right(1);
        self.stretches[0] = Stretch { since, units: 0 };
    }

    pub(super) fn add(&mut self, units: u64) {
        self.stretches[0].units = self.stretches[0].units.saturating_add(units);
    }

    /// The rate of the last `units` until now; `RATE_MAX` where there were fewer.
    pub(super) fn rate(&self, now: u64, units: u64) -> u64 {
        let (mut missing, mut until) = (units, now);
        for stretch in &self.stretches[..self.len] {
            if stretch.units >= missing {
                let took_ns = u128::from(until.saturating_sub(stretch.since));
                let part_ns = took_ns * u128::from(missing) / u128::from(stretch.units.max(1));
                let time_ns = u128::from(now.saturating_sub(until)) + part_ns;
                return rate_of(units, u64::try_from(time_ns).unwrap_or(u64::MAX));
            }
            missing -= stretch.units;
            until = until.min(stretch.since);
        }
        RATE_MAX
    }
}
