//! A share of a delay, without floats.

use core::time::Duration;

use crate::InvalidConfig;
use crate::text::Decimal;
use crate::time::nanos;

/// A share, from 0 to 1: a decimal of at most nine places.
///
/// ```
/// use forbear_core::backoff::Ratio;
///
/// assert!(Ratio::new(0.25).is_ok());
/// let error = Ratio::new(1.5).unwrap_err();
/// assert_eq!(error.to_string(), "ratio is 1.5, must be a number from 0 to 1");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ratio {
    digits: u64,
    denominator: u64,
}

impl Ratio {
    /// A half.
    pub const HALF: Self = Self { digits: 5, denominator: 10 };
    /// The whole.
    pub const ONE: Self = Self { digits: 1, denominator: 1 };

    /// The decimal of nine places that is nearest to `ratio`.
    ///
    /// # Errors
    ///
    /// If `ratio` is not a number from 0 to 1.
    pub fn new(ratio: f64) -> Result<Self, InvalidConfig> {
        let invalid = || InvalidConfig::new("ratio", ratio, "a number from 0 to 1");
        let decimal = Decimal::from_f64(ratio).filter(|_| ratio <= 1.0).ok_or_else(invalid)?;
        Ok(Self { digits: decimal.digits, denominator: decimal.denominator() })
    }

    /// This share of `delay`, rounded down to a nanosecond.
    pub(super) fn of(self, delay: Duration) -> Duration {
        let share =
            u128::from(nanos(delay)) * u128::from(self.digits) / u128::from(self.denominator);
        // At most `delay`, since a ratio is at most 1.
        Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
    }

    /// The longest delay that is at most `max` with this share on top.
    pub(super) fn below(self, max: Duration) -> Duration {
        let whole = u128::from(self.denominator);
        let delay = u128::from(nanos(max)) * whole / (whole + u128::from(self.digits));
        // At most `max`.
        Duration::from_nanos(u64::try_from(delay).unwrap_or(u64::MAX))
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Ratio {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Ratio {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(Decimal::fraction_as_f64(self.digits, self.denominator))
    }
}
