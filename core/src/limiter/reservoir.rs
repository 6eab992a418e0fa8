//! A bucket that is refilled at a stroke.
//!
//! The reservoir of Bottleneck (`reservoirIncreaseAmount`, `-Interval`, `-Maximum`) and
//! the "intervally" refilled bucket of bucket4j. Where a refill is all that it holds it
//! is a [`FixedWindow`](super::FixedWindow); otherwise what was not used is kept, up to
//! the capacity.

use core::time::Duration;

use super::{Completion, Limiter, spare, wait_until};
use crate::time::nanos;
use crate::{Cost, Decision, Dimension, InvalidConfig, Timestamp};

/// `refill` units at each edge of a period, kept up to `capacity`.
///
/// In any span of time `t`, at most `capacity + refill * (t / period + 1)` units are
/// admitted. Full at the start; edges lie at multiples of the period after the clock's
/// origin unless [aligned](Self::aligned_to).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::Reservoir;
/// use forbear_core::{Cost, Decision, Dimension, Limiter, Timestamp};
///
/// let mut reservoir = Reservoir::new(10, 2, Duration::from_secs(60))?.starting_at(3);
/// let three = Cost::ZERO.with(Dimension::Requests, 3);
/// assert!(reservoir.acquire(Timestamp::ZERO, &three).is_admit());
/// let after = |minutes: u64| Timestamp::ZERO.after(Duration::from_secs(60 * minutes));
/// assert_eq!(reservoir.available(after(1)), 2);
/// assert_eq!(reservoir.check(after(1), &three), Decision::WaitUntil(after(2)));
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reservoir {
    capacity: u32,
    refill: u32,
    period_ns: u64,
    /// The first edge, below `period_ns`.
    edge_ns: u64,
    dimension: Dimension,
    /// Units below full, after the edges up to `edges`; more than the capacity is a debt.
    missing: u64,
    edges: u64,
}

impl Reservoir {
    /// `refill` units at each edge of a `period`, at most `capacity` of them kept.
    ///
    /// # Errors
    ///
    /// If one of them is 0.
    pub fn new(capacity: u32, refill: u32, period: Duration) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("capacity", capacity)?;
        InvalidConfig::refuse_zero("refill", refill)?;
        InvalidConfig::refuse_no_time("period", period)?;
        Ok(Self {
            capacity,
            refill,
            period_ns: nanos(period),
            edge_ns: 0,
            dimension: Dimension::Requests,
            missing: 0,
            edges: 0,
        })
    }

    /// With an edge at this time, and so a whole number of periods before and after.
    #[must_use]
    pub const fn aligned_to(mut self, edge: Timestamp) -> Self {
        self.edge_ns = edge.as_nanos() % self.period_ns;
        self
    }

    /// With so many units at the start, if that is less than the capacity.
    #[must_use]
    pub fn starting_at(mut self, units: u32) -> Self {
        self.missing = u64::from(self.capacity.saturating_sub(units));
        self
    }

    /// With what is left of the period at `now`, in proportion, for a process that starts
    /// within a period in which others may have sent: what a refill adds counts only for
    /// the time up to the next edge, what the reservoir holds beyond a refill is there.
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::Timestamp;
    /// use forbear_core::limiter::Reservoir;
    ///
    /// let at = |seconds| Timestamp::ZERO.after(Duration::from_secs(seconds));
    /// let reservoir = Reservoir::new(300, 300, Duration::from_secs(60))?.prorated_at(at(80));
    /// assert_eq!(reservoir.available(at(80)), 200);
    /// assert_eq!(reservoir.available(at(120)), 300);
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    #[must_use]
    pub fn prorated_at(mut self, now: Timestamp) -> Self {
        let edges = self.edges_until(now);
        let next = self.edge(u128::from(edges) + 1);
        let left_ns = next.saturating_sub(u128::from(now.as_nanos()));
        // Rounded down: at most a refill, which has 32 bits.
        let share = u128::from(self.refill) * left_ns / u128::from(self.period_ns);
        let beyond = self.capacity.saturating_sub(self.refill);
        let units = u32::try_from(share).unwrap_or(u32::MAX).saturating_add(beyond);
        self.edges = edges;
        self.starting_at(units)
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub const fn counting(mut self, dimension: Dimension) -> Self {
        self.dimension = dimension;
        self
    }

    /// Units that may go at `now`.
    #[must_use]
    pub fn available(&self, now: Timestamp) -> u32 {
        let room = u64::from(self.capacity).saturating_sub(self.missing_at(now));
        u32::try_from(room).unwrap_or(u32::MAX)
    }

    /// How many edges lie after the origin and at or before `now`.
    const fn edges_until(&self, now: Timestamp) -> u64 {
        // The edge at the origin, if there is one, does not count.
        let shifted = now.as_nanos() as u128 + self.shift_ns() as u128;
        #[expect(clippy::cast_possible_truncation, reason = "a period is at least 1 ns")]
        {
            (shifted / self.period_ns as u128) as u64
        }
    }

    /// When edge number `number` is; the first is 1.
    fn edge(&self, number: u128) -> u128 {
        number
            .saturating_mul(u128::from(self.period_ns))
            .saturating_sub(u128::from(self.shift_ns()))
    }

    /// From the last edge before the origin to the origin.
    const fn shift_ns(&self) -> u64 {
        if self.edge_ns == 0 { 0 } else { self.period_ns - self.edge_ns }
    }

    fn missing_at(&self, now: Timestamp) -> u64 {
        // A clock that went back finds what was there at the latest edge.
        let edges = self.edges_until(now).saturating_sub(self.edges);
        self.missing.saturating_sub(edges.saturating_mul(u64::from(self.refill)))
    }

    fn settle(&mut self, now: Timestamp, missing: u64) {
        self.missing = missing;
        self.edges = self.edges.max(self.edges_until(now));
    }
}

impl Limiter for Reservoir {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let spare = match spare(cost, self.dimension, self.capacity) {
            Ok(spare) => u64::from(spare),
            Err(decision) => return decision,
        };
        if self.missing_at(now) <= spare {
            return Decision::Admit;
        }
        let refills = (self.missing - spare).div_ceil(u64::from(self.refill));
        wait_until(self.edge(u128::from(self.edges) + u128::from(refills)))
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let units = u64::from(cost.get(self.dimension));
        if units > 0 {
            self.settle(now, self.missing_at(now).saturating_add(units));
        }
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        let charged = u64::from(completion.cost.get(self.dimension));
        let actual = u64::from(completion.actual.get(self.dimension));
        if charged != actual {
            let missing = self.missing_at(now).saturating_add(actual);
            self.settle(now, missing.saturating_sub(charged));
        }
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.missing_at(now) == 0
    }

    fn name(&self) -> &'static str {
        "reservoir"
    }
}
