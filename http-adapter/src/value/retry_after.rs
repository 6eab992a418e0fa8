//! The value of `Retry-After` (RFC 9110, section 10.2.3): delay-seconds or HTTP-date.
//!
//! Beyond the RFC, and unambiguous: decimal seconds (Shopify, Datadog), RFC 3339 (Zoom)
//! and Go durations. A number is never an epoch. The field is a singleton, but any
//! recipient may have joined repeated lines (RFC 9110, section 5.3), so a list is read as
//! its largest member: the server meant at least one of them.

use std::time::Duration;

use crate::value::civil::UnixTime;
use crate::value::decimal::short_whole;
use crate::value::duration::{self, MAX, SECOND_NS};
use crate::value::http_date;
use crate::value::rfc3339;
use crate::value::text::{has_thousands_separators, trim};

/// Reads a field value; `base` is the server's clock.
pub(crate) fn parse(value: &[u8], base: UnixTime) -> Option<Duration> {
    if let Some(seconds) = short_whole(value) {
        return Some(Duration::from_secs(seconds).min(MAX));
    }
    if !value.contains(&b',') {
        return member(value, base);
    }
    if has_thousands_separators(value) {
        return None;
    }
    members(value).filter_map(|text| member(text, base)).max()
}

/// The members of a list whose dates contain commas of their own.
pub(crate) fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = value;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let comma = |from: usize| {
                let found = rest.get(from..)?.iter().position(|&byte| byte == b',')?;
                Some(from + found)
            };
            let mut end = comma(0).unwrap_or(rest.len());
            if http_date::is_weekday(trim(&rest[..end])) {
                end = comma(end + 1).unwrap_or(rest.len());
            }
            let member = trim(&rest[..end]);
            rest = rest.get(end + 1..).unwrap_or_default();
            if !member.is_empty() {
                return Some(member);
            }
        }
        None
    })
}

fn member(value: &[u8], base: UnixTime) -> Option<Duration> {
    if let Some(delay) = duration::decimal(value, SECOND_NS) {
        return Some(delay);
    }
    let instant = http_date::parse(value, base).or_else(|| rfc3339::parse(value));
    instant.map(|instant| instant.after(base)).or_else(|| duration::go(value))
}
