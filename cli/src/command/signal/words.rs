//! A reading in words, one fact a line.

use std::time::Duration;

use forbear_core::text::format_duration;
use serde_json::Value;

/// What `answer`, the JSON of a reading, says.
///
/// Made from the JSON so that people and programs are told the same.
pub(super) fn of(status: u16, answer: &Value) -> String {
    let mut text = match &answer["id"] {
        Value::Null => format!("status {status}\n"),
        Value::String(id) => format!("status {status} ({})\n", printable(id)),
        id => format!("status {status} ({id})\n"),
    };
    let mut say = |what: &str, words: &str| {
        text.extend([&format!("  {what:<13}"), words, "\n"]);
    };
    say("throttled", yes_or_no(&answer["throttled"]));
    say("retryable", yes_or_no(&answer["retryable"]));
    if let Some(wait) = milliseconds(&answer["retry_after_ms"]) {
        say("retry after", &wait);
    }
    for window in answer["limits"].as_array().into_iter().flatten() {
        say("limit", &limit(window));
    }
    if let Some(scope) = answer["scope"].as_str() {
        say("scope", &printable(scope));
    }
    for field in answer["malformed"].as_array().into_iter().flatten() {
        say("malformed", &printable(field.as_str().unwrap_or_default()));
    }
    text
}

fn limit(window: &Value) -> String {
    let name = printable(window["name"].as_str().unwrap_or_default());
    let count = match (&window["remaining"], &window["limit"]) {
        (Value::Null, Value::Null) => name,
        (Value::Null, all) => format!("{name}: {all}"),
        (left, Value::Null) => format!("{name}: {left} left"),
        (left, all) => format!("{name}: {left} of {all} left"),
    };
    let reset = milliseconds(&window["reset_after_ms"]).map(|time| format!("resets in {time}"));
    let length = milliseconds(&window["window_ms"]).map(|time| format!("window of {time}"));
    [Some(count), reset, length].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn yes_or_no(value: &Value) -> &'static str {
    match value {
        Value::Bool(true) => "yes",
        Value::Bool(false) => "no",
        _ => "not said",
    }
}

fn milliseconds(value: &Value) -> Option<String> {
    value.as_u64().map(|ms| format_duration(Duration::from_millis(ms)))
}

/// A server's text, which must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}
