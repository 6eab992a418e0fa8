//! One rate for all threads.

use core::sync::atomic::Ordering;

use super::scale::{Charge, Scale};
use super::sync::AtomicU64;
use super::{CoarseClock, Lease};
use crate::{Decision, InvalidConfig, Rate, Timestamp};

/// `rate`, with up to `burst` units at once after a pause, for any number of
/// threads.
///
/// In any span of time `t`, at most `burst + rate * t` units are admitted. The
/// rate is exact, and every answer that of [`Gcra`](crate::limiter::Gcra), if in
/// lowest terms it is at most 64 units per a whole number of nanoseconds: every
/// rate that divides 10^9 a second, each `n / min`, 60 and below a nanosecond.
/// Any other is rounded down, by making the interval up to 1/64 ns longer: by at
/// most 0.002 % at a million a second. Above 64 units a nanosecond it stays there.
///
/// Time is good for 9 years after the clock's origin, 584 where the rate in
/// lowest terms is one unit per some nanoseconds. Beyond, it refuses with
/// [`Refusal::BeyondTime`](crate::Refusal::BeyondTime). A burst that takes longer
/// than that to refill is cut to one that takes as long.
///
/// # Examples
///
/// ```
/// use forbear_core::atomic::AtomicGcra;
/// use forbear_core::{Decision, Timestamp};
///
/// static RATE: std::sync::LazyLock<AtomicGcra> =
///     std::sync::LazyLock::new(|| AtomicGcra::new("100/s".parse().unwrap(), 2).unwrap());
///
/// let start = Timestamp::ZERO;
/// assert!(RATE.acquire(start, 1).is_admit());
/// assert!(RATE.acquire(start, 1).is_admit());
/// let in_10_ms = Timestamp::from_nanos(10_000_000);
/// assert_eq!(RATE.acquire(start, 1), Decision::WaitUntil(in_10_ms));
/// ```
// On a line of its own: a neighbour that changes would slow it down.
#[derive(Debug)]
#[repr(align(64))]
pub struct AtomicGcra {
    scale: Scale,
    /// Theoretical arrival time, in ticks. Nothing else is published with it, so
    /// every access is relaxed.
    tat: AtomicU64,
}

impl AtomicGcra {
    /// `rate`, up to `burst` units at once.
    ///
    /// # Errors
    ///
    /// If `burst` is 0.
    pub fn new(rate: Rate, burst: u32) -> Result<Self, InvalidConfig> {
        Ok(Self { scale: Scale::new(rate, burst)?, tat: AtomicU64::new(0) })
    }

    /// Checks and, if admitted, charges `units`. No units are free.
    ///
    /// Given an earlier time than another thread, it is stricter, never laxer.
    #[inline]
    pub fn acquire(&self, now: Timestamp, units: u32) -> Decision {
        self.acquire_between((now, now), units)
    }

    /// The same by a clock that is late by up to its resolution.
    ///
    /// The request is judged at the earliest time that it may be and charged at
    /// the latest, so the envelope is kept in true time. That costs no throughput
    /// while the burst is worth more than the resolution.
    #[inline]
    pub fn acquire_by(&self, clock: &CoarseClock, units: u32) -> Decision {
        self.acquire_between(clock.span(), units)
    }

    /// Gives `units` back that were charged and not used; what a full bucket
    /// cannot hold is lost.
    pub fn release(&self, units: u32) {
        let refund = self.scale.units(units).unwrap_or(0);
        let refunded = |tat: u64| Some(tat.saturating_sub(refund));
        // It cannot fail, since the closure always says what to store.
        let _ = self.tat.fetch_update(Ordering::Relaxed, Ordering::Relaxed, refunded);
    }

    /// For one thread, up to `size` units at a time.
    ///
    /// # Errors
    ///
    /// If `size` is 0 or above the burst.
    pub fn lease(&self, size: u32) -> Result<Lease<'_>, InvalidConfig> {
        if size == 0 || size > self.scale.burst() {
            let must = "at least 1 and no more than the burst";
            return Err(InvalidConfig::new("size", size, must));
        }
        Ok(Lease::new(self, size))
    }

    #[inline]
    fn acquire_between(&self, now: (Timestamp, Timestamp), units: u32) -> Decision {
        if units == 0 {
            return Decision::Admit;
        }
        match self.scale.charge(now, units) {
            Ok(charge) => self.take(&charge),
            Err(refusal) => refusal,
        }
    }

    #[inline]
    fn take(&self, charge: &Charge) -> Decision {
        let mut tat = self.tat.load(Ordering::Relaxed);
        loop {
            let next = match charge.apply(tat) {
                Ok(next) => next,
                Err(decision) => return decision,
            };
            let swap = |from, to| {
                self.tat.compare_exchange_weak(from, to, Ordering::Relaxed, Ordering::Relaxed)
            };
            match swap(tat, next) {
                Ok(_) => return Decision::Admit,
                Err(seen) => tat = seen,
            }
        }
    }
}
