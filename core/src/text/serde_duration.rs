//! Durations as text in serde, for `#[serde(with = "serde_duration")]`.

use alloc::string::String;
use core::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use super::{format_duration, parse_duration};

/// Writes `duration` as text, such as `"90s"`.
///
/// # Errors
///
/// What the serializer returns.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_duration(*duration))
}

/// Reads a duration from text, such as `"1h30m"`.
///
/// # Errors
///
/// If the value is not text or [`parse_duration`] refuses it.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map_err(D::Error::custom)
}

/// The same for a duration that may be left out.
pub mod option {
    use super::{Deserializer, Duration, Serializer};

    /// Writes the duration as text, or nothing.
    ///
    /// # Errors
    ///
    /// What the serializer returns.
    pub fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a duration from text.
    ///
    /// # Errors
    ///
    /// If the value is not text or not a duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}
