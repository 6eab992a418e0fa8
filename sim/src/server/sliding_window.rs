//! A window that slides, by two counts.
//!
//! The last window's count is taken by the share of it that is still in sight
//! (<https://blog.cloudflare.com/counting-things-a-lot-of-different-things/>): of 42
//! requests in the last minute and 18 in the first 15 s of this one, `42 * 45 / 60 +
//! 18 = 49.5` count. That the last ones came evenly is only supposed: up to twice the
//! limit, less one, fits into a window of time.

use std::time::Duration;

use forbear_core::{Cost, Dimension, Quantity, Quota};

use super::limit::{Opening, Usage};
use crate::scenario::{Portion, nanos};

/// `limit` units in a window, the last one counted by the clock.
#[derive(Debug)]
pub(crate) struct SlidingWindow {
    dimension: Dimension,
    limit: u32,
    /// What it allows now of these.
    allowed: u32,
    window_ns: u64,
    /// The number of the window in force, counted from time 0.
    current: u64,
    last: u32,
    count: u32,
    used: u128,
}

impl SlidingWindow {
    pub(crate) fn new(dimension: Dimension, limit: u32, window: Duration) -> Self {
        let window_ns = nanos(window);
        Self { dimension, limit, allowed: limit, window_ns, current: 0, last: 0, count: 0, used: 0 }
    }

    pub(super) fn cut(&mut self, portion: Portion) {
        self.allowed = portion.of(self.limit);
    }

    pub(super) fn opening(&self, now: u64, cost: &Cost) -> Opening {
        let units = cost.get(self.dimension);
        if units > self.limit {
            return Opening::Never;
        }
        let (number, last, count) = self.at(now);
        let began = number.saturating_mul(self.window_ns);
        let Some(room) = self.allowed.checked_sub(units) else {
            return Opening::At(began.saturating_add(self.window_ns));
        };
        // In this window, as the last one goes out of sight, or in the next.
        let at = room.checked_sub(count).map_or_else(
            || began.saturating_add(self.window_ns).saturating_add(self.faded(count, room)),
            |room| began.saturating_add(self.faded(last, room)),
        );
        if at <= now { Opening::Now } else { Opening::At(at) }
    }

    pub(crate) fn take(&mut self, now: u64, cost: &Cost) {
        let units = cost.get(self.dimension);
        let (number, last, count) = self.at(now);
        (self.current, self.last, self.count) = (number, last, count.saturating_add(units));
        self.used += u128::from(units);
    }

    /// Units that count at `now`, in parts of which each unit has [`window_ns`].
    ///
    /// [`window_ns`]: Self::window_ns
    pub(crate) fn estimate(&self, now: u64) -> u128 {
        let (number, last, count) = self.at(now);
        let elapsed = now - number * self.window_ns;
        u128::from(last) * u128::from(self.window_ns - elapsed)
            + u128::from(count) * u128::from(self.window_ns)
    }

    /// Length of a window, in ns.
    pub(crate) const fn window_ns(&self) -> u64 {
        self.window_ns
    }

    /// Counts each window that had begun by `now` as a whole.
    pub(super) fn usage(&self, now: u64) -> Usage {
        let windows = u128::from(now / self.window_ns) + 1;
        Usage { used: self.used, permitted: windows * u128::from(self.limit) }
    }

    pub(super) fn quota(&self, now: u64) -> Quota {
        let counted = self.estimate(now).div_ceil(u128::from(self.window_ns));
        let left = u128::from(self.allowed).saturating_sub(counted);
        Quota::new(Some(self.dimension))
            .with_limit(Quantity::from_units(u64::from(self.allowed)))
            .with_remaining(Quantity::from_units(u64::try_from(left).unwrap_or(0)))
            .with_resets_in(Duration::from_nanos(self.window_ns - now % self.window_ns))
    }

    pub(super) fn is_kept(&self, now: u64) -> bool {
        self.estimate(now) <= u128::from(self.limit) * u128::from(self.window_ns)
    }

    /// How far into a window no more than `room` of the `last` units count, in ns.
    fn faded(&self, last: u32, room: u32) -> u64 {
        if last <= room {
            return 0;
        }
        let stays = u128::from(self.window_ns) * u128::from(room) / u128::from(last);
        self.window_ns - u64::try_from(stays).unwrap_or(self.window_ns)
    }

    /// The window in force at `now`, the count of the one before, and its own.
    fn at(&self, now: u64) -> (u64, u32, u32) {
        let number = now / self.window_ns;
        match number - self.current {
            0 => (number, self.last, self.count),
            1 => (number, self.count, 0),
            _ => (number, 0, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_at_the_time_that_it_names_and_not_before() {
        let mut window = SlidingWindow::new(Dimension::Requests, 7, Duration::from_nanos(1009));
        let mut now = 0;
        for _ in 0..100 {
            match window.opening(now, &Cost::REQUEST) {
                Opening::Now => window.take(now, &Cost::REQUEST),
                Opening::At(at) => {
                    assert!(at > now);
                    assert_ne!(window.opening(at - 1, &Cost::REQUEST), Opening::Now);
                    assert_eq!(window.opening(at, &Cost::REQUEST), Opening::Now);
                    now = at;
                }
                other => panic!("{other:?}"),
            }
            assert!(window.is_kept(now));
        }
    }
}
