//! What the pace is about: finding a rate, keeping it, asking for more.

use core::time::Duration;

use super::{Epoch, PARTS, Pace, STREAK_MAX, Shut, TIME_PER_CLOSURE, UNITS_PER_REFUSAL};
use crate::Timestamp;
use crate::limiter::learned::unsaid::fit::{RATE_MAX, UNIT, rate_of};

/// Rates in millionths of a unit a second.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// Nothing was let through since the first refusal.
    Blind,
    /// The rate is between these; tried in the middle.
    Narrow { low: u64, high: u64 },
    /// The rate is known, and not asked about for so many units and until then.
    Hold { rate: u64, units: u64, until: Timestamp },
    /// `base` was let through, and `base / 2^shift` more is tried.
    Climb { base: u64, shift: u32, units: u64, since: u64, end: End },
}

/// When a step of a climb is through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// After one window's units.
    Window,
    /// After units above what `base` allows and the burst has, or two windows' units
    /// where that is not trusted.
    Proof,
}

/// The first step above a rate that is known: a 32nd. What is held is short of the
/// limit by this and the margin at most.
const STEP: u32 = 5;
/// A rate that was found by a step of more than an eighth is held for a quarter as long.
const COARSE: u32 = 2;
/// The fewest units of a step, and the most that a window is waited for.
const STEP_UNITS: (u64, u64) = (8, 4096);
/// Of a window whose size is not known.
const WINDOW_UNITS_MIN: u64 = 32;
/// Openings in a row at which a bucket must have agreed to be trusted with a proof.
const TRUSTED: u32 = 3;

impl Phase {
    /// The rate that is believed in.
    pub(super) const fn rate(&self) -> u64 {
        match *self {
            Self::Blind => 0,
            Self::Narrow { low, .. } => low,
            Self::Hold { rate, .. } => rate,
            Self::Climb { base, .. } => base,
        }
    }

    /// The rate that was let through for long before a refusal, at the end of `units` of
    /// which the last went at `pace`; zero if none was.
    pub(super) const fn sustained(&self, units: u64, window_units: u64, pace: u64) -> u64 {
        match *self {
            Self::Hold { .. } if units < window_units.saturating_mul(2) => 0,
            Self::Hold { rate, .. } => rate - rate / 32,
            // In the first step of a search the base itself is tried.
            Self::Climb { base, .. } if pace <= base => 0,
            _ => self.rate(),
        }
    }
}

impl Pace {
    /// Tries the middle of these.
    pub(super) fn narrow(&mut self, now: Timestamp, low: u64, high: u64) {
        self.phase = Phase::Narrow { low, high };
        self.set(now, low.midpoint(high));
    }

    /// Keeps `rate` until it is worth asking for more.
    pub(super) fn hold(&mut self, now: Timestamp, at: u64, rate: u64, closed: &Epoch, shut: &Shut) {
        let is_coarse = matches!(self.phase, Phase::Climb { base, .. }
            if self.purse.rate() > base.saturating_add(base / 8));
        let (coarse, streak) = if is_coarse { (COARSE, self.streak) } else { (0, self.streak + 1) };
        let units = closed.refusals.max(1).saturating_mul(UNITS_PER_REFUSAL << self.streak);
        let closure_ns = at.saturating_sub(shut.since);
        let time_ns = closure_ns.saturating_mul(TIME_PER_CLOSURE << self.streak >> coarse);
        let units = units >> coarse;
        self.streak = streak.min(STREAK_MAX);
        let until = now.after(Duration::from_nanos(time_ns));
        self.phase = Phase::Hold { rate, units, until };
        // A margin is at most half of the parts, so it is less than the rate.
        let margin = u128::from(rate) * u128::from(self.margin) / u128::from(PARTS);
        self.set(now, rate - u64::try_from(margin).unwrap_or(0));
    }

    /// Climbs from a rate that is known, and begins with more.
    pub(super) fn ask_for_more(&mut self, now: Timestamp, at: u64, base: u64) {
        self.phase = Phase::Climb { base, shift: STEP, units: 0, since: at, end: End::Proof };
        self.set(now, base + (base >> STEP));
    }

    /// Climbs from a rate that is a guess, and begins with it.
    pub(super) fn search(&mut self, now: Timestamp, at: u64, base: u64, shift: u32) {
        self.phase = Phase::Climb { base, shift, units: 0, since: at, end: End::Window };
        self.set(now, base);
    }

    fn set(&mut self, now: Timestamp, rate: u64) {
        self.purse.set(now, rate.clamp(1, RATE_MAX), self.burst_units);
    }

    /// Takes in that `more` units were let through while nothing was refused.
    pub(super) fn go_on(&mut self, now: Timestamp, at: u64, more: u64) {
        match self.phase {
            Phase::Blind => {}
            Phase::Narrow { low, high } => {
                // A unit may have been there when the epoch began.
                let (units, time_ns) =
                    (self.epoch.units - 1, at.saturating_sub(self.epoch.empty_at));
                let seen = if units > 1 { rate_of(units, time_ns) } else { 0 };
                let low = low.max(seen.min(high));
                if high - low <= low / 16 {
                    self.ask_for_more(now, at, low);
                } else {
                    self.narrow(now, low, high);
                }
            }
            Phase::Hold { rate, units, until } => {
                let left = units.saturating_sub(more);
                self.phase = Phase::Hold { rate, units: left, until };
                if left == 0 && now >= until {
                    if self.streak == STREAK_MAX {
                        self.margin = (self.margin * 3 / 4).max(1);
                    }
                    self.ask_for_more(now, at, rate);
                }
            }
            Phase::Climb { base, shift, units, since, end } => {
                let units = units.saturating_add(more);
                self.phase = Phase::Climb { base, shift, units, since, end };
                if self.is_through(base, units, at.saturating_sub(since), end) {
                    let base = self.purse.rate();
                    let shift = shift.saturating_sub(1);
                    self.phase = Phase::Climb { base, shift, units: 0, since: at, end };
                    self.set(now, base.saturating_add(base >> shift));
                }
            }
        }
    }

    fn is_through(&self, base: u64, units: u64, time_ns: u64, end: End) -> bool {
        if end == End::Window {
            let (fewest, most) = STEP_UNITS;
            return units >= self.window_units.clamp(fewest, most);
        }
        let spare = self.spare();
        let is_trusted = self.votes.is_narrow && self.votes.in_a_row >= TRUSTED;
        let allowed = u128::from(base) * u128::from(time_ns) / UNIT.unsigned_abs();
        u128::from(units) > allowed.saturating_add(u128::from(spare)).saturating_add(2)
            || !is_trusted && units >= spare.max(WINDOW_UNITS_MIN).saturating_mul(2)
    }
}
