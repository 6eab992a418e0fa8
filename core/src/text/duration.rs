//! Durations as `500ms`, `1.5s` or `1h30m`.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::Decimal;
use crate::InvalidConfig;
use crate::time::nanos;

const MUST: &str = "a number and a unit of ns, us, ms, s, m, h or d, such as 500ms or 1h30m";

/// Longest first where one unit begins another, so that `ms` is not read as `m`.
const UNITS: [(&str, u64); 10] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// Reads a duration: one or more of a decimal number and a unit, added up.
///
/// The units are `ns`, `us` (or `µs`), `ms`, `s`, `m` (or `min`), `h`, `d` and
/// `w`. A bare `0` needs no unit. Parts of a nanosecond round up, since a wait
/// rounds against the caller's greed.
///
/// # Errors
///
/// If a number has no unit, a unit is unknown, a sign or an exponent appears, or
/// the sum passes 584 years.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::text::parse_duration;
///
/// assert_eq!(parse_duration("1h30m").unwrap(), Duration::from_secs(5400));
/// assert_eq!(parse_duration("0.5s").unwrap(), Duration::from_millis(500));
/// assert!(parse_duration("500").unwrap_err().to_string().contains("a number and a unit"));
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, InvalidConfig> {
    let invalid = || InvalidConfig::new("duration", format!("'{}'", shorten(text)), MUST);
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0_u64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(invalid)?;
        let (number, tail) = rest.split_at(end);
        let (unit, unit_ns) =
            UNITS.iter().find(|(unit, _)| tail.starts_with(unit)).ok_or_else(invalid)?;
        let number = Decimal::parse(number).ok_or_else(invalid)?;
        let product = u128::from(number.digits) * u128::from(*unit_ns);
        let part = u64::try_from(product.div_ceil(u128::from(number.denominator())))
            .map_err(|_| invalid())?;
        total = total.checked_add(part).ok_or_else(invalid)?;
        rest = &tail[unit.len()..];
    }
    Ok(Duration::from_nanos(total))
}

/// Writes a duration so that [`parse_duration`] reads the same one back,
/// saturating at 584 years.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::text::format_duration;
///
/// assert_eq!(format_duration(Duration::from_millis(1500)), "1500ms");
/// assert_eq!(format_duration(Duration::from_secs(90)), "90s");
/// assert_eq!(format_duration(Duration::from_secs(7200)), "2h");
/// assert_eq!(format_duration(Duration::ZERO), "0s");
/// ```
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let total = nanos(duration);
    if total == 0 {
        return String::from("0s");
    }
    let divides = |&&(_, unit_ns): &&(&str, u64)| total.is_multiple_of(unit_ns);
    // `d`, `h`, `m`, `s`, `ms`, `us`, `ns`: the largest that leaves no rest.
    let (unit, unit_ns) = [&UNITS[8], &UNITS[7], &UNITS[6], &UNITS[5], &UNITS[3], &UNITS[1]]
        .into_iter()
        .find(|unit| divides(unit))
        .unwrap_or(&UNITS[0]);
    format!("{}{unit}", total / unit_ns)
}

/// At most 40 characters of a value, so that an error line stays a line.
fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read() {
        for (unit, unit_ns) in UNITS {
            let text = format!("3{unit}");
            assert_eq!(parse_duration(&text).unwrap(), Duration::from_nanos(3 * unit_ns), "{text}");
        }
    }

    #[test]
    fn parts_of_a_nanosecond_round_up() {
        assert_eq!(parse_duration("0.1ns").unwrap(), Duration::from_nanos(1));
        assert_eq!(parse_duration("0.0000000015s").unwrap_err().parameter(), "duration");
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for bad in ["", " ", "5", "s", "-1s", "1e3s", "1 s", "1x", "NaN", "inf", "600000000000h"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_long_value_is_shortened_in_the_message() {
        let message =
            alloc::string::ToString::to_string(&parse_duration(&"9".repeat(5000)).unwrap_err());
        assert!(message.len() < 200, "{message}");
    }
}
