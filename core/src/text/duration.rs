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
/// assert!(parse_duration("600000d").unwrap_err().to_string().contains("at most 213503d"));
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, InvalidConfig> {
    let invalid = || InvalidConfig::new("duration", format!("'{}'", shorten(text)), MUST);
    let too_long =
        || InvalidConfig::new("duration", format!("'{}'", shorten(text)), "at most 213503d");
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
        let part = u64::try_from(product.div_ceil(u128::from(number.denominator())));
        total = part.ok().and_then(|part| total.checked_add(part)).ok_or_else(too_long)?;
        rest = &tail[unit.len()..];
    }
    Ok(Duration::from_nanos(total))
}

/// Writes a duration so that [`parse_duration`] reads the same one back,
/// saturating at 584 years.
///
/// In the largest unit that leaves no rest, or as a decimal of milliseconds or
/// microseconds where that unit is smaller.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::text::format_duration;
///
/// assert_eq!(format_duration(Duration::from_millis(1500)), "1500ms");
/// assert_eq!(format_duration(Duration::from_secs(90)), "90s");
/// assert_eq!(format_duration(Duration::from_secs(7200)), "2h");
/// assert_eq!(format_duration(Duration::from_micros(10_200)), "10.2ms");
/// assert_eq!(format_duration(Duration::ZERO), "0s");
/// ```
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let total = nanos(duration);
    if total == 0 {
        return String::from("0s");
    }
    // `d`, `h`, `m`, `s`, `ms`: the largest that leaves no rest.
    let whole = [8, 7, 6, 5, 3].map(|unit| UNITS[unit]);
    if let Some((unit, unit_ns)) = whole.into_iter().find(|&(_, ns)| total.is_multiple_of(ns)) {
        return format!("{}{unit}", total / unit_ns);
    }
    // `ms`, `us`, `ns`: the largest that it has one of.
    let parts = [3, 1].map(|unit| UNITS[unit]);
    let (unit, unit_ns) = parts.into_iter().find(|&(_, ns)| total >= ns).unwrap_or(UNITS[0]);
    let (number, rest) = (total / unit_ns, total % unit_ns);
    if rest == 0 {
        return format!("{number}{unit}");
    }
    let places = usize::try_from(unit_ns.ilog10()).unwrap_or(0);
    let rest = format!("{rest:0places$}");
    format!("{number}.{}{unit}", rest.trim_end_matches('0'))
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
    fn what_is_written_is_read_back() {
        for (ns, text) in [
            (1, "1ns"),
            (999, "999ns"),
            (1_000, "1us"),
            (1_500, "1.5us"),
            (10_200_000, "10.2ms"),
            (123_456_000, "123.456ms"),
            (1_000_001, "1.000001ms"),
            (1_500_000_000, "1500ms"),
            (90_000_000_000, "90s"),
            (5_400_000_000_000, "90m"),
            (86_400_000_000_000, "1d"),
            (u64::MAX, "18446744073709.551615ms"),
        ] {
            let duration = Duration::from_nanos(ns);
            assert_eq!(format_duration(duration), text);
            assert_eq!(parse_duration(text).unwrap(), duration, "{text}");
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
