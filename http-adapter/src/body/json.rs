//! Bounded JSON: parsing, paths, and numbers with a unit.

use std::time::Duration;

use serde_json::Value;

use crate::amount::Amount;
use crate::body::MAX_BYTES;
use crate::value::duration;

/// Parses a JSON text of at most 64 KiB; `serde_json` itself stops at a depth of 128.
pub(crate) fn parse(text: &[u8]) -> Option<Value> {
    if text.len() > MAX_BYTES {
        return None;
    }
    serde_json::from_slice(text).ok()
}

/// The values at `path`; an array on the way stands for each of its elements.
///
/// Calls `accept` with each until it says `true`, and says whether it did. Errors come
/// alone or in lists, at every level: Salesforce sends an array of them, Gemini wraps
/// its object in one.
pub(crate) fn any_at<'v>(
    value: &'v Value,
    path: &[&str],
    accept: &mut dyn FnMut(&'v Value) -> bool,
) -> bool {
    match (value, path.split_first()) {
        (Value::Array(elements), _) => elements.iter().any(|element| any_at(element, path, accept)),
        (_, None) => accept(value),
        (_, Some((key, rest))) => value.get(key).is_some_and(|next| any_at(next, rest, accept)),
    }
}

/// The first value at `path` that `read` understands.
pub(crate) fn first_at<'v, T>(
    value: &'v Value,
    path: &[&str],
    read: impl Fn(&'v Value) -> Option<T>,
) -> Option<T> {
    let mut found = None;
    any_at(value, path, &mut |value| {
        found = read(value);
        found.is_some()
    });
    found
}

/// A non-negative number, or a string of one, times `unit_ns`.
pub(crate) fn wait(value: &Value, unit_ns: u64) -> Option<Duration> {
    duration::decimal(decimal_text(value)?.as_bytes(), unit_ns)
}

/// A non-negative number.
pub(crate) fn amount(value: &Value) -> Option<Amount> {
    Amount::parse(decimal_text(value.is_number().then_some(value)?)?.as_bytes())
}

/// A number as plain decimal digits: `Display` of an `f64` is exact and has no exponent,
/// so 64.57 stays 64.57 and does not become 64.569999.
fn decimal_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(match number.as_u64() {
            Some(whole) => whole.to_string(),
            None => number.as_f64()?.to_string(),
        }),
        _ => None,
    }
}
