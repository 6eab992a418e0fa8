//! Numbers with a range, refused outside of it where they are read.

use std::fmt;
use std::time::Duration;

use forbear_core::InvalidConfig;
use forbear_core::text::serde_duration;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A whole number from `1..=MAX`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Count<const MAX: u32 = 1_000_000>(u32);

impl<const MAX: u32> Count<MAX> {
    pub(crate) const ONE: Self = Self(1);

    /// The nearest number that is allowed.
    pub(crate) fn clamped(number: u64) -> Self {
        Self(u32::try_from(number).unwrap_or(u32::MAX).clamp(1, MAX))
    }

    pub(crate) const fn get(self) -> u32 {
        self.0
    }
}

impl<'de, const MAX: u32> Deserialize<'de> for Count<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let fits = u32::try_from(number).ok().filter(|number| (1..=MAX).contains(number));
        fits.map(Self).ok_or_else(|| {
            de::Error::custom(format_args!("the number is {number}, must be 1 to {MAX}"))
        })
    }
}

/// A number from `0..=1`.
///
/// Compared with the words of a stream as a whole number of `2^-53`, so that no
/// decision is made by floats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Share(f64);

impl Share {
    /// Whether it holds for none.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(crate) fn is_none(&self) -> bool {
        self.0 <= 0.0
    }

    /// Whether a uniform word falls into this share of all words.
    #[expect(clippy::float_arithmetic, reason = "a product with a power of two is exact")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 2^53")]
    pub(crate) fn holds(self, word: u64) -> bool {
        const UNIT: f64 = 9_007_199_254_740_992.0;
        (word >> 11) < (self.0 * UNIT) as u64
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_any(Float)?;
        if (0.0..=1.0).contains(&number) {
            return Ok(Self(number));
        }
        Err(de::Error::custom(format_args!("the share is {number}, must be 0 to 1")))
    }
}

/// A part of a whole that is more than nothing: `1..=1_000_000` millionths, so that
/// what is decided by it is decided by whole numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Portion(u32);

impl Portion {
    /// All of it.
    pub(crate) const WHOLE: Self = Self(1_000_000);

    /// In millionths.
    pub(crate) const fn millionths(self) -> u32 {
        self.0
    }

    /// This part of `count`, rounded down, but no less than 1.
    pub(crate) fn of(self, count: u32) -> u32 {
        let part = u64::from(count) * u64::from(self.0) / u64::from(Self::WHOLE.0);
        u32::try_from(part).unwrap_or(count).max(1)
    }
}

impl Serialize for Portion {
    #[expect(clippy::float_arithmetic, reason = "the file has a decimal")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / f64::from(Self::WHOLE.0))
    }
}

impl<'de> Deserialize<'de> for Portion {
    #[expect(clippy::float_arithmetic, reason = "the file has a decimal")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 10^6")]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_any(Float)?;
        if (0.000_001..=1.0).contains(&number) {
            return Ok(Self((number * f64::from(Self::WHOLE.0)).round() as u32));
        }
        Err(de::Error::custom(format_args!("the part is {number}, must be 0.000001 to 1")))
    }
}

/// A number that is not negative, not infinite and not NaN, up to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Factor<const MAX: u32>(f64);

impl<const MAX: u32> Factor<MAX> {
    pub(crate) const fn get(self) -> f64 {
        self.0
    }
}

impl<'de, const MAX: u32> Deserialize<'de> for Factor<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_any(Float)?;
        if (0.0..=f64::from(MAX)).contains(&number) {
            return Ok(Self(number));
        }
        Err(de::Error::custom(format_args!("the number is {number}, must be 0 to {MAX}")))
    }
}

/// Takes `1` where `1.0` is meant, as people write it.
struct Float;

impl Visitor<'_> for Float {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<f64, E> {
        Ok(number)
    }

    #[expect(clippy::cast_precision_loss, reason = "what is so large is out of range anyway")]
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<f64, E> {
        Ok(number as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "what is so large is out of range anyway")]
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<f64, E> {
        Ok(number as f64)
    }
}

/// Reads a duration that is longer than 0.
pub(crate) fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let duration = serde_duration::deserialize(deserializer)?;
    if duration.is_zero() {
        let error = InvalidConfig::new("duration", "0", "longer than 0");
        return Err(de::Error::custom(error));
    }
    Ok(duration)
}

/// A duration that is longer than 0.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Positive(
    #[serde(deserialize_with = "positive", serialize_with = "serde_duration::serialize")] Duration,
);

impl Positive {
    pub(crate) const fn get(self) -> Duration {
        self.0
    }
}

/// Tokio's timer and most kernels' tick.
pub(crate) const fn millisecond() -> Duration {
    Duration::from_millis(1)
}

/// Whole nanoseconds, saturating at 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
