//! The vectors of other libraries about statuses, methods, hosts, bodies and fields; the
//! rest of the file is run by forbear-core (`core/tests/it/retry_vectors.rs`).

use std::time::Duration;

use forbear_core::Policy;
use forbear_http::{ForbearLayer, Head, Reader, ReplayBody, SendOnce};
use http::{HeaderMap, Method, Request};
use http_body_util::Full;
use serde_json::Value;
use tower::{ServiceBuilder, ServiceExt};

use crate::layer::{server, stream};
use crate::support::{read, retry_after_ms};

/// The vector of this name.
fn vector(name: &str) -> Value {
    let file = include_str!("../../../core/tests/data/retry_vectors.json");
    let file: Value = serde_json::from_str(file).unwrap();
    let mut vectors = file["vectors"].as_array().unwrap().iter();
    vectors.find(|vector| vector["name"] == name).cloned().unwrap_or_else(|| panic!("no {name}"))
}

/// What is given and what is expected, pair by pair.
fn rows(name: &str, key: &str) -> Vec<(Value, Value)> {
    let vector = vector(name);
    let given = vector["inputs"][key].as_array().unwrap().clone();
    let expected = match &vector["expected"] {
        Value::Array(each) => each.clone(),
        same => vec![same.clone(); given.len()],
    };
    assert_eq!(given.len(), expected.len());
    given.into_iter().zip(expected).collect()
}

fn status(value: &Value) -> u16 {
    u16::try_from(value.as_u64().unwrap()).unwrap()
}

fn is_retryable(reading: &Value) -> bool {
    reading["retryable"].as_bool().unwrap_or(false)
}

#[test]
fn transient_statuses_are_retryable() {
    for (code, expected) in rows("boto.classify", "status") {
        assert_eq!(is_retryable(&read(status(&code), &[])), expected.as_bool().unwrap(), "{code}");
    }
}

#[test]
fn explicit_advice_wins_over_the_status() {
    for (row, expected) in rows("openai.should_retry", "rows") {
        let advice = row[1].as_str().map(|advice| ("x-should-retry", advice));
        let reading = read(status(&row[0]), advice.as_slice());
        // Without advice, 409 and 501 are final by RFC 9110: what OpenAI's servers mean
        // by them they say in the field.
        let is_openais_own = advice.is_none() && [409, 501].contains(&status(&row[0]));
        assert_eq!(is_retryable(&reading), expected.as_bool().unwrap() && !is_openais_own, "{row}");
    }
}

/// "Do not retry" for what gRFC A6 says so of, and no cap: that is the policy's.
#[test]
fn pushback_is_read_as_grpc_has_it() {
    for (value, linkerds) in rows("linkerd.pushback", "values") {
        let grpc = [("content-type", "application/grpc"), ("grpc-status", "14")];
        let pushback = value.as_str().map(|value| ("grpc-retry-pushback-ms", value));
        let fields: Vec<_> = grpc.into_iter().chain(pushback).collect();
        let reading = read(200, &fields);
        let wait_ms = reading["retry_after_ms"].as_u64();
        match pushback.map(|(_, value)| value.parse::<u64>()) {
            Some(Ok(ms)) => assert_eq!(wait_ms, Some(ms)),
            Some(Err(_)) => {
                assert!(!is_retryable(&reading), "{value}");
                assert_eq!((wait_ms, linkerds), (None, Value::Null));
            }
            None => assert_eq!(wait_ms, None),
        }
    }
}

#[test]
fn a_retry_after_that_is_no_number_is_no_hint_and_no_error() {
    for (value, _) in rows("urllib3.retry_after_invalid", "values") {
        let value = value.as_str().unwrap();
        // A fraction is beyond the grammar, and some servers do send one.
        let expected = (value == "1.0").then_some(1000);
        assert_eq!(retry_after_ms(value), expected, "{value}");
    }
}

#[test]
fn a_retry_after_is_read_in_seconds() {
    for (value, seconds) in rows("urllib3.retry_after_valid", "values") {
        let expected = seconds.as_u64().map(|seconds| seconds * 1000);
        assert_eq!(retry_after_ms(value.as_str().unwrap()), expected, "{value}");
    }
}

