//! A factor to raise to a power, without the platform's floats.
//!
//! Delays are decisions, so two machines must agree on them to the nanosecond.
//! Whole factors are exact. Others are decimals of up to nine places, raised by
//! repeated squaring with a 64-bit mantissa: the result is within 2^-56 of the
//! true value for any delay that does not saturate.

use core::fmt;

use crate::InvalidConfig;
use crate::text::Decimal;

/// How much longer each delay is than the one before.
///
/// A decimal above 0 with at most nine places, below 9 thousand million.
///
/// ```
/// use forbear_core::backoff::Factor;
///
/// assert_eq!(Factor::new(1.5).unwrap().to_string(), "1.5");
/// let error = Factor::new(f64::NAN).unwrap_err();
/// assert_eq!(error.to_string(), "factor is NaN, must be a number above 0 and below 9e9");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Factor {
    digits: u64,
    denominator: u64,
}

impl Factor {
    /// Doubling.
    pub const TWO: Self = Self { digits: 2, denominator: 1 };

    /// The decimal of nine places that is nearest to `factor`.
    ///
    /// # Errors
    ///
    /// If `factor` is not finite, is not above 0, or is 9e9 or more.
    pub fn new(factor: f64) -> Result<Self, InvalidConfig> {
        let invalid = || InvalidConfig::new("factor", factor, "a number above 0 and below 9e9");
        let decimal = Decimal::from_f64(factor).ok_or_else(invalid)?;
        if decimal.digits == 0 {
            return Err(invalid());
        }
        Ok(Self { digits: decimal.digits, denominator: decimal.denominator() })
    }

    /// `value * self^exponent`, to the nearest, saturating.
    pub(crate) fn scale(self, value: u64, exponent: u32) -> u64 {
        if self.denominator > 1 {
            return Wide::ratio(self).power(exponent).times(Wide::from(value)).round();
        }
        if self.digits == 2 {
            // The common case: a shift, which saturates where bits would be lost. It is
            // below 64 for 0 too.
            return if exponent <= (value | 1).leading_zeros() {
                value << exponent
            } else if value == 0 {
                0
            } else {
                u64::MAX
            };
        }
        value.saturating_mul(self.digits.saturating_pow(exponent))
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.digits / self.denominator)?;
        let mut rest = self.digits % self.denominator;
        let mut unit = self.denominator;
        if rest > 0 {
            f.write_str(".")?;
        }
        while rest > 0 {
            unit /= 10;
            write!(f, "{}", rest / unit)?;
            rest %= unit;
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Factor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Factor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(Decimal::fraction_as_f64(self.digits, self.denominator))
    }
}

/// `mantissa * 2^exponent`, the mantissa's top bit set; zero has mantissa 0.
#[derive(Clone, Copy)]
struct Wide {
    mantissa: u64,
    exponent: i64,
}

impl Wide {
    const ONE: Self = Self { mantissa: 1 << 63, exponent: -63 };
    const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    /// The top 64 bits of `bits * 2^exponent`, to the nearest.
    fn normal(bits: u128, exponent: i64) -> Self {
        if bits == 0 {
            return Self::ZERO;
        }
        let shift = i64::from(bits.leading_zeros());
        let top = bits << shift;
        let rounded = (top >> 64) + ((top >> 63) & 1);
        let exponent = exponent.saturating_add(64 - shift);
        // Rounding up 2^64 - 1 carries into one more bit.
        u64::try_from(rounded).map_or_else(
            |_| Self { mantissa: 1 << 63, exponent: exponent.saturating_add(1) },
            |mantissa| Self { mantissa, exponent },
        )
    }

    fn ratio(factor: Factor) -> Self {
        let (digits, unit) = (u128::from(factor.digits), u128::from(factor.denominator));
        Self::normal((digits << 64) / unit, -64)
    }

    fn times(self, other: Self) -> Self {
        let product = u128::from(self.mantissa) * u128::from(other.mantissa);
        Self::normal(product, self.exponent.saturating_add(other.exponent))
    }

    fn power(self, mut exponent: u32) -> Self {
        let (mut result, mut square) = (Self::ONE, self);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result.times(square);
            }
            square = square.times(square);
            exponent >>= 1;
        }
        result
    }

    fn round(self) -> u64 {
        match self.exponent {
            _ if self.mantissa == 0 => 0,
            0 => self.mantissa,
            1.. => u64::MAX,
            // Half of the last place up; -64 leaves only that half.
            -64..=-1 => {
                let wide = u128::from(self.mantissa) << 1;
                let halves = wide >> self.exponent.unsigned_abs();
                u64::try_from(halves.div_ceil(2)).unwrap_or(u64::MAX)
            }
            _ => 0,
        }
    }
}

impl From<u64> for Wide {
    fn from(value: u64) -> Self {
        Self::normal(u128::from(value), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(value: f64) -> Factor {
        Factor::new(value).unwrap()
    }

    #[test]
    fn whole_factors_are_exact_and_saturate() {
        assert_eq!(factor(2.0).scale(1, 63), 1 << 63);
        assert_eq!(factor(2.0).scale(1, 64), u64::MAX);
        assert_eq!(factor(2.0).scale(3, 62), 3 << 62);
        assert_eq!(factor(2.0).scale(0, 63), 0);
        assert_eq!(factor(2.0).scale(0, 64), 0);
        assert_eq!(factor(2.0).scale(0, u32::MAX), 0);
        assert_eq!(factor(3.0).scale(5, 9), 98_415);
        assert_eq!(factor(10.0).scale(1, 19), 10_000_000_000_000_000_000);
        assert_eq!(factor(10.0).scale(1, 20), u64::MAX);
        assert_eq!(factor(1.0).scale(7, u32::MAX), 7);
    }

    #[test]
    fn other_factors_are_right_to_the_nearest() {
        assert_eq!(factor(1.5).scale(1_000_000_000, 0), 1_000_000_000);
        assert_eq!(factor(1.5).scale(1_000_000_000, 10), 57_665_039_063);
        assert_eq!(factor(0.5).scale(1_000_000_000, 3), 125_000_000);
        assert_eq!(factor(0.5).scale(1, 1), 1, "half rounds up");
        assert_eq!(factor(0.5).scale(1, 2), 0);
        assert_eq!(factor(1.1).scale(1_000_000_000, u32::MAX), u64::MAX);
        assert_eq!(factor(0.9).scale(u64::MAX, u32::MAX), 0);
        assert_eq!(factor(2.5).scale(u64::MAX, 1), u64::MAX);
    }

    #[test]
    fn what_is_not_a_factor_is_refused() {
        for bad in [0.0, -2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e10, 1e-12] {
            assert!(Factor::new(bad).is_err(), "{bad}");
        }
    }
}
