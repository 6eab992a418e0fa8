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
    count: u32,
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
            count: 0,
            used: 0,
        }
    }

    /// With windows that begin so long after time 0, and each length from there.
    pub(super) fn shifted_by(mut self, offset: Duration) -> Self {
        self.offset = nanos(offset) % self.window_ns;
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
        let (opened, count) = self.at(now);
        self.opened = Some(opened);
        self.count = count.saturating_add(units);
        self.used += u128::from(units);
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
        self.count <= self.limit
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
