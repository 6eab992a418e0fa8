//! The sliding window log.
//!
//! Keeps the time of every send that still counts and admits what keeps the sum
//! of the last period within the limit: the only one of the window algorithms
//! that is exact (<https://blog.cloudflare.com/counting-things-a-lot-of-different-things/>
//! compares them). A token bucket of the same rate is not: 60 a minute with a
//! burst of 60 lets 119 through in the worst minute.
//!
//! A log of every send has no bound, so above [`SlidingLog::EXACT`] units a
//! period times are rounded up to a grid of that many steps. Rounding up keeps a
//! send for longer than it counts, never for less.

use alloc::collections::VecDeque;
use core::time::Duration;

use super::{Completion, Limiter, spare, wait_until};
use crate::time::nanos;
use crate::{Cost, Decision, Dimension, InvalidConfig, Timestamp};

/// At most `limit` units in every half-open window of `period`, wherever it begins.
///
/// A send at `t` counts in `t..t + period`. A client that asks as soon as it may
/// sends `limit` units in each period. With a limit above [`EXACT`](Self::EXACT),
/// a send counts for up to `period / EXACT` longer. A cost above the limit is
/// refused at once. An actual cost above the estimate counts from the time of the
/// send; one below it gives back what still counts.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::SlidingLog;
/// use forbear_core::{Cost, Decision, Limiter, Timestamp};
///
/// let mut log = SlidingLog::new(2, Duration::from_secs(60)).unwrap();
/// let at = |seconds| Timestamp::ZERO.after(Duration::from_secs(seconds));
/// assert!(log.acquire(at(0), &Cost::REQUEST).is_admit());
/// assert!(log.acquire(at(59), &Cost::REQUEST).is_admit());
/// assert_eq!(log.acquire(at(59), &Cost::REQUEST), Decision::WaitUntil(at(60)));
/// assert!(log.acquire(at(60), &Cost::REQUEST).is_admit());
/// assert_eq!(log.acquire(at(60), &Cost::REQUEST), Decision::WaitUntil(at(119)));
/// ```
#[derive(Clone, Debug)]
pub struct SlidingLog {
    limit: u32,
    period_ns: u64,
    /// Times are rounded up to multiples of this.
    step_ns: u64,
    dimension: Dimension,
    /// Sends that may still count, by ascending time.
    log: VecDeque<Entry>,
    /// The units in `log`.
    logged: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: u64,
    units: u64,
}

impl SlidingLog {
    /// The largest limit that is kept to the nanosecond, and the number of steps
    /// of the grid above it: 64 KiB at most.
    pub const EXACT: u32 = 4096;

    /// At most `limit` requests in every window of `period`.
    ///
    /// # Errors
    ///
    /// If either is 0.
    pub fn new(limit: u32, period: Duration) -> Result<Self, InvalidConfig> {
        let steps = if limit > Self::EXACT { u64::from(Self::EXACT) } else { u64::MAX };
        Self::with_steps(limit, period, steps)
    }

    /// The same on a grid of `steps` steps a period.
    pub(super) fn with_steps(
        limit: u32,
        period: Duration,
        steps: u64,
    ) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("limit", limit)?;
        InvalidConfig::refuse_no_time("period", period)?;
        let period_ns = nanos(period);
        Ok(Self {
            limit,
            period_ns,
            step_ns: period_ns.div_ceil(steps.max(1)),
            dimension: Dimension::Requests,
            log: VecDeque::new(),
            logged: 0,
        })
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub const fn counting(mut self, dimension: Dimension) -> Self {
        self.dimension = dimension;
        self
    }

    /// Changes the limit from now on; what was sent still counts.
    ///
    /// # Errors
    ///
    /// If `limit` is 0.
    pub fn set_limit(&mut self, limit: u32) -> Result<(), InvalidConfig> {
        InvalidConfig::refuse_zero("limit", limit)?;
        self.limit = limit;
        if limit > Self::EXACT {
            self.step_ns = self.step_ns.max(self.period_ns.div_ceil(u64::from(Self::EXACT)));
        }
        Ok(())
    }

    /// Counts each send for `margin` longer.
    pub(super) const fn lengthened(mut self, margin: Duration) -> Self {
        self.period_ns = self.period_ns.saturating_add(nanos(margin));
        self
    }

    /// Units that may be sent at `now`.
    #[must_use]
    pub fn available(&self, now: Timestamp) -> u32 {
        let room = u64::from(self.limit).saturating_sub(self.counted(now));
        u32::try_from(room).unwrap_or(u32::MAX)
    }

    /// Units of which a send still counts at `now`.
    fn counted(&self, now: Timestamp) -> u64 {
        let expired = self
            .log
            .iter()
            .take_while(|entry| self.expires_at(entry) <= u128::from(now.as_nanos()));
        self.logged.saturating_sub(expired.map(|entry| entry.units).sum())
    }

    /// When `entry` stops to count, in nanoseconds; past the end of time for a late one.
    fn expires_at(&self, entry: &Entry) -> u128 {
        u128::from(entry.at) + u128::from(self.period_ns)
    }

    /// `time` on the grid, rounded up.
    const fn on_grid(&self, time: Timestamp) -> u64 {
        time.as_nanos().div_ceil(self.step_ns).saturating_mul(self.step_ns)
    }
}

impl Limiter for SlidingLog {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let room = match spare(cost, self.dimension, self.limit) {
            Ok(room) => u64::from(room),
            Err(decision) => return decision,
        };
        if self.counted(now) <= room {
            return Decision::Admit;
        }
        let mut counted = self.logged;
        let opens_at = self.log.iter().find_map(|entry| {
            counted = counted.saturating_sub(entry.units);
            (counted <= room).then(|| self.expires_at(entry))
        });
        // An empty log counts nothing, so there always is such an entry.
        wait_until(opens_at.unwrap_or(u128::MAX))
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let units = u64::from(cost.get(self.dimension));
        while let Some(oldest) = self.log.front()
            && self.expires_at(oldest) <= u128::from(now.as_nanos())
        {
            self.logged = self.logged.saturating_sub(oldest.units);
            self.log.pop_front();
        }
        if units == 0 {
            return;
        }
        self.logged = self.logged.saturating_add(units);
        let at = self.on_grid(now);
        match self.log.back_mut() {
            // Also where the clock went back: the later time is the stricter one.
            Some(newest) if newest.at >= at => newest.units = newest.units.saturating_add(units),
            _ => self.log.push_back(Entry { at, units }),
        }
    }

    fn observe(&mut self, _: Timestamp, completion: &Completion<'_>) {
        let charged = u64::from(completion.cost.get(self.dimension));
        let actual = u64::from(completion.actual.get(self.dimension));
        let at = self.on_grid(completion.sent_at);
        // No entry: it no longer counts, or it was counted later than it was sent.
        if let Ok(place) = self.log.binary_search_by_key(&at, |entry| entry.at) {
            let entry = &mut self.log[place];
            let before = entry.units;
            // An entry holds what was charged at its time, of this send and of
            // others, so a refund cannot take from others.
            entry.units = entry.units.saturating_add(actual).saturating_sub(charged);
            self.logged = self.logged.saturating_add(entry.units).saturating_sub(before);
        }
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.counted(now) == 0
    }

    fn name(&self) -> &'static str {
        "sliding_log"
    }
}
