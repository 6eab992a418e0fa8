//! HTTP-date in its three forms (RFC 9110, section 5.6.7), and what JavaScript prints.
//!
//! Stricter than the RFC asks in nothing, and more lenient in three things that are
//! unambiguous: a wrong weekday, a numeric zone, and `UTC` for `GMT`.

use crate::value::civil::{Civil, UnixTime};
use crate::value::rfc3339;
use crate::value::text::Cursor;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const LONG_DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads an HTTP-date; `now` settles the century of a two-digit year.
pub(crate) fn parse(value: &[u8], now: UnixTime) -> Option<UnixTime> {
    preferred(value)
        .or_else(|| imf_fixdate(Cursor(value)))
        .or_else(|| rfc850(Cursor(value), now))
        .or_else(|| asctime(Cursor(value)))
}

/// Whether a list member is the weekday before the comma that belongs to a date.
pub(crate) fn is_weekday(member: &[u8]) -> bool {
    DAYS.iter().chain(&LONG_DAYS).any(|day| day.as_bytes() == member)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, each octet in its place.
///
/// Every response has one in its `Date`. Read by place, and not by a cursor, it costs a
/// third.
fn preferred(value: &[u8]) -> Option<UnixTime> {
    let value: &[u8; 29] = value.try_into().ok()?;
    let [d1, d2, d3, _, _, t1, t2, _, m1, m2, m3, _, y1, y2, y3, y4, rest @ ..] = value;
    let [_, h1, h2, _, n1, n2, _, s1, s2, zone @ ..] = rest;
    let separators = [value[3], value[4], value[7], value[11], value[16], value[19], value[22]];
    let is_day =
        matches!(&[*d1, *d2, *d3], b"Sun" | b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat");
    if separators != *b",    ::" || zone != b" GMT" || !is_day {
        return None;
    }
    let month = match &[*m1, *m2, *m3] {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    // One check for all digits.
    let mut largest = 0;
    let mut two = |tens: u8, ones: u8| {
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        largest = largest.max(tens).max(ones);
        u32::from(tens) * 10 + u32::from(ones)
    };
    let year = i64::from(two(*y1, *y2) * 100 + two(*y3, *y4));
    let (day, hour) = (two(*t1, *t2), two(*h1, *h2));
    let (minute, second) = (two(*n1, *n2), two(*s1, *s2));
    if largest > 9 {
        return None;
    }
    Civil { year, month, day, hour, minute, second }.instant(0, 0)
}

/// The same with a numeric zone or `UTC`.
fn imf_fixdate(mut at: Cursor<'_>) -> Option<UnixTime> {
    at.word(&DAYS)?;
    at.literal(b", ")?;
    let day = at.digits(2)?;
    at.literal(b" ")?;
    let month = at.word(&MONTHS)? + 1;
    at.literal(b" ")?;
    let year = i64::from(at.digits(4)?);
    at.literal(b" ")?;
    let (hour, minute, second) = time_of_day(&mut at)?;
    at.literal(b" ")?;
    let offset = zone(&mut at)?;
    at.is_at_end().then_some(())?;
    Civil { year, month, day, hour, minute, second }.instant(0, offset)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(mut at: Cursor<'_>, now: UnixTime) -> Option<UnixTime> {
    at.word(&LONG_DAYS)?;
    at.literal(b", ")?;
    let day = at.digits(2)?;
    at.literal(b"-")?;
    let month = at.word(&MONTHS)? + 1;
    at.literal(b"-")?;
    let two_digits = i64::from(at.digits(2)?);
    at.literal(b" ")?;
    let (hour, minute, second) = time_of_day(&mut at)?;
    at.literal(b" ")?;
    let offset = zone(&mut at)?;
    at.is_at_end().then_some(())?;

    // "a timestamp that appears to be more than 50 years in the future" is "the most
    // recent year in the past that had the same last two digits": so the latest year
    // with these digits that is at most 50 years ahead.
    let century = (now.year() + 50).div_euclid(100) * 100;
    let latest = Civil { year: century + two_digits, month, day, hour, minute, second };
    [0, 100]
        .into_iter()
        .map(|earlier| Civil { year: latest.year - earlier, ..latest })
        .find(|civil| {
            // Fifty years apart, one of two 29ths of February does not exist.
            let day = if month == 2 { day.min(28) } else { day };
            let fifty_years_before = Civil { year: civil.year - 50, day, ..*civil };
            fifty_years_before.instant(0, offset).is_some_and(|instant| instant <= now)
        })
        .unwrap_or(Civil { year: latest.year - 100, ..latest })
        .instant(0, offset)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(mut at: Cursor<'_>) -> Option<UnixTime> {
    at.word(&DAYS)?;
    at.literal(b" ")?;
    let month = at.word(&MONTHS)? + 1;
    at.literal(b" ")?;
    let day = if at.literal(b" ").is_some() { at.digits(1)? } else { at.digits(2)? };
    at.literal(b" ")?;
    let (hour, minute, second) = time_of_day(&mut at)?;
    at.literal(b" ")?;
    let year = i64::from(at.digits(4)?);
    at.is_at_end().then_some(())?;
    Civil { year, month, day, hour, minute, second }.instant(0, 0)
}

/// `Thu Aug 20 2026 12:00:00 GMT+0200 (Central European Summer Time)`
///
/// What ECMAScript's `Date.prototype.toString` prints; lemlist sends it as a reset
/// (<https://developer.lemlist.com>).
pub(crate) fn javascript(value: &[u8]) -> Option<UnixTime> {
    let mut at = Cursor(value);
    at.word(&DAYS)?;
    at.literal(b" ")?;
    let month = at.word(&MONTHS)? + 1;
    at.literal(b" ")?;
    let day = at.digits(2)?;
    at.literal(b" ")?;
    let year = i64::from(at.digits(4)?);
    at.literal(b" ")?;
    let (hour, minute, second) = time_of_day(&mut at)?;
    at.literal(b" GMT")?;
    let offset = rfc3339::numeric_offset(&mut at).unwrap_or(0);
    let is_zone_name = |rest: &[u8]| rest.starts_with(b" (") && rest.ends_with(b")");
    (at.is_at_end() || is_zone_name(at.0)).then_some(())?;
    Civil { year, month, day, hour, minute, second }.instant(0, offset)
}

fn time_of_day(at: &mut Cursor<'_>) -> Option<(u32, u32, u32)> {
    let hour = at.digits(2)?;
    at.literal(b":")?;
    let minute = at.digits(2)?;
    at.literal(b":")?;
    Some((hour, minute, at.digits(2)?))
}

fn zone(at: &mut Cursor<'_>) -> Option<i64> {
    if at.word(&["GMT", "UTC"]).is_some() { Some(0) } else { rfc3339::numeric_offset(at) }
}
