//! Which rates agree with what was let through and what was refused.
//!
//! If the server's rule is a bucket of `burst` units that fills at `rate`, then for a
//! given rate everything that it let through bounds the burst from below, and
//! everything that it refused bounds it from above: a Lindley recursion gives the
//! units that such a bucket lacks at each decision. A rate for which the bounds cross
//! is refuted. What is left is an interval, and it narrows with the units let
//! through between refusals, since their number is the rate times the time to within
//! one.

use super::log::{Log, Run};
use crate::limiter::purse::UNIT;

/// Bounds of a rate, in millionths of a unit a second, and of the burst at its lower one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Fit {
    pub(super) low: u64,
    pub(super) high: u64,
    /// What a full bucket holds, whichever of these rates it is.
    pub(super) burst: Burst,
}

/// Units over a time, a second, in millionths; rounded down.
pub(super) fn rate_of(units: u64, time_ns: u64) -> u64 {
    let micros = u128::from(units) * 1_000_000_000_000_000 / u128::from(time_ns.max(1));
    u64::try_from(micros).unwrap_or(u64::MAX).clamp(RATE_MIN, RATE_MAX)
}

/// One unit in eleven days.
pub(super) const RATE_MIN: u64 = 1;
/// A thousand million units a second.
pub(super) const RATE_MAX: u64 = 1_000_000_000_000_000;

/// What a bucket at one rate would have to hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Burst {
    /// At least this.
    least: i128,
    /// Less than this.
    most: i128,
}

impl Burst {
    /// One unit or more.
    pub(super) const ANY: Self = Self { least: UNIT, most: i128::MAX / 2 };

    /// Whether anything is known of it.
    pub(super) fn is_known(&self) -> bool {
        *self != Self::ANY
    }

    /// Whole units at least.
    pub(super) fn units(&self) -> u64 {
        u64::try_from(self.least / UNIT).unwrap_or(u64::MAX)
    }

    /// By these runs, where these bounds are known before.
    fn of(runs: &[Run], rate: u64, known: &Self, lacking: i128) -> Self {
        let Self { mut least, mut most } = *known;
        let (mut lacking, mut then) = (lacking, runs.first().map_or(0, |first| first.from));
        let filled = |time_ns: u64| i128::from(time_ns) * i128::from(rate);
        for run in runs {
            lacking = (lacking - filled(run.from.saturating_sub(then))).max(0);
            if run.is_refusal() {
                // A full bucket refuses nothing.
                most = most.min(if lacking == 0 { 0 } else { lacking + UNIT });
            } else {
                let units = i128::from(run.units) * UNIT;
                let after = (lacking + units - filled(run.to - run.from)).max(UNIT);
                least = least.max(lacking + UNIT).max(after);
                lacking = after;
            }
            then = run.to;
        }
        Self { least, most }
    }

    /// A unit and an eighth of the burst are let pass: the times of decisions are known
    /// to within half a round trip, and their order is not.
    const fn conflict(&self) -> i128 {
        self.least_proven() - self.most
    }

    const fn least_proven(&self) -> i128 {
        self.least - UNIT / 2 - self.least / 8
    }
}

/// Towards lower rates, in steps of a fifth.
const STEP: u64 = 4;
/// Rates are looked at until they are so close, in parts.
const FINEST: u64 = 512;

/// Between two rates, by their order of magnitude where they are far apart.
fn middle(low: u64, high: u64) -> u64 {
    if high / 4 > low {
        (u128::from(low) * u128::from(high)).isqrt().try_into().unwrap_or(high)
    } else {
        low.midpoint(high)
    }
}

impl Fit {
    /// What agrees with the log; `None` if no rate does.
    pub(super) fn of(log: &Log, known: &Burst, guess: u64) -> Option<Self> {
        let runs = log.runs();
        let lacking = match (log.begins_empty(), *known == Burst::ANY) {
            (false, _) => 0,
            (true, true) => i128::from(guess) * UNIT,
            (true, false) => known.least.midpoint(known.most) - UNIT / 2,
        };
        let burst = |rate: u64| Burst::of(runs, rate, known, lacking);
        let conflict = |rate: u64| burst(rate).conflict();
        let (bottom, top) = Self::reach(runs)?;
        let inside = Self::inside((bottom, burst(bottom)), (top, burst(top)), &burst)?;
        let high = Self::edge(inside, inside.saturating_add(inside / 3 + 1), conflict);
        let mut below = inside;
        let mut low = inside;
        while below > bottom {
            below -= (below / (STEP + 1)).max(1);
            if conflict(below) > 0 {
                break;
            }
            low = below;
        }
        let low = if below <= bottom { low } else { Self::edge(low, below, conflict) };
        // Both bounds fall as the rate rises.
        let least = Burst::of(runs, high, known, lacking).least;
        let most = Burst::of(runs, low, known, lacking).most;
        Some(Self { low, high, burst: Burst { least, most: most.max(least + UNIT) } })
    }

    pub(super) const fn width(&self) -> u64 {
        self.high - self.low
    }

    /// Whether it says more than the order of magnitude.
    pub(super) const fn is_narrow(&self) -> bool {
        self.width() <= self.low / 4
    }

    /// Between which rates to look at all.
    fn reach(runs: &[Run]) -> Option<(u64, u64)> {
        let (first, last) = (runs.first()?, runs.last()?);
        let bottom = rate_of(1, last.to - first.from);
        let mut top = bottom;
        for pair in runs.windows(2) {
            if !pair[1].is_refusal() {
                top = top.max(rate_of(pair[1].units, pair[1].to - pair[0].to));
            }
        }
        Some((bottom, top.saturating_mul(2).min(RATE_MAX)))
    }

    /// A rate without conflict, of those from `low` to `high` the highest that is looked at.
    ///
    /// Both bounds of the burst fall as the rate rises: where even the lower one at the
    /// upper end is above the upper one at the lower end, no rate between is without.
    fn inside(low: (u64, Burst), high: (u64, Burst), burst: &impl Fn(u64) -> Burst) -> Option<u64> {
        if high.1.conflict() <= 0 {
            return Some(high.0);
        }
        if high.1.least_proven() > low.1.most {
            return None;
        }
        if high.0 - low.0 <= (low.0 / FINEST).max(1) {
            return (low.1.conflict() <= 0).then_some(low.0);
        }
        let rate = middle(low.0, high.0);
        let between = (rate, burst(rate));
        Self::inside(between, high, burst).or_else(|| Self::inside(low, between, burst))
    }

    /// The last rate without conflict on the way from one without to one with.
    fn edge(mut without: u64, mut with: u64, conflict: impl Fn(u64) -> i128) -> u64 {
        for _ in 0..7 {
            let between = without.midpoint(with);
            if conflict(between) <= 0 {
                without = between;
            } else {
                with = between;
            }
        }
        without
    }
}
