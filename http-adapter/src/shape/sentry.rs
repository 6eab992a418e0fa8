//! `X-Sentry-Rate-Limits`: `retry_after:categories:scope[:reason]`, comma separated.
//!
//! <https://develop.sentry.dev/sdk/expected-features/rate-limiting>: the header also comes
//! with a 200, and means that the next envelope of the category will be dropped.

use std::borrow::Cow;
use std::time::Duration;

use crate::amount::Amount;
use crate::reading::LimitReading;
use crate::sheet::Sheet;
use crate::value::duration::{self, SECOND_NS};
use crate::value::text::{split, trim};

/// Reads the groups; a category named twice waits for the longer one.
pub(crate) fn groups<'a>(value: &'a [u8], sheet: &mut Sheet<'a>) -> bool {
    let mut any = false;
    for group in split(value, b',') {
        let mut parts = group.split(|&byte| byte == b':').map(trim);
        let wait = parts.next().and_then(|text| duration::decimal(text, SECOND_NS));
        let Some(wait) = wait else { continue };
        any = true;
        let categories = parts.next().unwrap_or_default();
        if categories.is_empty() {
            limited("all".into(), wait, sheet);
        }
        for category in split(categories, b';') {
            limited(String::from_utf8_lossy(category), wait, sheet);
        }
    }
    any
}

fn limited<'a>(category: Cow<'a, str>, wait: Duration, sheet: &mut Sheet<'a>) {
    let known = sheet.whole_mut().find(|reading| reading.name == category);
    match known {
        Some(reading) => reading.reset_after = reading.reset_after.max(Some(wait)),
        None => sheet.push_whole(LimitReading {
            remaining: Some(Amount::ZERO),
            reset_after: Some(wait),
            ..LimitReading::new(category)
        }),
    }
}
