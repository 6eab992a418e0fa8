//! Amounts of what a server counts: requests, tokens, points, percent.

use std::fmt;
use std::time::Duration;

use crate::value::decimal::Decimal;

/// A non-negative decimal number with nine places, such as 5000 or 0.5.
///
/// Whole up to `u64::MAX`, as counters are; fractional because some servers count so
/// (Amazon's selling-partner API grants 0.5 requests a second, Reddit sends `22.0`
/// remaining). Digits beyond the ninth place are dropped: permits are rounded down.
///
/// Wider than [`forbear_core::Quantity`], which it becomes behind the boundary: a reading
/// tells what was sent, up to the last digit.
///
/// # Examples
///
/// ```
/// use forbear_http::Amount;
///
/// let half = Amount::parse(b"0.50").expect("it is a decimal number");
/// assert_eq!(half.to_string(), "0.5");
/// assert_eq!((half.whole(), half.nanos()), (0, 500_000_000));
/// assert!(Amount::parse(b"-1").is_none());
/// ```
// `Duration` is a whole `u64` and nine decimal places with saturating arithmetic: exactly
// this type, but for its name. The newtype hides that it was meant for seconds.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Amount(Duration);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// A whole number.
    #[must_use]
    pub const fn new(whole: u64) -> Self {
        Self(Duration::from_secs(whole))
    }

    /// Reads `1*DIGIT [ "." 1*DIGIT ]`; `None` for anything else and above `u64::MAX`.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let number = Decimal::parse(value)?;
        Some(Self(Duration::new(number.whole?, number.nanos_down())))
    }

    /// The part before the decimal point.
    #[must_use]
    pub const fn whole(self) -> u64 {
        self.0.as_secs()
    }

    /// The part after the decimal point, in thousand-millionths (`0..1_000_000_000`).
    #[must_use]
    pub const fn nanos(self) -> u32 {
        self.0.subsec_nanos()
    }

    /// Whether this is nothing at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    pub(crate) const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<u64> for Amount {
    fn from(whole: u64) -> Self {
        Self::new(whole)
    }
}

/// The shortest decimal form: `5000`, `0.5`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.whole())?;
        if self.nanos() > 0 {
            let places = format!("{:09}", self.nanos());
            write!(f, ".{}", places.trim_end_matches('0'))?;
        }
        Ok(())
    }
}
