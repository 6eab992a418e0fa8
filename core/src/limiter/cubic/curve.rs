//! The cubic curve of CUBIC.

use core::time::Duration;

use crate::text::Decimal;
use crate::{InvalidConfig, Quantity, Timestamp};

/// How a rate comes back after a cut: fast, then slowly past the rate at which it
/// was cut, then fast again.
///
/// `rate(t) = peak + 0.4 * (t - k)^3` with `k = cbrt(0.3 * peak / 0.4)` seconds,
/// which begins at `0.7 * peak`, or at another share ([`cut_to`](Self::cut_to)): RFC 9438 with the constants of the AWS SDKs, in
/// units per second instead of segments. In integers: `t` and `k` to the
/// nanosecond, rates to the millionth, rounded down. It no longer grows 1000 s
/// after the plateau, and peaks count up to 10^9 units a second.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::CubicCurve;
/// use forbear_core::{Quantity, Timestamp};
///
/// let curve = CubicCurve::cut_at(Timestamp::ZERO, Quantity::from_units(10));
/// assert_eq!(curve.plateau_after().as_millis(), 1957);
/// let at = |millis| curve.rate(Timestamp::ZERO.after(Duration::from_millis(millis))).as_micros();
/// assert_eq!(at(0), 7_000_000);
/// assert_eq!(at(1957), 9_999_999);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CubicCurve {
    cut_at: Timestamp,
    peak_micros: u64,
    plateau_ns: u64,
}

impl CubicCurve {
    pub(super) const PEAK_MICROS_MAX: u64 = 1_000_000_000_000_000;
    /// 1000 s: its cube, times 4, is below 2^127.
    const REACH_NS: i128 = 1_000_000_000_000;

    /// The curve after a cut at `now`, from `peak` units a second.
    #[must_use]
    pub fn cut_at(now: Timestamp, peak: Quantity) -> Self {
        Self::kept(now, peak, Decimal { digits: 7, places: 1 })
    }

    /// The curve after a cut at `now` to `ratio` of `peak` units a second, where
    /// [`cut_at`](Self::cut_at) keeps seven tenths.
    ///
    /// ```
    /// use forbear_core::limiter::CubicCurve;
    /// use forbear_core::{Quantity, Timestamp};
    ///
    /// let (now, ten) = (Timestamp::ZERO, Quantity::from_units(10));
    /// let curve = CubicCurve::cut_to(now, ten, 0.6)?;
    /// assert_eq!(curve.rate(now), Quantity::from_units(6));
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `ratio` is not above 0 and below 1.
    pub fn cut_to(now: Timestamp, peak: Quantity, ratio: f64) -> Result<Self, InvalidConfig> {
        Ok(Self::kept(now, peak, share(ratio)?))
    }

    pub(super) fn kept(now: Timestamp, peak: Quantity, kept: Decimal) -> Self {
        let peak_micros = peak.as_micros().min(Self::PEAK_MICROS_MAX);
        let unit = kept.denominator();
        let lost = u128::from(unit - kept.digits.min(unit));
        // 1 / 0.4 of what is lost, from millionths of s^3 to ns^3: below 2^121.
        let cube =
            u128::from(peak_micros) * (lost * (2_500_000_000_000_000_000_000 / u128::from(unit)));
        Self { cut_at: now, peak_micros, plateau_ns: cube_root(cube) }
    }

    /// How long after the cut the rate is back at the peak, the `k` of the RFC.
    #[must_use]
    pub const fn plateau_after(&self) -> Duration {
        Duration::from_nanos(self.plateau_ns)
    }

    /// Units a second at `now`.
    #[must_use]
    pub fn rate(&self, now: Timestamp) -> Quantity {
        let elapsed_ns = now.since(self.cut_at).as_nanos();
        let elapsed_ns = i128::try_from(elapsed_ns).unwrap_or(i128::MAX);
        let distance_ns = elapsed_ns - i128::from(self.plateau_ns);
        let distance_ns = distance_ns.clamp(-Self::REACH_NS, Self::REACH_NS);
        // 0.4 * 10^6 millionths over 10^27 ns^3.
        let gain = (distance_ns.pow(3) * 4).div_euclid(10_i128.pow(22));
        let micros = i128::from(self.peak_micros) + gain;
        Quantity::from_micros(u64::try_from(micros.max(0)).unwrap_or(u64::MAX))
    }
}

/// The cube root of a number below 2^120, rounded down.
/// What is kept at a cut.
pub(super) fn share(ratio: f64) -> Result<Decimal, InvalidConfig> {
    Decimal::from_f64(ratio)
        .filter(|decimal| decimal.digits > 0 && decimal.digits < decimal.denominator())
        .ok_or_else(|| InvalidConfig::new("ratio", ratio, "a number above 0 and below 1"))
}

fn cube_root(number: u128) -> u64 {
    (0..41).rev().fold(0_u64, |root, bit| {
        let next = root | 1 << bit;
        if u128::from(next).pow(3) <= number { next } else { root }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cube_roots_are_rounded_down() {
        for root in [1, 2, 10, 999_999, 908_560_296_416, (1 << 41) - 1] {
            let cube = u128::from(root).pow(3);
            assert_eq!(cube_root(cube), root);
            assert_eq!(cube_root(cube + 1), root);
            assert_eq!(cube_root(cube.saturating_sub(1)), root.saturating_sub(1));
        }
    }
}
