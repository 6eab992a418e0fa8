//! Sending one request once, and what its answer says.
//!
//! Over hyper's client and rustls: no redirects, which would carry a key to another server,
//! no retries but those of the policy, no system libraries.

mod answer;
mod bounded;
mod client;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use forbear_core::text::format_duration;
use forbear_core::{Observation, Outcome, RateSignal};
use forbear_http::{Head, Reader, SendError, is_idempotent, was_not_done};
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;

use self::client::{Client, Unanswered};
use crate::input::{JobBody, JobLine, Scan, Target};
use crate::key::Keys;
use crate::secret::Secrets;
use crate::{Batch, BatchError};

pub(crate) use self::answer::Answer;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How requests are sent.
#[derive(Debug)]
pub(crate) struct Sender {
    client: Client,
    reader: Reader,
    headers: HeaderMap,
    secrets: Secrets,
    /// Absent where jobs get no keys.
    keys: Option<Keys>,
    /// For one attempt, the body of its answer included.
    timeout: Duration,
    /// The same of the hosts whose policies have less.
    timeouts: BTreeMap<String, Duration>,
}

/// What one attempt has come to.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// What the policy is told.
    pub(crate) seen: Observation,
    /// Whether the request may be sent once more, if the policy says so.
    pub(crate) may_repeat: bool,
    pub(crate) came: Came,
}

/// An answer, or why there is none.
#[derive(Debug)]
pub(crate) enum Came {
    Answer(Answer),
    /// There was no connection: the server has seen nothing of the request.
    NotSent(String),
    /// The connection broke, or the answer took too long.
    Broken(String),
}

impl Sender {
    pub(crate) fn new(batch: &Batch, scan: &Scan) -> Result<Self, BatchError> {
        Ok(Self {
            client: Client::new(scan.has_tls, batch.connect_timeout)?,
            reader: batch.reader.clone(),
            headers: batch.headers.clone(),
            secrets: batch.secrets.clone(),
            keys: batch.keys(scan),
            timeout: batch.timeout,
            timeouts: batch.timeouts(scan),
        })
    }

    /// Sends `job`, which is in this line of the input.
    pub(crate) async fn send(&self, line: u64, job: JobLine) -> Attempt {
        let JobLine { method, target, headers, body, .. } = job;
        let headers = self.headers(line, &method, headers, body.as_ref());
        let is_idempotent = is_idempotent(&method, &headers);
        let exchange = self.exchange(method, &target, headers, body);
        let timeout = self.timeouts.get(&target.scope).copied().unwrap_or(self.timeout);
        let Ok(came) = tokio::time::timeout(timeout, exchange).await else {
            let came = Came::Broken(format!("no answer within {}", format_duration(timeout)));
            // The server may have done the work.
            return Attempt {
                seen: Observation::timed_out(timeout),
                may_repeat: is_idempotent,
                came,
            };
        };
        match came {
            Ok(answer) => {
                let seen = self.read(&answer);
                let may_repeat = is_idempotent || was_not_done(answer.status, seen.outcome);
                Attempt { seen, may_repeat, came: Came::Answer(self.redacted(answer)) }
            }
            Err((error, why)) => {
                let may_repeat = is_idempotent || error.was_not_done();
                let came = if error == SendError::NotSent {
                    Came::NotSent(format!("cannot connect to {}: {why}", target.scope))
                } else {
                    Came::Broken(why)
                };
                Attempt { seen: error.observation(), may_repeat, came }
            }
        }
    }

    /// The fields of a request: those of the job, then those of the batch, then defaults.
    fn headers(
        &self,
        line: u64,
        method: &Method,
        mut headers: HeaderMap,
        body: Option<&JobBody>,
    ) -> HeaderMap {
        for (name, value) in &self.headers {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        self.secrets.add_to(&mut headers);
        let mut default = |name: HeaderName, value: &'static str| {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        };
        default(USER_AGENT, concat!("forbear/", env!("CARGO_PKG_VERSION")));
        default(ACCEPT, "*/*");
        match body {
            Some(body) if body.is_json => default(CONTENT_TYPE, "application/json"),
            Some(_) => default(CONTENT_TYPE, "text/plain; charset=utf-8"),
            None => {}
        }
        let needs_key = matches!(*method, Method::POST | Method::PATCH);
        if let Some(keys) = self.keys.as_ref().filter(|_| needs_key)
            && !headers.contains_key(IDEMPOTENCY_KEY)
            && let Ok(key) = HeaderValue::try_from(keys.of(line))
        {
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        headers
    }

    async fn exchange(
        &self,
        method: Method,
        target: &Target,
        headers: HeaderMap,
        body: Option<JobBody>,
    ) -> Result<Answer, Unanswered> {
        let octets = body.map_or_else(Bytes::new, |body| body.octets);
        let mut request = Request::new(Full::new(octets));
        *request.method_mut() = method;
        *request.uri_mut() = target.uri.clone();
        *request.headers_mut() = headers;
        let response = self.client.send(request).await?;
        Answer::of(response).await
    }

    fn read(&self, answer: &Answer) -> Observation {
        let status = answer.status;
        let head = Head::new(status.as_u16(), &answer.headers).with_body(&answer.body);
        let mut seen = self.reader.read_now(&head).observe();
        // An answer that is elsewhere is none.
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            seen.outcome = Outcome::Permanent;
        }
        seen
    }

    fn redacted(&self, answer: Answer) -> Answer {
        Answer { body: self.secrets.redact(answer.body), ..answer }
    }

    /// A message without secrets.
    pub(crate) fn redact(&self, message: String) -> String {
        String::from_utf8_lossy(&self.secrets.redact(message.into_bytes())).into_owned()
    }

    /// The value of a field of an answer, without secrets.
    pub(crate) fn shown(&self, value: &HeaderValue) -> String {
        let value = self.secrets.redact(value.as_bytes().to_owned());
        String::from_utf8_lossy(&value).into_owned()
    }
}
