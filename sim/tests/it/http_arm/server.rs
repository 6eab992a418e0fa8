//! The server of the second arm: an axum server in front of a stage.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Response, StatusCode};
use forbear_core::{Dimension, Timestamp};
use forbear_sim::Stage;
use tokio::time::Instant;

use super::held::Held;

pub(super) const CALL: HeaderName = HeaderName::from_static("x-call");
pub(super) const ATTEMPT: HeaderName = HeaderName::from_static("x-attempt");
/// How long the server works on it, in ns, and whether it holds something meanwhile.
pub(super) const AFTER: HeaderName = HeaderName::from_static("x-after-ns");
pub(super) const HOLDS: HeaderName = HeaderName::from_static("x-holds");
/// The version of the row that was read, which a write names.
pub(super) const VERSION: HeaderName = HeaderName::from_static("x-version");

/// The server of the second arm, and what it counts.
pub(super) struct Server {
    pub(super) stage: Mutex<Stage>,
    pub(super) start: Instant,
    pub(super) sends: AtomicU64,
    pub(super) throttled: AtomicU64,
    pub(super) held: Held,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "this arm runs on Tokio's clock")]
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::ZERO.after(Instant::now() - self.start)
    }
}

pub(super) fn number(headers: &HeaderMap, name: &HeaderName) -> u32 {
    headers.get(name).unwrap().to_str().unwrap().parse().unwrap()
}

pub(super) async fn serve(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response<Body> {
    let (call, attempt) = (number(&headers, &CALL), number(&headers, &ATTEMPT));
    if headers.contains_key(VERSION) {
        let version = number(&headers, &VERSION);
        let status = server.stage.lock().unwrap().write(call, attempt, version);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        return response;
    }
    let reply = server.stage.lock().unwrap().arrive(server.now(), call, attempt);
    server.sends.fetch_add(1, Ordering::Relaxed);
    server.throttled.fetch_add(u64::from(reply.is_refusal), Ordering::Relaxed);
    let mut response = Response::new(Body::empty());
    if let Some(used) = reply.used {
        let (prompt, answer) =
            (used.get(Dimension::InputTokens), used.get(Dimension::OutputTokens));
        let text =
            format!("{{\"usage\":{{\"prompt_tokens\":{prompt},\"completion_tokens\":{answer}}}}}");
        response = Response::new(Body::from(text));
        response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    }
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap();
    let after = u64::try_from(reply.after.as_nanos()).unwrap();
    response.headers_mut().insert(AFTER, after.into());
    response.headers_mut().insert(HOLDS, u32::from(reply.holds).into());
    if let Some(version) = reply.version {
        response.headers_mut().insert(VERSION, version.into());
    }
    response.headers_mut().extend(reply.headers);
    response
}
