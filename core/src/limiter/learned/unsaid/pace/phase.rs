//! What the pace is about: finding a rate, keeping it, asking for more.

use core::time::Duration;

use super::{PARTS, Pace, STREAK_MAX, TIME_PER_CLOSURE, UNITS_PER_REFUSAL};
use crate::Timestamp;
use crate::limiter::learned::unsaid::fit::RATE_MAX;
use crate::limiter::purse::UNIT;

/// What the pace is at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// Nothing was let through since the first refusal.
    Blind,
    /// A rate is tried until so many units of it are let through.
    Try { needed: u64 },
    /// The rate is known, and not asked about for so many units and until then.
    Hold { units: u64, until: Timestamp },
}

/// The first step above a rate that is a guess: an eighth.
pub(super) const FIRST_SHIFT: u32 = 3;
/// And where the guess is of a few units: a half.
pub(super) const SMALL_SHIFT: u32 = 1;
/// The first step above a rate that is known: a 32nd. What is held is short of the
/// limit by this and the margin at most.
const STEP: u32 = 5;
/// How late a send may be made up for: a few turns of a timer.
const LATENESS_NS: i128 = 50_000_000;
/// A rate is known when what is refused is this little above it, in parts.
const NARROW: u64 = 48;
/// The fewest units of a try, and the most that a window is waited for.
const TRY_UNITS: (u64, u64) = (16, 4096);
/// The most that is sent to find out whether a bucket is one.
const DRAIN_UNITS: u64 = 1024;

impl Pace {
    /// Keeps what is known, or tries between the bounds.
    pub(super) fn next(&mut self, now: Timestamp, at: u64) {
        let step = self.low.saturating_add((self.low >> self.shift).max(1));
        if self.high - self.low <= self.low / NARROW {
            self.hold(now, at);
        } else if self.high == RATE_MAX {
            self.attempt(now, at, step);
        } else {
            self.attempt(now, at, self.low.midpoint(self.high).min(step));
        }
    }

    /// Tries `rate` for a window's units and an eighth more: its windows and ours begin
    /// at different times.
    pub(super) fn attempt(&mut self, now: Timestamp, at: u64, rate: u64) {
        let (fewest, most) = TRY_UNITS;
        let window = self.window_units.saturating_add(self.window_units / 8).clamp(fewest, most);
        let bucket =
            if self.votes.is_bucket() { self.units_to_drain(rate, self.low) } else { fewest };
        self.phase = Phase::Try { needed: window.max(bucket) };
        self.set(now, at, rate);
    }

    /// Tries `rate`, which is let through unless a bucket is filled at `less`.
    pub(super) fn ask(&mut self, now: Timestamp, at: u64, rate: u64, less: u64) {
        self.attempt(now, at, rate);
        let units = self.units_to_drain(rate, less);
        if let Phase::Try { needed } = &mut self.phase {
            *needed = units.max(*needed);
        }
    }

    /// The units at `rate` that drain a bucket which is filled at `less`, and a quarter
    /// more.
    fn units_to_drain(&self, rate: u64, less: u64) -> u64 {
        let units = u128::from(self.burst_units) + 2;
        let units = units * u128::from(rate) / u128::from(rate.saturating_sub(less).max(1));
        u64::try_from(units + units / 4).unwrap_or(u64::MAX).min(DRAIN_UNITS)
    }

    /// Keeps `low` until it is worth asking for more.
    fn hold(&mut self, now: Timestamp, at: u64) {
        let (refusals, closure_ns) = self.cost;
        let units = refusals.saturating_mul(UNITS_PER_REFUSAL << self.streak);
        let time_ns = closure_ns.saturating_mul(TIME_PER_CLOSURE << self.streak);
        self.streak = (self.streak + 1).min(STREAK_MAX);
        let until = now.after(Duration::from_nanos(time_ns));
        self.phase = Phase::Hold { units, until };
        let margin = u128::from(self.low) * u128::from(self.margin) / u128::from(PARTS);
        self.set(now, at, self.low - u64::try_from(margin).unwrap_or(0));
    }

    fn set(&mut self, now: Timestamp, at: u64, rate: u64) {
        self.recent.begin(at);
        let rate = rate.clamp(1, RATE_MAX);
        // What is late is made up for, but at most half a burst at once.
        let lateness = i128::from(rate) * LATENESS_NS;
        let capacity = UNIT + lateness.min(i128::from(self.burst_units) * UNIT / 2);
        self.purse.set(now, rate, capacity);
    }

    /// Takes in that `more` units were let through while nothing was refused.
    pub(super) fn go_on(&mut self, now: Timestamp, at: u64, more: u64) {
        match &mut self.phase {
            Phase::Blind => {}
            Phase::Try { needed } => {
                *needed = needed.saturating_sub(more);
                if *needed == 0 {
                    self.low = self.low.max(self.purse.rate());
                    self.falls = 0;
                    self.is_proven = true;
                    self.shift = self.shift.saturating_sub(1);
                    // A rate that is let through is no bound above.
                    self.high = self.high.max(self.low);
                    self.next(now, at);
                }
            }
            Phase::Hold { units, until } => {
                *units = units.saturating_sub(more);
                if *units == 0 && now >= *until {
                    self.margin = (self.margin * 3 / 4).max(1);
                    self.high = RATE_MAX;
                    self.shift = STEP;
                    self.next(now, at);
                }
            }
        }
    }
}
