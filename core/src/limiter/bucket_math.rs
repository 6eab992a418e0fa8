//! Exact arithmetic for limiters that hand out a rate.
//!
//! A rate of `n` units per `p` ns, in lowest terms, makes one unit worth `p`
//! *ticks* and one nanosecond worth `n` ticks. In ticks every sum is a whole
//! number, so nothing is rounded until a wait is named, and that rounds up.

use super::{Completion, wait_until};
use crate::{Decision, Dimension, InvalidConfig, Rate, Timestamp};

/// What the limiters of a rate share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) dimension: Dimension,
    pub(super) burst: u32,
    unit_ticks: u64,
    ns_ticks: u64,
}

impl Shape {
    pub(super) const fn new(rate: Rate) -> Self {
        let (ns_ticks, unit_ticks) = rate.reduced();
        Self { dimension: Dimension::Requests, burst: 1, unit_ticks, ns_ticks }
    }

    /// The same dimension and burst at another rate.
    pub(super) const fn at_rate(&self, rate: Rate) -> Self {
        let (ns_ticks, unit_ticks) = rate.reduced();
        Self { unit_ticks, ns_ticks, ..*self }
    }

    pub(super) fn with_burst(mut self, burst: u32) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("burst", burst)?;
        self.burst = burst;
        Ok(self)
    }

    /// What `units` are worth.
    pub(super) const fn units(&self, units: u32) -> u128 {
        // Below 2^96: a u32 times a u64.
        units as u128 * self.unit_ticks as u128
    }

    /// `time` on the scale of ticks.
    pub(super) const fn at(&self, time: Timestamp) -> u128 {
        // Below 2^128: a u64 times a u64.
        time.as_nanos() as u128 * self.ns_ticks as u128
    }

    /// Waits for the first nanosecond at which `ticks` have passed since the origin.
    pub(super) fn opens_at(&self, ticks: u128) -> Decision {
        wait_until(ticks.div_ceil(u128::from(self.ns_ticks)))
    }

    /// `ticks` on the scale of another rate: worth as many units there, rounded up.
    pub(super) fn converted(&self, ticks: u128, other: &Self) -> u128 {
        let (unit, new_unit) = (u128::from(self.unit_ticks), u128::from(other.unit_ticks));
        // Whole units and the rest apart: the product may pass 2^128.
        let rest = (ticks % unit * new_unit).div_ceil(unit);
        (ticks / unit).saturating_mul(new_unit).saturating_add(rest)
    }

    /// The theoretical arrival time `tat` after a request is settled.
    pub(super) fn settled(&self, tat: u128, now: Timestamp, completion: &Completion<'_>) -> u128 {
        let charged = completion.cost.get(self.dimension);
        let actual = completion.actual.get(self.dimension);
        if actual > charged {
            // A debt: later requests wait until it is paid.
            tat.max(self.at(now)).saturating_add(self.units(actual - charged))
        } else {
            // What a full bucket cannot hold is lost: the next commit takes the
            // later of this and now.
            tat.saturating_sub(self.units(charged - actual))
        }
    }

    /// Units that `ticks` are worth, rounded down.
    pub(super) fn whole_units(&self, ticks: u128) -> u32 {
        u32::try_from(ticks / u128::from(self.unit_ticks)).unwrap_or(u32::MAX)
    }
}
