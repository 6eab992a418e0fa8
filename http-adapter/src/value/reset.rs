//! The value of a reset field: when a window starts again.
//!
//! One name has many meanings: `X-RateLimit-Reset` is an epoch at GitHub, a delta at
//! Envoy, an epoch in milliseconds at `OpenRouter` and a date-time at Mastodon. The size of
//! the number tells them apart, because no dialect is near a threshold: 1e8 seconds are
//! three years as a delta and 1973 as an epoch.

use std::time::Duration;

use crate::value::civil::UnixTime;
use crate::value::decimal::Decimal;
use crate::value::duration::{self, MAX, MILLISECOND_NS, SECOND_NS};
use crate::value::http_date;
use crate::value::retry_after::members;
use crate::value::rfc3339;

/// Numbers below are seconds from now.
const EPOCH_SECONDS_FROM: u64 = 100_000_000;
/// Numbers below, and from [`EPOCH_SECONDS_FROM`], are seconds since 1970.
const EPOCH_MILLIS_FROM: u64 = 100_000_000_000;
/// Numbers from here on have no reading: no dialect counts in micro- or nanoseconds.
const INVALID_FROM: u64 = 100_000_000_000_000;

/// What a bare number in a reset field means.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "toml", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ResetForm {
    /// Told by its size: a delta in seconds below 1e8, an epoch in seconds below 1e11, an
    /// epoch in milliseconds below 1e14, and nothing from there on.
    #[default]
    BySize,
    /// Seconds from the receipt of the response.
    DeltaSeconds,
    /// Milliseconds from the receipt of the response.
    DeltaMillis,
    /// Seconds since the Unix epoch.
    EpochSeconds,
    /// Milliseconds since the Unix epoch.
    EpochMillis,
}

/// Reads a field value as the time left; `base` is the server's clock.
///
/// A list is read as its latest member. A comma without whitespace after it does not make
/// a list but a decimal comma, which is refused.
pub(crate) fn parse(value: &[u8], form: ResetForm, base: UnixTime) -> Option<Duration> {
    if let Some(left) = member(value, form, base) {
        return Some(left);
    }
    let is_list = value.windows(2).any(|pair| matches!(pair, [b',', b' ' | b'\t']));
    if !is_list {
        return None;
    }
    members(value).filter_map(|text| member(text, form, base)).max()
}

fn member(value: &[u8], form: ResetForm, base: UnixTime) -> Option<Duration> {
    // Nothing else that starts with a digit ends with a small letter, but for Go's
    // `Time.String`, which is no duration.
    if let [b'0'..=b'9', .., b'a'..=b'z'] = value
        && let Some(left) = duration::go(value)
    {
        return Some(left);
    }
    if let Some(number) = Decimal::parse(value) {
        return time_left(&number, form, base);
    }
    // A date starts with a weekday, all others with a digit.
    let instant = if value.first().is_some_and(u8::is_ascii_alphabetic) {
        http_date::parse(value, base).or_else(|| http_date::javascript(value))
    } else {
        rfc3339::parse_to_the_minute(value)
    };
    instant.map(|instant| instant.after(base)).or_else(|| duration::go(value))
}

fn time_left(number: &Decimal, form: ResetForm, base: UnixTime) -> Option<Duration> {
    let form = match form {
        ResetForm::BySize => match number.whole? {
            0..EPOCH_SECONDS_FROM => ResetForm::DeltaSeconds,
            EPOCH_SECONDS_FROM..EPOCH_MILLIS_FROM => ResetForm::EpochSeconds,
            EPOCH_MILLIS_FROM..INVALID_FROM => ResetForm::EpochMillis,
            _ => return None,
        },
        known => known,
    };
    Some(match form {
        ResetForm::DeltaMillis => number.times(MILLISECOND_NS),
        ResetForm::EpochSeconds => epoch(number, 1)?.after(base),
        ResetForm::EpochMillis => epoch(number, 1_000)?.after(base),
        ResetForm::DeltaSeconds | ResetForm::BySize => number.times(SECOND_NS),
    })
}

/// The instant `number / per_second` seconds after the epoch, not capped at [`MAX`].
fn epoch(number: &Decimal, per_second: u64) -> Option<UnixTime> {
    let whole = number.whole?;
    let nanos =
        (whole % per_second) * (SECOND_NS / per_second) + number.nanos_up().div_ceil(per_second);
    let instant = UnixTime::since_epoch(Duration::from_secs(whole / per_second));
    Some(instant.later(Duration::from_nanos(nanos).min(MAX)))
}
