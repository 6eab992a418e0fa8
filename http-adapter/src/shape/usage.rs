//! Meta's usage headers: percentages in a JSON object.
//!
//! <https://developers.facebook.com/docs/graph-api/overview/rate-limiting>:
//! `{"call_count":28,"total_time":25,"total_cputime":25}`, per business
//! `{"<id>":[{"type":"pages","call_count":95,..,"estimated_time_to_regain_access":19}]}`
//! with the time in minutes, and per ad account `{"acc_id_util_pct":9.67}`.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::amount::Amount;
use crate::body::json;
use crate::reading::LimitReading;
use crate::sheet::Sheet;
use crate::value::duration::SECOND_NS;

/// What a usage header says beside the percentages.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    /// The longest time until access is regained.
    pub(crate) regain_access: Option<Duration>,
    /// The first business use case.
    pub(crate) kind: Option<String>,
}

/// Reads the header; `None` if it is not a JSON object or has nothing usable.
pub(crate) fn read(value: &[u8], sheet: Option<&mut Sheet<'_>>) -> Option<Usage> {
    let Value::Object(object) = json::parse(value)? else { return None };
    let mut found = Found { sheet, usage: Usage::default(), any: false };
    if object.values().any(Value::is_array) {
        let cases = object.values().filter_map(Value::as_array).flatten().take(MAX_USE_CASES);
        cases.filter_map(Value::as_object).for_each(|case| found.read_object(case));
    } else {
        found.read_object(&object);
    }
    found.any.then_some(found.usage)
}

/// An app has a handful of use cases.
const MAX_USE_CASES: usize = 16;

const PERCENT: Amount = Amount::new(100);

struct Found<'s, 'a> {
    sheet: Option<&'s mut Sheet<'a>>,
    usage: Usage,
    any: bool,
}

impl Found<'_, '_> {
    fn read_object(&mut self, object: &Map<String, Value>) {
        let reset_after = object.get("reset_time_duration").and_then(|v| json::wait(v, SECOND_NS));
        for (key, value) in object {
            match key.as_str() {
                "estimated_time_to_regain_access" => {
                    let wait = json::wait(value, 60 * SECOND_NS);
                    self.any |= wait.is_some();
                    self.usage.regain_access = self.usage.regain_access.max(wait);
                }
                "reset_time_duration" => {}
                "type" if self.usage.kind.is_none() => {
                    self.usage.kind = value.as_str().map(str::to_owned);
                }
                _ => self.read_percentage(key, value, reset_after),
            }
        }
    }

    fn read_percentage(&mut self, key: &str, value: &Value, reset_after: Option<Duration>) {
        let Some(used) = json::amount(value) else { return };
        self.any = true;
        if let Some(sheet) = self.sheet.as_deref_mut() {
            sheet.push_whole(LimitReading {
                limit: Some(PERCENT),
                remaining: Some(PERCENT.saturating_sub(used)),
                reset_after,
                ..LimitReading::new(Cow::Owned(key.to_owned()))
            });
        }
    }
}
