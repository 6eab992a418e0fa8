//! The most that a limit may let in, kept apart from the limit.
//!
//! A bucket is kept as what it is owed (the leaky bucket as a meter, ITU-T I.371) and not
//! as what it holds, so that the arithmetic is another one than the server's. A quota that
//! is cut allows less, so the whole one bounds it.

use std::fmt;

use forbear_core::{Cost, Dimension};

use crate::scenario::{LimitSpec, WindowStart, nanos};

/// The books of one limit.
#[derive(Debug)]
pub(super) enum Envelope {
    Bucket {
        dimension: Dimension,
        /// Ticks that a unit is worth, and that a nanosecond pays back.
        unit: u128,
        paid_per_ns: u128,
        most: u128,
        owed: u128,
        since: u64,
        burst: u32,
        refund: bool,
    },
    Window {
        dimension: Dimension,
        limit: u32,
        window: u64,
        start: WindowStart,
        offset: u64,
        /// Whether a refused request counts, and so begins a window.
        refusals_count: bool,
        opened: Option<u64>,
        count: u64,
    },
    Sliding {
        dimension: Dimension,
        limit: u32,
        window: u64,
        offset: u64,
        number: u64,
        last: u64,
        count: u64,
    },
    Slots {
        max: u32,
        taken: u32,
    },
}

impl Envelope {
    pub(super) fn new(spec: &LimitSpec) -> Self {
        match *spec {
            LimitSpec::TokenBucket { dimension, rate, burst, refund, .. } => {
                let unit = u128::from(nanos(rate.period()));
                let (most, burst) = (unit * u128::from(burst.get()), burst.get());
                let paid_per_ns = u128::from(rate.limit().get());
                Self::Bucket {
                    dimension,
                    unit,
                    paid_per_ns,
                    most,
                    owed: 0,
                    since: 0,
                    burst,
                    refund,
                }
            }
            LimitSpec::FixedWindow { dimension, limit, window, start, offset, refusals_count } => {
                let (limit, window) = (limit.get(), nanos(window));
                let offset = nanos(offset) % window;
                let (opened, count) = (None, 0);
                Self::Window {
                    dimension,
                    limit,
                    window,
                    start,
                    offset,
                    refusals_count,
                    opened,
                    count,
                }
            }
            LimitSpec::SlidingWindow { dimension, limit, window, offset, .. } => {
                let (limit, window) = (limit.get(), nanos(window));
                let offset = nanos(offset) % window;
                Self::Sliding { dimension, limit, window, offset, number: 0, last: 0, count: 0 }
            }
            LimitSpec::Concurrency { max } => Self::Slots { max: max.get(), taken: 0 },
        }
    }

    /// A request is let in; what is exceeded by it.
    pub(super) fn let_in(&mut self, at: u64, cost: &Cost) -> Result<(), Exceeded> {
        match self {
            Self::Bucket { dimension, unit, paid_per_ns, most, owed, since, burst, .. } => {
                *owed = owed.saturating_sub(u128::from(at - *since) * *paid_per_ns)
                    + u128::from(cost.get(*dimension)) * *unit;
                *since = at;
                let is_kept = *owed <= *most;
                exceeded(is_kept, owed.div_ceil(*unit), *burst, "token bucket of", *dimension)
            }
            Self::Window { dimension, limit, window, start, offset, opened, count, .. } => {
                let began = match start {
                    // Its number, counted from the one before the first whole one.
                    WindowStart::Clock => (at + *window - *offset) / *window,
                    WindowStart::FirstCall => {
                        opened.filter(|opened| at - opened < *window).unwrap_or(at)
                    }
                };
                if *opened != Some(began) {
                    (*opened, *count) = (Some(began), 0);
                }
                *count += u64::from(cost.get(*dimension));
                let is_kept = *count <= u64::from(*limit);
                exceeded(is_kept, u128::from(*count), *limit, "window of", *dimension)
            }
            Self::Sliding { dimension, limit, window, offset, number, last, count } => {
                let at = at + *window - *offset;
                let current = at / *window;
                if current != *number {
                    *last = if current == *number + 1 { *count } else { 0 };
                    (*number, *count) = (current, 0);
                }
                *count += u64::from(cost.get(*dimension));
                let in_sight = u128::from(*window - at % *window);
                let weight = u128::from(*window);
                let counted = u128::from(*last) * in_sight + u128::from(*count) * weight;
                let is_kept = counted <= u128::from(*limit) * weight;
                let counted = counted.div_ceil(weight);
                exceeded(is_kept, counted, *limit, "sliding window of", *dimension)
            }
            Self::Slots { max, taken } => {
                *taken += 1;
                let (is_kept, taken) = (*taken <= *max, u128::from(*taken));
                exceeded(is_kept, taken, *max, "slots for", Dimension::Requests)
            }
        }
    }

    /// A request comes that is not counted here, which may begin a window.
    pub(super) fn begin(&mut self, at: u64, is_refused: bool) {
        if let Self::Window { window, start, refusals_count, opened, count, .. } = self
            && *start == WindowStart::FirstCall
            && (*refusals_count || !is_refused)
            && opened.is_none_or(|opened| at - opened >= *window)
        {
            (*opened, *count) = (Some(at), 0);
        }
    }

    /// A request that was let in is over, and used so many units less than it took.
    pub(super) fn leave(&mut self, at: u64, unused: impl Fn(Dimension) -> u32) {
        match self {
            Self::Bucket { dimension, unit, paid_per_ns, owed, since, refund: true, .. } => {
                *owed = owed
                    .saturating_sub(u128::from(at - *since) * *paid_per_ns)
                    .saturating_sub(u128::from(unused(*dimension)) * *unit);
                *since = at;
            }
            Self::Slots { taken, .. } => *taken = taken.saturating_sub(1),
            Self::Bucket { .. } | Self::Window { .. } | Self::Sliding { .. } => {}
        }
    }
}

/// A limit that let in too much.
#[derive(Debug)]
pub(super) struct Exceeded {
    kind: &'static str,
    dimension: Dimension,
    limit: u32,
    counted: u128,
}

fn exceeded(
    is_kept: bool,
    counted: u128,
    limit: u32,
    kind: &'static str,
    dimension: Dimension,
) -> Result<(), Exceeded> {
    if is_kept { Ok(()) } else { Err(Exceeded { kind, dimension, limit, counted }) }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, dimension, limit, counted } = self;
        write!(f, "the {kind} {limit} {dimension} has let in {counted}")
    }
}
