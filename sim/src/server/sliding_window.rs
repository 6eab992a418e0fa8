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
    /// How long before time 0 the window began that time 0 is in, in ns.
    shift: u64,
    /// What counts.
    counts: Counts,
    /// What was let in, where what was refused counts too.
    let_in: Option<Counts>,
    used: u128,
}

/// The units of a window and of the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// The number of the window in force, counted from that of time 0.
    current: u64,
    last: u32,
    count: u32,
}

impl SlidingWindow {
    pub(crate) fn new(dimension: Dimension, limit: u32, window: Duration) -> Self {
        Self {
            dimension,
            limit,
            allowed: limit,
            window_ns: nanos(window),
            shift: 0,
            counts: Counts::default(),
            let_in: None,
            used: 0,
        }
    }

    /// With windows that begin so long after time 0, and each length from there.
    pub(super) fn shifted_by(mut self, offset: Duration) -> Self {
        self.shift = (self.window_ns - nanos(offset) % self.window_ns) % self.window_ns;
        self
    }

    /// Whether a refused request counts.
    pub(super) fn with_rule(mut self, refusals_count: bool) -> Self {
        self.let_in = refusals_count.then(Counts::default);
        self
    }

    pub(super) fn cut(&mut self, portion: Portion) {
        self.allowed = portion.of(self.limit);
    }

    pub(super) fn opening(&self, now: u64, cost: &Cost) -> Opening {
        let units = cost.get(self.dimension);
        if units > self.limit {
            return Opening::Never;
        }
        let (began, next) = self.around(now);
        let Counts { last, count, .. } = self.counts.at(self.number(now));
        let Some(room) = self.allowed.checked_sub(units) else {
            return Opening::At(next);
        };
        // In this window, as the last one goes out of sight, or in the next.
        let at = room.checked_sub(count).map_or_else(
            || next.saturating_add(self.faded(count, room)),
            |room| began.saturating_add(self.faded(last, room)),
        );
        if at <= now { Opening::Now } else { Opening::At(at) }
    }

    pub(crate) fn take(&mut self, now: u64, cost: &Cost) {
        let (number, units) = (self.number(now), cost.get(self.dimension));
        self.counts.add(number, units);
        if let Some(let_in) = &mut self.let_in {
            let_in.add(number, units);
        }
        self.used += u128::from(units);
    }

    pub(super) fn refuse(&mut self, now: u64, cost: &Cost) {
        if self.let_in.is_some() {
            self.counts.add(self.number(now), cost.get(self.dimension));
        }
    }

    /// Units that count at `now`, in parts of which each unit has [`window_ns`].
    ///
    /// [`window_ns`]: Self::window_ns
    pub(crate) fn estimate(&self, now: u64) -> u128 {
        self.counted(&self.counts, now)
    }

    /// Length of a window, in ns.
    pub(crate) const fn window_ns(&self) -> u64 {
        self.window_ns
    }

    /// Counts each window that had begun by `now` as a whole.
    pub(super) fn usage(&self, now: u64) -> Usage {
        let windows = u128::from(self.number(now)) + 1;
        Usage { used: self.used, permitted: windows * u128::from(self.limit) }
    }

    pub(super) fn quota(&self, now: u64) -> Quota {
        let counted = self.estimate(now).div_ceil(u128::from(self.window_ns));
        let left = u128::from(self.allowed).saturating_sub(counted);
        let (_, next) = self.around(now);
        Quota::new(Some(self.dimension))
            .with_limit(Quantity::from_units(u64::from(self.allowed)))
            .with_remaining(Quantity::from_units(u64::try_from(left).unwrap_or(0)))
            .with_resets_in(Duration::from_nanos(next - now))
    }

    pub(super) fn is_kept(&self, now: u64) -> bool {
        let let_in = self.let_in.as_ref().unwrap_or(&self.counts);
        self.counted(let_in, now) <= u128::from(self.limit) * u128::from(self.window_ns)
    }

    fn counted(&self, counts: &Counts, now: u64) -> u128 {
        let Counts { current, last, count } = counts.at(self.number(now));
        let elapsed = now + self.shift - current * self.window_ns;
        u128::from(last) * u128::from(self.window_ns - elapsed)
            + u128::from(count) * u128::from(self.window_ns)
    }

    /// How far into a window no more than `room` of the `last` units count, in ns.
    fn faded(&self, last: u32, room: u32) -> u64 {
        if last <= room {
            return 0;
        }
        let stays = u128::from(self.window_ns) * u128::from(room) / u128::from(last);
        self.window_ns - u64::try_from(stays).unwrap_or(self.window_ns)
    }

    /// The number of the window that `now` is in.
    const fn number(&self, now: u64) -> u64 {
        now.saturating_add(self.shift) / self.window_ns
    }

    /// When the window that `now` is in began, time 0 at the earliest, and when the next
    /// one does.
    const fn around(&self, now: u64) -> (u64, u64) {
        let began = self.number(now).saturating_mul(self.window_ns);
        let next = began.saturating_add(self.window_ns).saturating_sub(self.shift);
        (began.saturating_sub(self.shift), next)
    }
}

impl Counts {
    /// As they are in the window of this number.
    fn at(self, number: u64) -> Self {
        match number - self.current {
            0 => self,
            1 => Self { current: number, last: self.count, count: 0 },
            _ => Self { current: number, ..Self::default() },
        }
    }

    fn add(&mut self, number: u64, units: u32) {
        *self = self.at(number);
        self.count = self.count.saturating_add(units);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_requests_count_where_that_is_the_rule() {
        let window = || SlidingWindow::new(Dimension::Requests, 2, Duration::from_nanos(100));
        // Of two the half may be in sight, of five a fifth.
        for (refusals_count, opens_at) in [(false, 180), (true, 210)] {
            let mut window =
                window().shifted_by(Duration::from_nanos(30)).with_rule(refusals_count);
            window.take(30, &Cost::REQUEST);
            window.take(30, &Cost::REQUEST);
            for _ in 0..3 {
                assert!(matches!(window.opening(40, &Cost::REQUEST), Opening::At(_)));
                window.refuse(40, &Cost::REQUEST);
            }
            assert_eq!(window.opening(40, &Cost::REQUEST), Opening::At(opens_at));
            assert!(window.is_kept(40));
        }
    }

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
