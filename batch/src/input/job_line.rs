//! A line of the input as a request.

mod members;
mod target;

use std::fmt;

use bytes::Bytes;
use forbear_core::Cost;
use forbear_http::estimated_token_cost;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::value::RawValue;

use self::members::Members;
use super::{Complaint, LineForm, RawLine};

pub(crate) use self::target::Target;

/// What a line may leave out, and what then holds.
#[derive(Clone, Debug)]
pub(crate) struct Expectations {
    pub(crate) form: LineForm,
    /// What a path is appended to.
    pub(crate) base_url: Option<String>,
    /// The address of lines that name none.
    pub(crate) url: Option<String>,
    /// The method of lines that name none.
    pub(crate) method: Option<Method>,
    /// Priorities that there are.
    pub(crate) lanes: u8,
}

impl Default for Expectations {
    fn default() -> Self {
        Self { form: LineForm::Request, base_url: None, url: None, method: None, lanes: 10 }
    }
}

/// A job's name in the results.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum JobName {
    Text(String),
    Number(u64),
}

/// One request of the input.
#[derive(Debug)]
pub(crate) struct JobLine {
    pub(crate) id: JobName,
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<JobBody>,
    pub(crate) lane: u8,
    pub(crate) tenant: Option<String>,
    pub(crate) cost: Cost,
}

/// What is sent.
#[derive(Debug)]
pub(crate) struct JobBody {
    pub(crate) octets: Bytes,
    /// Whether it is JSON, and not text.
    pub(crate) is_json: bool,
}

impl JobLine {
    pub(crate) fn parse(line: RawLine<'_>, expected: &Expectations) -> Result<Self, Complaint> {
        let number = line.number;
        let text = line.text.ok_or_else(|| {
            let most = super::LONGEST_LINE >> 20;
            Complaint::new(number, format!("is longer than {most} MiB, must be one request"))
        })?;
        // What some editors begin a file with.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let members = match expected.form {
            LineForm::Request => Members::parse(text),
            LineForm::Body => serde_json::from_slice(text).map(Members::of_body),
        };
        let members = members.map_err(|error| Complaint::json(number, &error))?;
        Self::of(members, number, expected).map_err(|message| Complaint::new(number, message))
    }

    fn of(members: Members<'_>, number: u64, expected: &Expectations) -> Result<Self, String> {
        let body = members.body.map(body_of).transpose()?;
        let method = match (&members.method, &expected.method) {
            (Some(method), _) => method_named(method)?,
            (None, Some(method)) => method.clone(),
            (None, None) if body.is_some() => Method::POST,
            (None, None) => Method::GET,
        };
        let target = Target::of(members.url.as_deref(), members.path.as_deref(), expected)?;
        let lanes = expected.lanes;
        let lane = members.priority.map_or(Ok(lanes / 2), |priority| {
            let lane = u8::try_from(priority).ok().filter(|lane| *lane < lanes);
            lane.ok_or_else(|| {
                format!("priority is {priority}, must be from 0, the most urgent, to {}", lanes - 1)
            })
        })?;
        let cost = match (members.cost, &body) {
            (Some(cost), _) => cost.0,
            (None, Some(body)) if body.is_json => estimated_token_cost(&body.octets),
            _ => Cost::REQUEST,
        };
        Ok(Self {
            id: members.id.unwrap_or(JobName::Number(number)),
            method,
            target,
            headers: headers_of(members.headers)?,
            body,
            lane,
            tenant: members.tenant.map(Into::into),
            cost,
        })
    }
}

/// JSON as it stands there; the content of a string as text.
fn body_of(raw: &RawValue) -> Result<JobBody, String> {
    if raw.get().starts_with('"') {
        let text: String = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
        return Ok(JobBody { octets: text.into(), is_json: false });
    }
    Ok(JobBody { octets: raw.get().to_owned().into(), is_json: true })
}

/// A method that a request may have, in any case.
pub(crate) fn method_named(name: &str) -> Result<Method, String> {
    let method = Method::from_bytes(name.to_ascii_uppercase().as_bytes());
    match method {
        Ok(method) if method != Method::CONNECT && method != Method::TRACE => Ok(method),
        _ => Err(format!("method is '{name}', must be one such as GET or POST")),
    }
}

