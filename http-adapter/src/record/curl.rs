//! Records from the output of `curl -si`.

use std::time::Duration;

use serde_json::Value;

use crate::record::Record;
use crate::record::error::{Kind, RecordError, excerpt};
use crate::value::text::trim;

/// The responses in `output`: the last one, and those before it.
pub(super) fn parse(
    output: &[u8],
    now_unix: Duration,
) -> Result<(Vec<Record>, Record), RecordError> {
    let output = output.strip_prefix(BYTE_ORDER_MARK).unwrap_or(output);
    let mut lines = Lines { rest: output, read: 0 };
    let first = lines.next().unwrap_or_default();
    let mut status = status_of(first)
        .ok_or_else(|| RecordError(Kind::NoStatusLine(excerpt(&String::from_utf8_lossy(first)))))?;
    let mut earlier = Vec::new();
    loop {
        let headers = fields(&mut lines)?;
        // Another head follows a redirect, a `100 Continue` or a `CONNECT`.
        if let Some(next) = lines.next_head() {
            status = next;
            continue;
        }
        // Another response follows if there was a retry or a second address. Only
        // `Content-Length` tells it from a body that looks like one.
        let body_len = content_length(&headers).filter(|len| *len <= lines.rest.len());
        let (body, mut after) = match body_len {
            Some(len) => lines.split_body(len),
            None => (lines.rest, Lines { rest: &[], ..lines }),
        };
        let next = after.next_head();
        let body = if next.is_some() { body } else { lines.rest };
        let body = (!body.is_empty()).then(|| body.to_vec());
        let record = Record { id: Value::Null, provider: None, now_unix, status, headers, body };
        let Some(next) = next else { return Ok((earlier, record)) };
        earlier.push(record);
        (status, lines) = (next, after);
    }
}

/// What some shells put before redirected output.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn content_length(headers: &[(String, Vec<u8>)]) -> Option<usize> {
    let (_, length) =
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    std::str::from_utf8(length).ok()?.parse().ok()
}

/// Lines that end with LF or CRLF, and how many were read.
#[derive(Clone, Copy)]
struct Lines<'a> {
    rest: &'a [u8],
    read: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.read += 1;
        let end = self.rest.iter().position(|&byte| byte == b'\n').unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Takes a status line, if one is next.
    fn next_head(&mut self) -> Option<u16> {
        let mut ahead = *self;
        let status = ahead.next().and_then(status_of)?;
        *self = ahead;
        Some(status)
    }

    /// A body of `len` octets, and the lines after it.
    fn split_body(self, len: usize) -> (&'a [u8], Self) {
        let (body, rest) = self.rest.split_at(len);
        // Its last line goes on with what follows it.
        let read = self.read + body.split(|byte| *byte == b'\n').count() - 1;
        (body, Self { rest, read })
    }
}

/// The code of `HTTP/1.1 429 Too Many Requests` or `HTTP/2 429`.
fn status_of(line: &[u8]) -> Option<u16> {
    let mut words = line.strip_prefix(b"HTTP/")?.split(|&byte| byte == b' ');
    words.next().filter(|version| !version.is_empty())?;
    let code = words.next().filter(|code| code.len() == 3)?;
    std::str::from_utf8(code).ok()?.parse().ok()
}

/// The field lines up to the empty line.
fn fields(lines: &mut Lines<'_>) -> Result<Vec<(String, Vec<u8>)>, RecordError> {
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    while let Some(line) = lines.next().filter(|line| !line.is_empty()) {
        // RFC 9112, section 5.2: a folded line continues the value before it.
        if let ([b' ' | b'\t', ..], Some((_, value))) = (line, fields.last_mut()) {
            value.push(b' ');
            value.extend_from_slice(trim(line));
            continue;
        }
        let colon = line.iter().position(|&byte| byte == b':').ok_or_else(|| {
            let text = excerpt(&String::from_utf8_lossy(line));
            RecordError(Kind::NoColon { line: lines.read, text })
        })?;
        let name = String::from_utf8_lossy(&line[..colon]).into_owned();
        fields.push((name, trim(&line[colon + 1..]).to_vec()));
    }
    Ok(fields)
}
