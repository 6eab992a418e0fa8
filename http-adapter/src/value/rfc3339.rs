//! RFC 3339 date-times, and the neighbours of the format that APIs send.
//!
//! Beyond the RFC, because each has one reading only: a space for `T`, an offset without
//! a colon, no offset (UTC), any number of fraction digits (.NET sends seven), and Go's
//! `Time.String` (`2006-01-02 15:04:05.999 +0000 UTC m=+0.5`).

use crate::value::civil::{Civil, UnixTime};
use crate::value::decimal::Decimal;
use crate::value::text::Cursor;

/// Reads a date-time; a fraction is rounded up to the nanosecond.
pub(crate) fn parse(value: &[u8]) -> Option<UnixTime> {
    date_time(value, Seconds::Told)
}

/// The same, and date-times to the minute: Atlassian sends `yyyy-MM-ddTHH:mmZ`
/// (<https://jira.atlassian.com/browse/JRACLOUD-69262>).
pub(crate) fn parse_to_the_minute(value: &[u8]) -> Option<UnixTime> {
    parse(value).or_else(|| date_time(value, Seconds::LeftOut))
}

#[derive(Clone, Copy, PartialEq)]
enum Seconds {
    Told,
    LeftOut,
}

fn date_time(value: &[u8], seconds: Seconds) -> Option<UnixTime> {
    let mut at = Cursor(value);
    let year = i64::from(at.digits(4)?);
    at.literal(b"-")?;
    let month = at.digits(2)?;
    at.literal(b"-")?;
    let day = at.digits(2)?;
    at.one_of(b"Tt ")?;
    let hour = at.digits(2)?;
    at.literal(b":")?;
    let minute = at.digits(2)?;
    let (second, nanos) = match seconds {
        Seconds::LeftOut => (0, 0),
        Seconds::Told => {
            at.literal(b":")?;
            (at.digits(2)?, fraction(&mut at)?)
        }
    };
    let offset = zone(&mut at)?;
    at.is_at_end().then_some(())?;
    Civil { year, month, day, hour, minute, second }.instant(nanos, offset)
}

fn fraction(at: &mut Cursor<'_>) -> Option<u64> {
    if !at.0.starts_with(b".") {
        return Some(0);
    }
    let (number, rest) = Decimal::scan_bare_fraction(at.0)?;
    at.0 = rest;
    Some(number.nanos_up())
}

fn zone(at: &mut Cursor<'_>) -> Option<i64> {
    if at.is_at_end() || at.one_of(b"Zz").is_some() {
        return Some(0);
    }
    let spaced = at.literal(b" ").is_some();
    if spaced && at.literal(b"UTC").is_some() {
        return Some(0);
    }
    let offset = numeric_offset(at)?;
    if spaced && at.literal(b" ").is_some() {
        // Go repeats the zone as a name (or as `+02` where it has none), then may add
        // the reading of the monotonic clock. The offset has said it all.
        let name =
            at.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'-');
        (!name.is_empty()).then_some(())?;
        if at.literal(b" m=").is_some() {
            at.take_while(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
        }
    }
    Some(offset)
}

/// Reads `+02:00` or `+0200` as seconds east of Greenwich.
pub(crate) fn numeric_offset(at: &mut Cursor<'_>) -> Option<i64> {
    let mut ahead = *at;
    let sign = if ahead.one_of(b"+-")? == b'+' { 1 } else { -1 };
    let hours = ahead.digits(2).filter(|hours| *hours < 24)?;
    ahead.literal(b":");
    let minutes = ahead.digits(2).filter(|minutes| *minutes < 60)?;
    *at = ahead;
    Some(sign * i64::from(hours * 3_600 + minutes * 60))
}