/// Where that client falls back to half a second of its own, the field here is no hint,
/// says that there is nothing to wait for, or asks for more than it will hear of.
#[test]
fn a_retry_after_is_a_number_or_a_date() {
    let now = vector("openai.retry_after")["inputs"]["now_unix"].as_u64().unwrap();
    for (value, seconds) in rows("openai.retry_after", "values") {
        let headers = vec![("retry-after", value.as_str().unwrap())];
        let reading = Reader::new().read(&Head::new(429, &headers), Duration::from_secs(now));
        let wait_ms = reading.to_json()["retry_after_ms"].as_u64();
        match seconds.as_u64() {
            Some(seconds) => assert_eq!(wait_ms, Some(seconds * 1000), "{value}"),
            None => {
                assert!(wait_ms.is_none_or(|ms| ms == 0 || ms > 120_000), "{value}: {wait_ms:?}")
            }
        }
    }
}

/// The statuses that a wait makes a matter of load, or retryable at all.
#[test]
fn a_wait_speaks_for_some_statuses_only() {
    for (code, expected) in rows("urllib3.retry_after_statuses", "status") {
        let (with, without) =
            (read(status(&code), &[("retry-after", "5")]), read(status(&code), &[]));
        let changes = ["throttled", "retryable"].iter().any(|key| with[key] != without[key]);
        let is_respected = changes || with["throttled"] == true;
        assert_eq!(is_respected, expected.as_bool().unwrap(), "{code}");
    }
}

#[test]
fn a_long_wait_does_not_wrap() {
    let vector = vector("gorh.retry_after_overflow");
    let wait_ms = retry_after_ms(vector["inputs"]["header"].as_str().unwrap());
    assert!(wait_ms.is_some_and(|ms| ms > 2_000_000_000_000), "{wait_ms:?}");
}

#[test]
fn methods_are_idempotent_or_not() {
    for (method, expected) in rows("urllib3.methods", "methods") {
        let known = Method::from_bytes(method.as_str().unwrap().as_bytes()).unwrap();
        let is_idempotent = forbear_http::is_idempotent(&known, &HeaderMap::new());
        assert_eq!(is_idempotent, expected.as_bool().unwrap(), "{method}");
    }
}

/// Whoever wants retries for one host only says of the requests to others that they are
/// sent once.
#[tokio::test(start_paused = true)]
async fn another_host_is_asked_once() {
    let vector = vector("reqwest.scope");
    let inputs = &vector["inputs"];
    let of_scope = |uri: &http::Uri| uri.host() == inputs["scope"].as_str();
    for (host, sends) in
        [(&inputs["host"], vector["expected"].as_u64().unwrap()), (&inputs["scope"], 2)]
    {
        let (server, got) = server(&[status(&inputs["status"])]);
        let layer = ForbearLayer::new(Policy::recommended());
        let client = ServiceBuilder::new().layer(layer).service(server);
        let uri = format!("http://{}/", host.as_str().unwrap());
        let mut request = Request::get(uri).body(Full::default()).unwrap();
        if !of_scope(request.uri()) {
            request.extensions_mut().insert(SendOnce::new());
        }
        client.oneshot(request).await.unwrap();
        assert_eq!(got.lock().unwrap().len() as u64, sends, "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_cannot_be_played_again_is_sent_once() {
    let vector = vector("reqwest_retry.stream");
    let (server, got) = server(&[]);
    let client =
        ServiceBuilder::new().layer(ForbearLayer::new(Policy::recommended())).service(server);
    let body = ReplayBody::with_limit(stream(1000), 0);
    let response = client.oneshot(Request::post("/").body(body).unwrap()).await.unwrap();
    assert_eq!(u64::from(response.status().as_u16()), vector["inputs"]["status"].as_u64().unwrap());
    assert_eq!(Some(got.lock().unwrap().len() as u64), vector["expected"]["requests"].as_u64());
}
