//! How many units a period allows.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::num::NonZeroU64;
use core::str::FromStr;
use core::time::Duration;

use crate::InvalidConfig;
use crate::text::{Decimal, format_duration, parse_duration};
use crate::time::nanos;

/// `limit` units per `period`, exact.
///
/// Kept as a fraction, never as an interval: 7 a microsecond is 7 a microsecond
/// and not one every 142 ns, so a limiter built on it neither exceeds the rate
/// nor falls short of it by rounding.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Rate;
///
/// let rate: Rate = "500/min".parse().unwrap();
/// assert_eq!(rate, Rate::new(500, Duration::from_secs(60)).unwrap());
/// assert_eq!("0.5/s".parse::<Rate>().unwrap(), "1/2s".parse().unwrap());
/// assert_eq!(rate.to_string(), "500/1m");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    limit: NonZeroU64,
    period_ns: NonZeroU64,
}

impl Rate {
    /// `limit` units per `period`.
    ///
    /// # Errors
    ///
    /// If either is zero. A period above 584 years counts as 584 years.
    pub fn new(limit: u64, period: Duration) -> Result<Self, InvalidConfig> {
        let limit = NonZeroU64::new(limit)
            .ok_or_else(|| InvalidConfig::new("rate", limit, "at least 1 per period"))?;
        let period_ns = NonZeroU64::new(nanos(period))
            .ok_or_else(|| InvalidConfig::new("period", "0", "longer than 0"))?;
        Ok(Self { limit, period_ns })
    }

    /// Units per period.
    #[must_use]
    pub const fn limit(self) -> NonZeroU64 {
        self.limit
    }

    /// The period.
    #[must_use]
    pub const fn period(self) -> Duration {
        Duration::from_nanos(self.period_ns.get())
    }

    /// `(units, ns)` in lowest terms.
    pub(crate) const fn reduced(self) -> (u64, u64) {
        let (mut a, mut b) = (self.limit.get(), self.period_ns.get());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        (self.limit.get() / a, self.period_ns.get() / a)
    }
}

/// Equal as fractions: 60 a minute is 1 a second.
impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.reduced() == other.reduced()
    }
}

impl Eq for Rate {}

impl FromStr for Rate {
    type Err = InvalidConfig;

    /// Reads `number/unit` or `number/duration`: `500/min`, `0.5/s`, `100/10s`.
    fn from_str(text: &str) -> Result<Self, InvalidConfig> {
        let invalid = || {
            let short: String = text.chars().take(40).collect();
            let must = "a number above 0 per time, such as 500/min, 0.5/s or 100/10s";
            InvalidConfig::new("rate", format!("'{short}'"), must)
        };
        let (number, per) = text.trim().split_once('/').ok_or_else(invalid)?;
        let number = Decimal::parse(number.trim()).ok_or_else(invalid)?;
        let per = match per.trim() {
            "sec" | "second" => Duration::from_secs(1),
            "minute" => Duration::from_secs(60),
            "hour" => Duration::from_secs(3600),
            "day" => Duration::from_secs(86_400),
            unit if unit.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                parse_duration(unit).map_err(|_| invalid())?
            }
            unit => parse_duration(&format!("1{unit}")).map_err(|_| invalid())?,
        };
        let period_ns = nanos(per)
            .checked_mul(number.denominator())
            .and_then(NonZeroU64::new)
            .ok_or_else(invalid)?;
        Ok(Self { limit: NonZeroU64::new(number.digits).ok_or_else(invalid)?, period_ns })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.limit, format_duration(self.period()))
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Rate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Rate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_the_field_are_read() {
        for (text, limit, seconds) in [
            ("5000/h", 5000, 3600),
            ("1/d", 1, 86_400),
            ("3/10s", 3, 10),
            ("90000/minute", 90_000, 60),
        ] {
            let expected = Rate::new(limit, Duration::from_secs(seconds)).unwrap();
            assert_eq!(text.parse::<Rate>().unwrap(), expected, "{text}");
            assert_eq!(
                alloc::string::ToString::to_string(&expected).parse::<Rate>().unwrap(),
                expected
            );
        }
    }

    #[test]
    fn what_is_not_a_rate_is_refused() {
        for bad in ["", "5", "/s", "5/", "0/s", "-1/s", "nan/s", "5/0s", "5/x", "1e3/s", "5//s"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }
}
