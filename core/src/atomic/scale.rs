//! GCRA in 64 bits.
//!
//! As in the exact one, a rate of `n` units per `p` ns in lowest terms makes a
//! unit worth `p` ticks and a nanosecond worth `n`, and nothing is rounded. What
//! is different is the range: time in ticks has to fit into 64 bits.

use crate::{Decision, InvalidConfig, Rate, Refusal, Timestamp};

/// A rate and a burst on the scale of ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    ns_ticks: u64,
    unit_ticks: u64,
    burst: u32,
    /// What the burst is worth; too little where that passes 64 bits.
    burst_ticks: u64,
}

/// One question, ready to be tried on any TAT.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charge {
    cost: u64,
    /// By how much the TAT may lie ahead.
    spare: u64,
    /// What it is at least, and at most.
    now: (u64, u64),
    ns_ticks: u64,
}

impl Scale {
    /// Ticks a nanosecond: leaves nine years.
    const NS_TICKS_MAX: u64 = 64;

    pub(super) fn new(rate: Rate, burst: u32) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("burst", burst)?;
        let (units, ns) = rate.reduced();
        let (ns_ticks, unit_ticks) = if units <= Self::NS_TICKS_MAX {
            (units, ns)
        } else {
            // Below `ns`, since there are more units than ticks.
            let ticks = u128::from(ns) * u128::from(Self::NS_TICKS_MAX);
            let unit_ticks = ticks.div_ceil(u128::from(units));
            (Self::NS_TICKS_MAX, u64::try_from(unit_ticks).unwrap_or(u64::MAX))
        };
        let burst_ticks = unit_ticks.saturating_mul(u64::from(burst));
        Ok(Self { ns_ticks, unit_ticks, burst, burst_ticks })
    }

    pub(super) const fn burst(&self) -> u32 {
        self.burst
    }

    /// What `units` are worth.
    pub(super) const fn units(&self, units: u32) -> Option<u64> {
        self.unit_ticks.checked_mul(units as u64)
    }

    /// A request of `units`, at least one, at a time within `earliest..=latest`.
    #[inline]
    pub(super) fn charge(
        &self,
        (earliest, latest): (Timestamp, Timestamp),
        units: u32,
    ) -> Result<Charge, Decision> {
        if units > self.burst {
            let capacity = self.burst;
            return Err(Decision::Refuse(Refusal::ExceedsCapacity { cost: units, capacity }));
        }
        let at = |time: Timestamp| time.as_nanos().checked_mul(self.ns_ticks);
        match (self.units(units), at(earliest), at(latest)) {
            (Some(cost), Some(earliest), Some(latest)) => Ok(Charge {
                cost,
                spare: self.burst_ticks.saturating_sub(cost),
                now: (earliest, latest),
                ns_ticks: self.ns_ticks,
            }),
            _ => Err(BEYOND_TIME),
        }
    }
}

impl Charge {
    /// The TAT after the request, below `u64::MAX` and later than `tat`; or what
    /// is said instead.
    #[inline]
    pub(super) fn apply(&self, tat: u64) -> Result<u64, Decision> {
        let (earliest, latest) = self.now;
        let opens_at = tat.saturating_sub(self.spare);
        if opens_at > earliest {
            return Err(self.wait_until(opens_at));
        }
        tat.max(latest).checked_add(self.cost).filter(|&next| next < u64::MAX).ok_or(BEYOND_TIME)
    }

    /// Whether a bucket with this TAT is full.
    #[cfg(feature = "std")]
    pub(super) const fn is_full(&self, tat: u64) -> bool {
        tat <= self.now.0
    }

    #[cold]
    const fn wait_until(&self, ticks: u64) -> Decision {
        Decision::WaitUntil(Timestamp::from_nanos(ticks.div_ceil(self.ns_ticks)))
    }
}

const BEYOND_TIME: Decision = Decision::Refuse(Refusal::BeyondTime);
