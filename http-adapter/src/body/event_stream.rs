//! Errors inside an event stream that began with a 200.
//!
//! `OpenRouter` and others commit to a status before the model answers, and report a rate
//! limit as one of the events: <https://openrouter.ai/docs/api-reference/errors>. The
//! format is that of <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use serde_json::Value;

use crate::body::json;

/// The first event of `stream` that is a JSON object with an `error`, or else the first
/// that is JSON; `None` if `stream` is no event stream.
pub(super) fn error(stream: &[u8]) -> Option<Value> {
    if !FIELDS.iter().any(|field| stream.starts_with(field)) {
        return None;
    }
    let mut events = stream.split(|&byte| byte == b'\n').filter_map(event);
    let first = events.next()?;
    if is_error(&first) {
        return Some(first);
    }
    Some(events.find(is_error).unwrap_or(first))
}

/// What a line of a stream may start with; a colon starts a comment, which keeps the
/// connection open.
const FIELDS: [&[u8]; 5] = [b"data:", b":", b"event:", b"id:", b"retry:"];

fn event(line: &[u8]) -> Option<Value> {
    json::parse(line.strip_prefix(b"data:")?.trim_ascii())
}

fn is_error(event: &Value) -> bool {
    event.get("error").is_some_and(|error| !error.is_null())
}
