//! What the tests have in common: a fixed now, readings as JSON, a server on loopback.

use std::time::Duration;

use forbear_http::{Head, Reader};
use serde_json::{Value, json};

/// 2026-08-20T12:00:00Z.
pub(crate) const NOW_S: u64 = 1_787_227_200;
pub(crate) const NOW: Duration = Duration::from_secs(NOW_S);

/// The longest wait that is reported.
pub(crate) const MAX_MS: u64 = 2_147_483_648_000;

/// Serves `app` on loopback, and says where: an address without a path.
pub(crate) async fn serve(app: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// The reading of a response without a body.
pub(crate) fn read(status: u16, headers: &[(&str, &str)]) -> Value {
    let headers = headers.to_vec();
    Reader::new().read(&Head::new(status, &headers), NOW).to_json()
}

/// The reading of a response with a body.
pub(crate) fn read_body(status: u16, headers: &[(&str, &str)], body: &str) -> Value {
    let headers = headers.to_vec();
    let head = Head::new(status, &headers).with_body(body.as_bytes());
    Reader::new().read(&head, NOW).to_json()
}

/// The wait of a 429 with this `Retry-After`.
pub(crate) fn retry_after_ms(value: &str) -> Option<u64> {
    read(429, &[("retry-after", value)])["retry_after_ms"].as_u64()
}

/// The limits of a 200 with these fields.
pub(crate) fn limits(headers: &[(&str, &str)]) -> Value {
    read(200, headers)["limits"].clone()
}

/// A window as it is reported.
pub(crate) fn window(
    name: &str,
    limit: impl Into<Value>,
    remaining: impl Into<Value>,
    reset_after_ms: impl Into<Value>,
    window_ms: impl Into<Value>,
) -> Value {
    json!({
        "name": name,
        "limit": limit.into(),
        "remaining": remaining.into(),
        "reset_after_ms": reset_after_ms.into(),
        "window_ms": window_ms.into(),
    })
}

/// What is not told.
pub(crate) const NONE: Value = Value::Null;
