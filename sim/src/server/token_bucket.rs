//! A bucket that refills continuously.
//!
//! In any span of time `t` it lets in at most `burst + rate * t` units; a client
//! that asks all the time gets `floor(burst + rate * t)`.

use std::time::Duration;

use forbear_core::{Cost, Dimension, Quantity, Quota, Rate};

use super::Request;
use super::limit::{Opening, Usage};
use crate::scenario::{Portion, nanos};

/// A token bucket, full at the start.
///
/// With `n` units per `p` ns, of which `m` millionths are allowed, a unit is worth
/// `p * 10^6` ticks and a nanosecond `n * m`, so that the level is a whole number and
/// never rounded.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    dimension: Dimension,
    period_ns: u128,
    limit: u128,
    unit_ticks: u128,
    ns_ticks: u128,
    full: u128,
    /// At `updated`, in ticks.
    level: u128,
    updated: u64,
    /// Taken and not given back, in units.
    used: u128,
    /// Refilled before `cut_at`, in ticks.
    refilled: u128,
    /// Since when it refills at the rate that it does, in ns.
    cut_at: u64,
    refusals_count: bool,
    refund: bool,
}

/// Ticks of a nanosecond's worth of a unit.
const WHOLE: u128 = Portion::WHOLE.millionths() as u128;

impl TokenBucket {
    pub(super) fn new(dimension: Dimension, rate: Rate, burst: u32) -> Self {
        let period_ns = u128::from(nanos(rate.period()));
        let unit_ticks = period_ns * WHOLE;
        let full = unit_ticks * u128::from(burst);
        let limit = u128::from(rate.limit().get());
        Self {
            dimension,
            period_ns,
            limit,
            unit_ticks,
            ns_ticks: limit * WHOLE,
            full,
            level: full,
            updated: 0,
            used: 0,
            refilled: 0,
            cut_at: 0,
            refusals_count: false,
            refund: false,
        }
    }

    /// Whether a refused request takes what is left, and whether what a request
    /// did not use goes back.
    pub(super) const fn with_rules(mut self, refusals_count: bool, refund: bool) -> Self {
        self.refusals_count = refusals_count;
        self.refund = refund;
        self
    }

    /// What is in it stays; from `now` on it refills at this part of its rate.
    pub(super) fn cut(&mut self, now: u64, portion: Portion) {
        self.settle(now, self.level_at(now));
        self.refilled = self.refilled_at(now);
        self.cut_at = now;
        self.ns_ticks = self.limit * u128::from(portion.millionths());
    }

    pub(super) fn opening(&self, now: u64, cost: &Cost) -> Opening {
        let need = self.ticks(cost);
        if need > self.full {
            return Opening::Never;
        }
        match need.checked_sub(self.level_at(now)) {
            None | Some(0) => Opening::Now,
            Some(missing) => {
                let wait = u64::try_from(missing.div_ceil(self.ns_ticks)).unwrap_or(u64::MAX);
                Opening::At(now.saturating_add(wait))
            }
        }
    }

    pub(super) fn take(&mut self, now: u64, cost: &Cost) {
        self.settle(now, self.level_at(now).saturating_sub(self.ticks(cost)));
        self.used += u128::from(cost.get(self.dimension));
    }

    pub(super) fn refuse(&mut self, now: u64, cost: &Cost) {
        if self.refusals_count {
            self.settle(now, self.level_at(now).saturating_sub(self.ticks(cost)));
        }
    }

    /// Units that a request does not use of those that it is charged.
    pub(super) fn unused(&self, request: &Request<'_>) -> u32 {
        let [reserved, actual] =
            [request.reserved, request.actual].map(|cost| cost.get(self.dimension));
        if self.refund { reserved.saturating_sub(actual) } else { 0 }
    }

    pub(super) fn give_back(&mut self, now: u64, request: &Request<'_>) {
        let unused = u128::from(self.unused(request));
        self.settle(
            now,
            self.level_at(now).saturating_add(unused * self.unit_ticks).min(self.full),
        );
        self.used -= unused;
    }

    pub(super) fn usage(&self, now: u64) -> Usage {
        let permitted = self.full.saturating_add(self.refilled_at(now)) / WHOLE;
        Usage { used: self.used.saturating_mul(self.period_ns), permitted }
    }

    pub(super) fn quota(&self, now: u64) -> Quota {
        let level = self.level_at(now);
        let units = |ticks: u128| {
            Quantity::from_units(u64::try_from(ticks / self.unit_ticks).unwrap_or(u64::MAX))
        };
        let refill = (self.full - level).div_ceil(self.ns_ticks);
        let resets_in = Duration::from_nanos(u64::try_from(refill).unwrap_or(u64::MAX));
        Quota::new(Some(self.dimension))
            .with_limit(units(self.full))
            .with_remaining(units(level))
            .with_resets_in(resets_in)
    }

    fn ticks(&self, cost: &Cost) -> u128 {
        u128::from(cost.get(self.dimension)) * self.unit_ticks
    }

    fn refilled_at(&self, now: u64) -> u128 {
        let passed = u128::from(now.saturating_sub(self.cut_at));
        self.refilled.saturating_add(passed.saturating_mul(self.ns_ticks))
    }

    fn level_at(&self, now: u64) -> u128 {
        let passed = u128::from(now.saturating_sub(self.updated));
        self.level.saturating_add(passed.saturating_mul(self.ns_ticks)).min(self.full)
    }

    const fn settle(&mut self, now: u64, level: u128) {
        self.level = level;
        self.updated = now;
    }
}
