//! A result as a line of JSON.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forbear_core::Cost;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::input::JobName;

/// What came of a job.
///
/// | member | there | meaning |
/// | --- | --- | --- |
/// | `id` | always | the job's name: its own, or the number of its line |
/// | `line` | always | the line of the input, from 1 |
/// | `ok` | always | whether it succeeded |
/// | `status` | with an answer | the status of the last answer |
/// | `attempts` | always | how many times it was sent |
/// | `headers` | where asked for | fields of the last answer |
/// | `body` | with an answer | JSON as it came, without line ends; other text as a string |
/// | `body_base64` | in its place | a body that is no text |
/// | `reason` | without success | one word, see [`CallEnd`](forbear_http::trace::CallEnd) |
/// | `error` | without success | a sentence |
#[derive(Debug, Serialize)]
pub(crate) struct ResultLine<'a> {
    #[serde(serialize_with = "name")]
    pub(crate) id: &'a JobName,
    pub(crate) line: u64,
    pub(crate) ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    pub(crate) attempts: u32,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// A body that is text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Said {
    Json(Box<RawValue>),
    Text(String),
}

impl<'a> ResultLine<'a> {
    /// A result of which nothing else is known.
    pub(crate) const fn new(id: &'a JobName, line: u64, attempts: u32) -> Self {
        let (status, body, body_base64, reason, error) = (None, None, None, None, None);
        let headers = BTreeMap::new();
        Self { id, line, ok: false, status, attempts, headers, body, body_base64, reason, error }
    }

    /// Takes in the body of the answer.
    pub(crate) fn set_body(&mut self, body: Vec<u8>) {
        match String::from_utf8(body) {
            Ok(text) => self.body = Some(Said::of(text)),
            Err(error) => self.body_base64 = Some(STANDARD.encode(error.as_bytes())),
        }
    }

    /// With the end of its line.
    pub(crate) fn octets(&self) -> Vec<u8> {
        // Text and numbers cannot fail to be written.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

impl Said {
    fn of(text: String) -> Self {
        match serde_json::from_str::<&RawValue>(&text) {
            // An end of a line is no part of any token, so what is left is the same JSON.
            Ok(_) if text.contains(['\n', '\r']) => {
                let one_line = text.replace(['\n', '\r'], "");
                RawValue::from_string(one_line).map_or(Self::Text(text), Self::Json)
            }
            Ok(json) => Self::Json(json.to_owned()),
            Err(_) => Self::Text(text),
        }
    }
}

fn name<S: Serializer>(name: &JobName, serializer: S) -> Result<S::Ok, S::Error> {
    match name {
        JobName::Text(text) => serializer.serialize_str(text),
        JobName::Number(number) => serializer.serialize_u64(*number),
    }
}

/// A result on its way to the disk, and what the journal says of it.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) line: u64,
    pub(crate) result: Vec<u8>,
    pub(crate) ok: bool,
    pub(crate) sends: u32,
    pub(crate) took_ms: u64,
    pub(crate) cost: Cost,
    pub(crate) usage: Option<Cost>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &[u8]) -> String {
        let name = JobName::Text("a".into());
        let mut line = ResultLine::new(&name, 3, 1);
        (line.ok, line.status) = (true, Some(200));
        line.set_body(body.to_owned());
        String::from_utf8(line.octets()).unwrap()
    }

    #[test]
    fn a_body_is_json_or_text_or_octets_and_a_result_is_one_line() {
        let head = r#"{"id":"a","line":3,"ok":true,"status":200,"attempts":1,"#;
        for (body, expected) in [
            (
                &b"{\n  \"x\": 1.10,\r\n  \"y\": \"a\\nb\"\n}\n"[..],
                r#""body":{  "x": 1.10,  "y": "a\nb"}}"#,
            ),
            (b"[1, 2]", r#""body":[1, 2]}"#),
            (b"done\n", r#""body":"done\n"}"#),
            (b"", r#""body":""}"#),
            (b"\xff\x00", r#""body_base64":"/wA="}"#),
        ] {
            assert_eq!(said(body), format!("{head}{expected}\n"));
        }
    }
}
