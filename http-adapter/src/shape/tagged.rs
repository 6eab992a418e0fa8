//! `key=value` lists: Zendesk's endpoint limits, Auth0's buckets, Azure's resources.

use std::borrow::Cow;
use std::time::Duration;

use crate::amount::Amount;
use crate::reading::LimitReading;
use crate::sheet::Sheet;
use crate::value::duration::{self, SECOND_NS};
use crate::value::text::{split, split_once};

/// Reads `total=100; remaining=99; resets=41`.
pub(crate) fn endpoint<'a>(value: &[u8], name: Cow<'a, str>, sheet: &mut Sheet<'a>) -> bool {
    let mut reading = LimitReading::new(name);
    for (key, text) in split(value, b';').filter_map(|part| split_once(part, b'=')) {
        match key {
            b"total" => reading.limit = Amount::parse(text),
            b"remaining" => reading.remaining = Amount::parse(text),
            b"resets" => reading.reset_after = seconds(text),
            _ => {}
        }
    }
    let any = reading.says_something();
    sheet.push_whole(reading);
    any
}

/// Reads `b=per_hour;q=100;r=90;t=3600,b=per_day;..`, buckets of `kind`.
///
/// auth0-java takes a bare name for `b=`, and a bucket without a name.
pub(crate) fn buckets(value: &[u8], kind: &'static str, sheet: &mut Sheet<'_>) -> bool {
    let mut any = false;
    for bucket in split(value, b',') {
        let mut reading = LimitReading::new(Cow::Borrowed(kind));
        for part in split(bucket, b';') {
            match split_once(part, b'=').unwrap_or((b"b", part)) {
                (b"b", name) => {
                    let name = String::from_utf8_lossy(name);
                    reading.name = Cow::Owned(format!("{kind}:{}", name.trim_matches('"')));
                }
                (b"q", text) => reading.limit = Amount::parse(text),
                (b"r", text) => reading.remaining = Amount::parse(text),
                (b"t", text) => reading.reset_after = seconds(text),
                _ => {}
            }
        }
        any |= reading.says_something();
        sheet.push_whole(reading);
    }
    any
}

/// Reads `Microsoft.Compute/HighCostGet3Min;139,Microsoft.Compute/HighCostGet30Min;739`.
pub(crate) fn resources<'a>(value: &'a [u8], sheet: &mut Sheet<'a>) -> bool {
    let mut any = false;
    for (name, left) in split(value, b',').filter_map(|part| split_once(part, b';')) {
        if let Some(remaining) = Amount::parse(left) {
            let name = String::from_utf8_lossy(name);
            sheet
                .push_whole(LimitReading { remaining: Some(remaining), ..LimitReading::new(name) });
            any = true;
        }
    }
    any
}

fn seconds(text: &[u8]) -> Option<Duration> {
    duration::decimal(text, SECOND_NS)
}
