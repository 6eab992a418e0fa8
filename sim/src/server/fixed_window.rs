//! A count that starts anew with each window of time.
//!
//! The simplest limit and the most common one. Its weakness is known: `limit`
//! requests at the end of a window and `limit` at the start of the next are twice
//! the limit within a moment.

use std::time::Duration;

use forbear_core::{Cost, Dimension, Quantity, Quota};

use super::limit::{Opening, Usage};
use crate::scenario::{Portion, WindowStart, nanos};

/// `limit` units in each window.
#[derive(Debug)]
pub(crate) struct FixedWindow {
    dimension: Dimension,
    limit: u32,
    /// What it allows now of these.
    allowed: u32,
    window_ns: u64,
    start: WindowStart,
    /// How long after time 0 a window begins, where they begin by the clock, in ns.
    offset: u64,
    /// When the window in force began, once one has, in ns.
    opened: Option<u64>,
    /// Whether a refused request counts.
    refusals_count: bool,
    /// What counts in it.
    count: u32,
    /// What was let in of that.
    let_in: u32,
    used: u128,
}

impl FixedWindow {
    pub(super) fn new(
        dimension: Dimension,
        limit: u32,
        window: Duration,
        start: WindowStart,
    ) -> Self {
        let window_ns = nanos(window);
        Self {
            dimension,
            limit,
            allowed: limit,
            window_ns,
            start,
            offset: 0,
            opened: None,
            refusals_count: false,
            count: 0,
            let_in: 0,
            used: 0,
        }
    }

    /// With windows that begin so long after time 0, and each length from there.
    pub(super) fn shifted_by(mut self, offset: Duration) -> Self {
        self.offset = nanos(offset) % self.window_ns;
        self
    }

    /// Whether a refused request counts, as where a counter is raised before it is looked at
    /// (`INCRBY`); it shows where requests cost more than a unit, since a cheap one fits in
    /// after a dear one was refused only if that does not count.
    pub(super) const fn with_rule(mut self, refusals_count: bool) -> Self {
        self.refusals_count = refusals_count;
        self
    }

    pub(super) fn cut(&mut self, portion: Portion) {
        self.allowed = portion.of(self.limit);
    }

    pub(super) fn opening(&self, now: u64, cost: &Cost) -> Opening {
        let units = cost.get(self.dimension);
        let (opened, count) = self.at(now);
        match self.allowed.checked_sub(units) {
            _ if units > self.limit => Opening::Never,
            Some(room) if count <= room => Opening::Now,
            _ => Opening::At(self.end(opened)),
        }
    }

    pub(super) fn take(&mut self, now: u64, cost: &Cost) {
        let units = cost.get(self.dimension);
        self.add(now, units);
        self.let_in = self.let_in.saturating_add(units);
        self.used += u128::from(units);
    }

    pub(super) fn refuse(&mut self, now: u64, cost: &Cost) {
        if self.refusals_count {
            self.add(now, cost.get(self.dimension));
        }
    }

    /// Counts each window that had begun by `now` as a whole.
    pub(super) fn usage(&self, now: u64) -> Usage {
        // The one that time 0 falls into began before it, if they are shifted.
        let begun = now.saturating_add((self.window_ns - self.offset) % self.window_ns);
        let windows = u128::from(begun / self.window_ns) + 1;
        Usage { used: self.used, permitted: windows * u128::from(self.limit) }
    }

    pub(super) fn quota(&self, now: u64) -> Quota {
        let (opened, count) = self.at(now);
        let ends_at = self.end(opened);
        Quota::new(Some(self.dimension))
            .with_limit(Quantity::from_units(u64::from(self.allowed)))
            .with_remaining(Quantity::from_units(u64::from(self.allowed.saturating_sub(count))))
            .with_resets_in(Duration::from_nanos(ends_at.saturating_sub(now)))
    }

    pub(super) const fn is_kept(&self) -> bool {
        self.let_in <= self.limit
    }

    fn add(&mut self, now: u64, units: u32) {
        let (opened, count) = self.at(now);
        if self.opened != Some(opened) {
            (self.opened, self.let_in) = (Some(opened), 0);
        }
        self.count = count.saturating_add(units);
    }

    /// When the window in force at `now` began, and its count.
    fn at(&self, now: u64) -> (u64, u32) {
        match self.opened {
            Some(opened) if now < self.end(opened) => (opened, self.count),
            _ if self.start == WindowStart::Clock => (self.began(now), 0),
            _ => (now, 0),
        }
    }

    /// When the window by the clock began that `now` falls into; time 0 for the first one
    /// if it is cut short by that.
    const fn began(&self, now: u64) -> u64 {
        match now.checked_sub(self.offset) {
            Some(since) => now - since % self.window_ns,
            None => 0,
        }
    }

    /// When a window ends that began at `opened`.
    const fn end(&self, opened: u64) -> u64 {
        let is_cut_short = matches!(self.start, WindowStart::Clock) && opened < self.offset;
        if is_cut_short { self.offset } else { opened.saturating_add(self.window_ns) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_requests_count_where_that_is_the_rule() {
        let tokens = |units| Cost::REQUEST.with(Dimension::Tokens, units);
        let second = Duration::from_secs(1);
        for start in [WindowStart::Clock, WindowStart::FirstCall] {
            for (refusals_count, opening) in
                [(false, Opening::Now), (true, Opening::At(1_000_000_000))]
            {
                let mut window = FixedWindow::new(Dimension::Tokens, 10, second, start)
                    .with_rule(refusals_count);
                window.take(0, &tokens(6));
                assert_eq!(window.opening(1, &tokens(5)), Opening::At(1_000_000_000));
                window.refuse(1, &tokens(5));
                assert_eq!(window.opening(2, &tokens(4)), opening, "{start:?}");
                let left = if refusals_count { 0 } else { 4 };
                assert_eq!(window.quota(2).remaining(), Some(Quantity::from_units(left)));
                // The next window begins anew.
                assert_eq!(window.opening(1_000_000_000, &tokens(10)), Opening::Now);
                window.take(1_000_000_000, &tokens(10));
                assert!(window.is_kept());
            }
        }
    }
}
