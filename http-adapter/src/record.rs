//! A response as a record: one line of JSON, or what `curl -si` prints.
//!
//! The form in which responses are kept for tests, and in which the command line reads
//! and answers them.

mod curl;
mod error;
mod json;

pub use crate::record::error::RecordError;

use std::time::Duration;

use serde_json::{Map, Number, Value};

use crate::amount::Amount;
use crate::head::Head;
use crate::reader::Reader;
use crate::reading::{LimitReading, Reading};
use crate::value::duration::millis_up;

/// A response that owns its parts.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// What the sender calls it: any JSON value, `null` if nothing.
    pub id: Value,
    /// Whose API it is, where only that tells what a field means.
    pub provider: Option<String>,
    /// The wall clock at receipt, since the Unix epoch.
    pub now_unix: Duration,
    /// The status code.
    pub status: u16,
    /// The field lines in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, if it was kept.
    pub body: Option<Vec<u8>>,
}

impl Record {
    /// Reads a line of JSON: an object with `now_unix_ms`, `status` and `headers` (a list
    /// of `[name, value]`), and optionally `body`, `id` and `provider`.
    ///
    /// # Errors
    ///
    /// If the line is not such an object; the error names the key and the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_http::Record;
    ///
    /// let line = r#"{"now_unix_ms":0,"status":429,"headers":[["Retry-After","2"]],"id":7}"#;
    /// let record = Record::from_json(line)?;
    /// let answer = record.answer(&record.reader());
    /// assert_eq!(answer["id"], 7);
    /// assert_eq!(answer["retry_after_ms"], 2_000);
    /// # Ok::<(), forbear_http::RecordError>(())
    /// ```
    pub fn from_json(line: &str) -> Result<Self, RecordError> {
        json::parse(line)
    }

    /// Reads what `curl -si` prints: a status line, fields, an empty line, the body.
    ///
    /// Of several heads (after a redirect, a `100 Continue` or a proxy's `CONNECT`) the
    /// last one counts, and of several responses (`curl --retry`) the last one.
    ///
    /// # Errors
    ///
    /// If it does not start with a status line, or a field line has no colon.
    pub fn from_curl(output: &[u8], now_unix: Duration) -> Result<Self, RecordError> {
        let (_, last) = curl::parse(output, now_unix)?;
        Ok(last)
    }

    /// Reads all responses that `curl -si` prints, at least one: of several addresses, or of
    /// several attempts.
    ///
    /// Where one ends and the next begins is known of a body with a `Content-Length`; one
    /// without takes all that follows it.
    ///
    /// # Errors
    ///
    /// As [`from_curl`](Self::from_curl).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_http::Record;
    ///
    /// let output = b"HTTP/2 429\r\ncontent-length: 4\r\n\r\nslowHTTP/2 204\r\n\r\n";
    /// let records = Record::each_from_curl(output, Duration::ZERO)?;
    /// assert_eq!(records.iter().map(|record| record.status).collect::<Vec<_>>(), [429, 204]);
    /// assert_eq!(records[0].body.as_deref(), Some(&b"slow"[..]));
    /// # Ok::<(), forbear_http::RecordError>(())
    /// ```
    pub fn each_from_curl(output: &[u8], now_unix: Duration) -> Result<Vec<Self>, RecordError> {
        let (mut records, last) = curl::parse(output, now_unix)?;
        records.push(last);
        Ok(records)
    }

    /// A reader for the record's provider.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.provider.as_deref().map_or_else(Reader::new, Reader::for_provider)
    }

    /// What `reader` understands of the record.
    #[must_use]
    pub fn read(&self, reader: &Reader) -> Reading<'_> {
        let head = Head::new(self.status, &self.headers);
        let head = match &self.body {
            Some(body) => head.with_body(body),
            None => head,
        };
        reader.read(&head, self.now_unix)
    }

    /// The reading as JSON, with the record's `id`.
    #[must_use]
    pub fn answer(&self, reader: &Reader) -> Value {
        let mut answer = self.read(reader).to_json();
        answer["id"] = self.id.clone();
        answer
    }
}

impl Reading<'_> {
    /// The reading as a JSON object: `throttled`, `retryable`, `retry_after_ms`, `limits`
    /// (each with `name`, `limit`, `remaining`, `reset_after_ms`, `window_ms`), `scope`
    /// and `malformed`. What is not known is `null`; milliseconds are rounded up.
    #[must_use]
    pub fn to_json(&self) -> Value {
        object([
            ("throttled", self.is_throttled().into()),
            ("retryable", self.retryable().into()),
            ("retry_after_ms", self.retry_after().map(millis_up).into()),
            ("limits", self.limits().map(limit_to_json).collect()),
            ("scope", self.scope().into()),
            ("malformed", self.malformed().collect()),
        ])
    }
}

fn limit_to_json(limit: &LimitReading<'_>) -> Value {
    object([
        ("name", limit.name.as_ref().into()),
        ("limit", limit.limit.map(amount_to_json).into()),
        ("remaining", limit.remaining.map(amount_to_json).into()),
        ("reset_after_ms", limit.reset_after.map(millis_up).into()),
        ("window_ms", limit.window.map(millis_up).into()),
    ])
}

/// An integer if it is one, so that 100 stays 100 and only 0.5 gets a point.
fn amount_to_json(amount: Amount) -> Value {
    if amount.nanos() == 0 {
        return amount.whole().into();
    }
    let nearest = amount.to_string().parse().ok().and_then(Number::from_f64);
    nearest.map_or(Value::Null, Value::Number)
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
    Value::Object(members.collect::<Map<_, _>>())
}
