//! Records as lines of JSON.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::record::Record;
use crate::record::error::{Kind, RecordError, excerpt};

pub(super) fn parse(line: &str) -> Result<Record, RecordError> {
    let record = serde_json::from_str(line).map_err(|error| RecordError(Kind::NotJson(error)))?;
    let Value::Object(mut record) = record else {
        return Err(RecordError(Kind::NotAnObject(shown(&record))));
    };
    Ok(Record {
        now_unix: Duration::from_millis(number(
            &record,
            "now_unix_ms",
            u64::MAX,
            "an integer of milliseconds since 1970",
        )?),
        status: number(&record, "status", 999, "an integer in 0..=999")?
            .try_into()
            .expect("a status fits, because it is at most 999"),
        headers: headers(required(&record, "headers")?)?,
        body: text(&record, "body")?.map(String::into_bytes),
        provider: text(&record, "provider")?,
        id: record.remove("id").unwrap_or_default(),
    })
}

fn required<'r>(
    record: &'r Map<String, Value>,
    key: &'static str,
) -> Result<&'r Value, RecordError> {
    record.get(key).ok_or(RecordError(Kind::Missing(key)))
}

fn number(
    record: &Map<String, Value>,
    key: &'static str,
    max: u64,
    must: &'static str,
) -> Result<u64, RecordError> {
    let value = required(record, key)?;
    value.as_u64().filter(|number| *number <= max).ok_or_else(|| wrong(key, value, must))
}

fn text(record: &Map<String, Value>, key: &'static str) -> Result<Option<String>, RecordError> {
    match record.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(wrong(key, other, "a string or null")),
    }
}

fn headers(value: &Value) -> Result<Vec<(String, Vec<u8>)>, RecordError> {
    let lines = value.as_array().ok_or_else(|| wrong("headers", value, "a list"))?;
    let line = |(at, line): (usize, &Value)| match line.as_array().map(Vec::as_slice) {
        Some([Value::String(name), Value::String(value)]) => {
            Ok((name.clone(), value.clone().into_bytes()))
        }
        _ => Err(wrong(format!("headers[{at}]"), line, "[name, value], both strings")),
    };
    lines.iter().enumerate().map(line).collect()
}

fn wrong(key: impl Into<String>, value: &Value, must: &'static str) -> RecordError {
    RecordError(Kind::Wrong { key: key.into(), value: shown(value), must })
}

fn shown(value: &Value) -> String {
    excerpt(&value.to_string())
}
