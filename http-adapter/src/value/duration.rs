//! Durations: the ceiling that every wait saturates at, and Go's `time.Duration` texts.

use std::time::Duration;

use crate::value::decimal::Decimal;

/// The longest duration a reading reports: 2^31 seconds, 68 years.
///
/// RFC 9111, section 1.2.2 sets the precedent: a delta-seconds value that overflows is
/// read as 2147483648.
pub(crate) const MAX: Duration = Duration::from_secs(1 << 31);

pub(crate) const MILLISECOND_NS: u64 = 1_000_000;
pub(crate) const SECOND_NS: u64 = 1_000_000_000;
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Thirty days: vendors that name a month do not say which.
pub(crate) const MONTH: Duration = Duration::from_secs(30 * 86_400);
pub(crate) const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// The units of Go's `time.ParseDuration`, and the day that vendors add.
///
/// Longer spellings come before their prefixes. Micro has two code points, U+00B5 and
/// U+03BC, and Go accepts both: <https://pkg.go.dev/time#ParseDuration>.
const UNITS: [(&[u8], u64); 9] = [
    (b"ns", 1),
    (b"us", 1_000),
    ("\u{b5}s".as_bytes(), 1_000),
    ("\u{3bc}s".as_bytes(), 1_000),
    (b"ms", MILLISECOND_NS),
    (b"s", SECOND_NS),
    (b"m", 60 * SECOND_NS),
    (b"h", 3_600 * SECOND_NS),
    (b"d", 86_400 * SECOND_NS),
];

/// Reads a decimal number of units of `unit_ns` nanoseconds.
pub(crate) fn decimal(value: &[u8], unit_ns: u64) -> Option<Duration> {
    Some(Decimal::parse(value)?.times(unit_ns))
}

/// Reads a Go duration such as `6m0s`, `12ms` or `1d2h3m4.5s`, without a sign.
pub(crate) fn go(value: &[u8]) -> Option<Duration> {
    if let Some(total) = short_go(value) {
        return Some(total);
    }
    // Go writes zero with a unit but reads it without.
    if value == b"0" {
        return Some(Duration::ZERO);
    }
    let mut rest = value;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = Decimal::scan(rest).or_else(|| Decimal::scan_bare_fraction(rest))?;
        let (after, unit_ns) = UNITS
            .iter()
            .find_map(|(name, ns)| after.strip_prefix(*name).map(|after| (after, *ns)))?;
        total = total.saturating_add(number.times(unit_ns)).min(MAX);
        rest = after;
    }
    (!value.is_empty()).then_some(total)
}

/// Reads the durations that are met most: whole numbers of the units of one letter, and
/// milliseconds. `None` says nothing: [`go`] reads them all.
fn short_go(value: &[u8]) -> Option<Duration> {
    let (mut rest, mut total_ns) = (value, 0_u64);
    while let Some((first, mut after)) = rest.split_first() {
        let mut whole = u64::from(first.checked_sub(b'0').filter(|digit| *digit < 10)?);
        let unit_ns = loop {
            let (next, more) = after.split_first()?;
            after = more;
            match next {
                b'0'..=b'9' => {
                    whole = whole.checked_mul(10)?.checked_add(u64::from(next - b'0'))?;
                }
                b's' => break SECOND_NS,
                b'm' if more.first() == Some(&b's') => {
                    after = &more[1..];
                    break MILLISECOND_NS;
                }
                b'm' => break 60 * SECOND_NS,
                b'h' => break 3_600 * SECOND_NS,
                _ => return None,
            }
        };
        total_ns = total_ns.checked_add(whole.checked_mul(unit_ns)?)?;
        rest = after;
    }
    (!value.is_empty()).then(|| Duration::from_nanos(total_ns).min(MAX))
}

/// Whole milliseconds, rounded up: a wait is never reported shorter than it is.
pub(crate) fn millis_up(duration: Duration) -> u64 {
    let up = duration.as_nanos().div_ceil(u128::from(MILLISECOND_NS));
    u64::try_from(up).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_read_to_the_nanosecond() {
        for (text, ns) in [
            ("0", 0),
            ("1s", 1_000_000_000),
            ("6m0s", 360_000_000_000),
            ("12ms", 12_000_000),
            ("483.281936ms", 483_281_936),
            ("16m17.764s", 977_764_000_000),
            ("1d2h3m4.5s", 93_784_500_000_000),
            ("850us", 850_000),
            ("850\u{b5}s", 850_000),
            ("850\u{3bc}s", 850_000),
            (".5s", 500_000_000),
            ("0.1ns", 1),
        ] {
            assert_eq!(go(text.as_bytes()), Some(Duration::from_nanos(ns)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_go_duration_is_refused() {
        for bad in ["", "5", "ms", "-1s", "+1s", "1s1", "1.5.5s", "1m 30s", "1 s", "1S", "1min"] {
            assert_eq!(go(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn sums_saturate() {
        assert_eq!(go(b"99999999999999999999h"), Some(MAX));
        assert_eq!(go(b"2147483647s2s"), Some(MAX));
    }
}
