//! Amounts of quota, which may be fractions.

use core::fmt;

/// An amount of quota in millionths of a unit, saturating at 18 million million
/// units.
///
/// Servers do send fractions: Amazon's selling partner API allows `0.0167`
/// requests a second, Reddit has `597.5` left. Fixed point keeps them exact and
/// keeps floats out of decisions.
///
/// ```
/// use forbear_core::Quantity;
///
/// let left = Quantity::from_micros(597_500_000);
/// assert_eq!(left.whole(), 597);
/// assert_eq!(left.to_string(), "597.5");
/// assert!(left < Quantity::from_units(598));
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Quantity(u64);

impl Quantity {
    /// Millionths in one unit.
    pub const MICROS: u64 = 1_000_000;
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `units` whole units, saturating.
    #[must_use]
    pub const fn from_units(units: u64) -> Self {
        Self(units.saturating_mul(Self::MICROS))
    }

    /// `micros` millionths of a unit.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// In millionths of a unit.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole units, rounded down: half a request left is none.
    #[must_use]
    pub const fn whole(self) -> u64 {
        self.0 / Self::MICROS
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, micros) = (self.whole(), self.0 % Self::MICROS);
        if micros == 0 {
            return write!(f, "{whole}");
        }
        let (mut digits, mut width) = (micros, 6);
        while digits.is_multiple_of(10) {
            digits /= 10;
            width -= 1;
        }
        write!(f, "{whole}.{digits:0width$}")
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
