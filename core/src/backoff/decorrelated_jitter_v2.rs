//! Decorrelated jitter without its gaps and peaks.
//!
//! `DecorrelatedJitterBackoffV2` of Polly
//! (<https://github.com/App-vNext/Polly/issues/530>): the delays of one caller are
//! the steps of a smooth curve, taken at random points, one in each unit of its
//! argument. Over many callers the sends are spread evenly, where the first
//! version bunches them at the base.

use core::time::Duration;

use super::exp::exp_neg;
use super::{BackoffStrategy, Limits, Retry};
use crate::entropy::uniform;
use crate::text::format_duration;
use crate::time::nanos;
use crate::{Entropy, InvalidConfig};

/// `f(t) - f(t before)`, with `f(t) = base * 2^t * tanh(sqrt(4 t)) / 1.4` and `t`
/// uniform over `number - 1..number`.
///
/// The median of the first delay is near `base`, and it may be 0. A delay that
/// comes out above `max` is drawn from `max/2..=max` instead.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::SplitMix64;
/// use forbear_core::backoff::{DecorrelatedJitterV2, Delays};
///
/// let (base, max) = (Duration::from_secs(1), Duration::from_secs(30));
/// let backoff = DecorrelatedJitterV2::new(base, max).unwrap();
/// let mut entropy = SplitMix64::new(1);
/// assert!(Delays::new(&backoff, &mut entropy).take(20).all(|delay| delay <= max));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DecorrelatedJitterV2 {
    base_ns: u64,
    max: Duration,
}

impl DecorrelatedJitterV2 {
    /// Starts around `base`, never above `max`.
    ///
    /// # Errors
    ///
    /// If `base` is 0 or above `max`.
    pub fn new(base: Duration, max: Duration) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_no_time("base", base)?;
        if base > max {
            let base = format_duration(base);
            return Err(InvalidConfig::new("base", base, "no longer than max"));
        }
        Ok(Self { base_ns: nanos(base), max })
    }
}

impl BackoffStrategy for DecorrelatedJitterV2 {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        let word = entropy.next_u64();
        // The steps so far add up to the curve at the point before.
        let point = curve(self.base_ns, retry.number.get() - 1, word);
        let delay = Duration::from_nanos(point).saturating_sub(retry.total_delay);
        // Where the curve leaves the cap or the range of time, all of its points are
        // the same.
        if delay < self.max && point < u64::MAX {
            return delay;
        }
        let max = self.max.min(Duration::from_nanos(u64::MAX));
        uniform(&mut Again(word), max / 2, max)
    }

    fn is_jittered(&self) -> bool {
        true
    }

    fn limits(&self, _: &Retry) -> Limits {
        Limits { min: Duration::ZERO, max: self.max }
    }
}

/// `f(whole + fraction)` in nanoseconds, saturating; the fraction is in units of
/// `2^-64`.
fn curve(base_ns: u64, whole: u32, fraction: u64) -> u64 {
    /// ln 2 in units of `2^-64`.
    const LN_2: u128 = 0xB172_17F7_D1CF_79AC;
    const ONE: u128 = 1 << 64;

    if whole > 63 {
        return u64::MAX;
    }
    let t = (u128::from(whole) << 64) | u128::from(fraction);
    // tanh(x) = (1 - e^-2x) / (1 + e^-2x), and 2x = 4 sqrt(t). The root has 60
    // places, the argument of the exponential 64.
    let root = (t << 56).isqrt();
    let small = exponential(root << 6);
    let tanh = ((ONE - small) << 63) / (ONE + small);
    // 2^fraction = 2 e^(-(1 - fraction) ln 2).
    let power = 2 * exponential(((ONE - u128::from(fraction)) * LN_2) >> 64);
    // Below 2^65, and 1 / 1.4 is 5 / 7.
    let units = ((power * tanh) >> 63) * 5 / 7;
    let wide = u128::from(base_ns) * (units >> 1);
    u64::try_from(wide >> (63 - whole)).unwrap_or(u64::MAX)
}

/// `e^-x`, both in units of `2^-64`.
fn exponential(x: u128) -> u128 {
    if x == 0 {
        return 1 << 64;
    }
    let (mantissa, halvings) = exp_neg(x);
    u128::from(mantissa).checked_shr(halvings).unwrap_or(0)
}

/// The word that was drawn already, so that each delay takes one.
#[derive(Debug)]
struct Again(u64);

impl Entropy for Again {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
}
