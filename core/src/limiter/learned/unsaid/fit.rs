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

/// One unit: 10^6 millionths a second times 10^9 ns.
pub(super) const UNIT: i128 = 1_000_000_000_000_000;

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

    const fn conflict(&self) -> i128 {
        self.least - self.most
    }
}

/// Rates are tried a quarter apart, then closer.
const STEP: u64 = 4;

impl Fit {
    /// What agrees with the log; `None` if no rate does.
    ///
    /// A unit and an eighth of the burst are let pass: the times of decisions are known
    /// to within half a round trip, and their order is not.
    pub(super) fn of(log: &Log, known: &Burst, guess: u64) -> Option<Self> {
        let runs = log.runs();
        let lacking = match (log.begins_empty(), *known == Burst::ANY) {
            (false, _) => 0,
            (true, true) => i128::from(guess) * UNIT,
            (true, false) => known.least.midpoint(known.most) - UNIT / 2,
        };
        let conflict = |rate: u64| {
            let burst = Burst::of(runs, rate, known, lacking);
            burst.conflict() - UNIT / 2 - burst.least / 8
        };
        let (bottom, top) = Self::reach(runs)?;
        let mut best = (bottom, i128::MAX);
        let mut rate = top;
        while rate >= bottom {
            let here = conflict(rate);
            if here < best.1 {
                best = (rate, here);
            }
            if here <= 0 {
                break;
            }
            rate -= (rate / (STEP + 1)).max(1);
        }
        let mut inside = best.0;
        if best.1 > 0 {
            inside = Self::least_between(
                inside - inside / 4,
                inside.saturating_add(inside / 3),
                conflict,
            );
            if conflict(inside) > 0 {
                return None;
            }
        }
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

    /// Where the conflict is least, if it falls and then rises.
    fn least_between(mut low: u64, mut high: u64, conflict: impl Fn(u64) -> i128) -> u64 {
        for _ in 0..12 {
            let third = (high - low) / 3;
            if third == 0 {
                break;
            }
            if conflict(low + third) <= conflict(high - third) {
                high -= third;
            } else {
                low += third;
            }
        }
        low + (high - low) / 2
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