fn headers_of(members: Vec<(String, String)>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::with_capacity(members.len());
    for (name, value) in members {
        let name = field_name(&name)?;
        // Not the value: it may be a secret.
        let value = HeaderValue::try_from(value).map_err(|_| {
            format!("the value of the header '{name}' has a character that none may have")
        })?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// A name of a header field that a user may set.
pub(crate) fn field_name(name: &str) -> Result<HeaderName, String> {
    let field = HeaderName::try_from(name)
        .map_err(|_| format!("header '{name}' must be the name of a field, such as x-api-key"))?;
    if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE].contains(&field) {
        return Err(format!("header '{field}' must be left out: the client sets it"));
    }
    Ok(field)
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use forbear_core::Dimension;

    fn parse(text: &str) -> Result<JobLine, Complaint> {
        let base_url = Some("https://api.example.com/v1/".to_owned());
        let expected = Expectations { base_url, ..Expectations::default() };
        let line = RawLine { number: 7, offset: 0, text: Some(text.as_bytes()) };
        JobLine::parse(line, &expected)
    }

    #[test]
    fn a_line_says_as_little_as_it_likes() {
        let job = parse(r#"{"path":"/models"}"#).unwrap();
        assert_eq!((job.id, job.method), (JobName::Number(7), Method::GET));
        assert_eq!(job.target.uri, "https://api.example.com/v1/models");
        assert_eq!(job.target.scope, "api.example.com");
        assert_eq!((job.lane, job.tenant, job.cost), (5, None, Cost::REQUEST));
    }

    #[test]
    fn a_body_is_sent_as_it_stands_there() {
        let job = parse(r#"{"path":"/a","body":{"x":1.10,"y":[ 2 ]}}"#).unwrap();
        let body = job.body.unwrap();
        assert_eq!((&body.octets[..], body.is_json), (&br#"{"x":1.10,"y":[ 2 ]}"#[..], true));
        assert_eq!(job.method, Method::POST);
        let job = parse(r#"{"path":"/a","method":"put","body":"a\nb"}"#).unwrap();
        let body = job.body.unwrap();
        assert_eq!((&body.octets[..], body.is_json), (&b"a\nb"[..], false));
        assert_eq!(job.method, Method::PUT);
    }

    #[test]
    fn the_form_of_openais_batch_files_is_read() {
        let job = parse(
            r#"{"custom_id": "request-1", "method": "POST", "url": "/chat/completions",
                "body": {"model": "m", "messages": [{"content": "Hello world!"}], "max_tokens": 100}}"#,
        )
        .unwrap();
        assert_eq!(job.id, JobName::Text("request-1".into()));
        assert_eq!(job.target.uri, "https://api.example.com/v1/chat/completions");
        assert_eq!(job.cost.get(Dimension::Tokens), 103);
    }

    #[test]
    fn what_is_wrong_is_told_with_what_was_expected() {
        for (text, message) in [
            (
                r#"{"path":"/a","priority":12}"#,
                "priority is 12, must be from 0, the most urgent, to 9",
            ),
            (r#"{"path":"/a","method":"G T"}"#, "method is 'G T', must be one such as GET or POST"),
            (r#"{"path":"a"}"#, "path is 'a', must begin with '/'"),
            (r#"{"url":"ftp://x/"}"#, "url is 'ftp://x/', must begin with http:// or https://"),
            (r#"{"url":"http://u:p@x/"}"#, "url must have no user name or password: give a header"),
            (
                r#"{"url":"http://x:99999/"}"#,
                "url is 'http://x:99999/', must have a port from 1 to 65535",
            ),
            (
                r#"{"url":"http://[::1]:0/"}"#,
                "url is 'http://[::1]:0/', must have a port from 1 to 65535",
            ),
            (r#"{"url":"http://x/","path":"/a"}"#, "path must be left out where url is given"),
            (
                r#"{"path":"/a","id":{}}"#,
                "invalid type: map, expected an id: text or a whole number",
            ),
            (
                r#"{"path":"/a","cost":{"token":3}}"#,
                "unknown field `token`, expected one of `requests`, `tokens`, `input_tokens`, \
                 `output_tokens`, `points`, `custom_1`, `custom_2`, `custom_3`",
            ),
            (
                r#"{"path":"/a","header":{}}"#,
                "unknown field `header`, expected one of `id`, `custom_id`, `method`, `url`, `path`, \
                 `headers`, `body`, `priority`, `tenant`, `cost`",
            ),
            (
                r#"{"path":"/a","headers":{"Content-Length":"3"}}"#,
                "header 'content-length' must be left out: the client sets it",
            ),
            ("[1]", "invalid type: sequence, expected an object such as {\"path\": \"/v1/items\"}"),
            (r#"{"path":"/a""#, "EOF while parsing an object"),
        ] {
            assert_eq!(parse(text).unwrap_err().message, message, "{text}");
        }
        let secret = parse("{\"path\":\"/a\",\"headers\":{\"x\":\"se\\ncret\"}}").unwrap_err();
        assert!(!secret.message.contains("cret"), "{secret}");
    }
}
