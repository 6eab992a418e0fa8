//! `used/limit`: Shopify's call limit and Salesforce's list of usages.

use std::borrow::Cow;

use crate::amount::Amount;
use crate::dialect::REQUESTS;
use crate::reading::LimitReading;
use crate::sheet::Sheet;
use crate::value::text::{split, split_once};

/// Reads `32/40`.
pub(crate) fn single(value: &[u8], sheet: &mut Sheet<'_>) -> bool {
    let reading = ratio(value, Cow::Borrowed(REQUESTS));
    reading.map(|reading| sheet.push_whole(reading)).is_some()
}

/// Reads `api-usage=25/5000; per-app-api-usage=17/250(appName=sample)`.
pub(crate) fn named<'a>(value: &'a [u8], sheet: &mut Sheet<'a>) -> bool {
    let mut any = false;
    for part in split(value, b';').flat_map(|part| split(part, b',')) {
        let Some((name, usage)) = split_once(part, b'=') else { continue };
        let usage = usage.split(|&byte| byte == b'(').next().unwrap_or_default();
        if let Some(reading) = ratio(usage, String::from_utf8_lossy(name)) {
            sheet.push_whole(reading);
            any = true;
        }
    }
    any
}

fn ratio<'a>(value: &[u8], name: Cow<'a, str>) -> Option<LimitReading<'a>> {
    let (used, limit) = split_once(value, b'/')?;
    let (used, limit) = (Amount::parse(used)?, Amount::parse(limit)?);
    // Usage beyond the limit leaves nothing, not less.
    let remaining = Some(limit.saturating_sub(used));
    Some(LimitReading { limit: Some(limit), remaining, ..LimitReading::new(name) })
}
