use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::{GiveUp, HintRule, Policy, RateSignal, backoff::Constant};
use forbear_http::{ForbearLayer, Head, Reader};
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::Full;
use proptest::prelude::*;
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

use crate::hostile::{any_name, any_value};
use crate::support::NOW;

const BACKOFF: Duration = Duration::from_millis(10);

/// Fields that say how long to wait, or of what nothing is left; and some of the others.
fn any_field() -> impl Strategy<Value = (String, Vec<u8>)> {
    let name = prop::sample::select(vec![
        "retry-after",
        "retry-after-ms",
        "ratelimit-remaining",
        "ratelimit-reset",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-ratelimit-reset-after",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
    ]);
    let value = prop::sample::select(vec!["0", "0", "1", "7", "59.5", "300", "601", "5000"]);
    prop_oneof![
        3 => (name, value).prop_map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())),
        1 => (any_name(), any_value()),
    ]
}

/// A response by the clock of its own `Date`, as far as its fields can be fields.
fn response(status: u16, fields: &[(String, Vec<u8>)], body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status.try_into().unwrap();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            response.headers_mut().append(name, value);
        }
    }
    let date = HeaderValue::from_static("Thu, 20 Aug 2026 12:00:00 GMT");
    response.headers_mut().insert(http::header::DATE, date);
    response
}

/// Sends a GET that is answered with `first`, then with a 200; when each send came, and why
/// there were no more.
async fn send(first: Response<Full<Bytes>>) -> (Vec<Instant>, Option<GiveUp>) {
    let first = Mutex::new(Some(first));
    let times = Arc::new(Mutex::new(Vec::new()));
    let (first, seen) = (Arc::new(first), Arc::clone(&times));
    let server = service_fn(move |_: Request<Full<Bytes>>| {
        seen.lock().unwrap().push(Instant::now());
        let answer = first.lock().unwrap().take().unwrap_or_default();
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let policy = Policy::builder().max_attempts(2).backoff(Constant::new(BACKOFF));
    let policy = policy.no_deadline().no_budget().build().unwrap();
    let request = Request::get("http://api.example/").body(Full::default()).unwrap();
    let answer = ForbearLayer::new(policy).layer(server).oneshot(request).await.unwrap();
    let why = answer.extensions().get::<GiveUp>().copied();
    let times = times.lock().unwrap().clone();
    (times, why)
}

proptest! {
    #[test]
    fn nothing_that_is_answered_brings_the_next_send_before_its_wait_or_long_after(
        status in prop::sample::select(vec![429, 429, 429, 403, 503, 529, 420, 418, 408, 400, 200]),
        fields in prop::collection::vec(any_field(), 0..8),
        body in any_value(),
    ) {
        let first = response(status, &fields, body.clone());
        let head = Head::new(status, first.headers()).with_body(&body);
        let seen = Reader::new().read(&head, NOW).observe();
        let expected = seen.wait();

        let mut clock = tokio::runtime::Builder::new_current_thread();
        let clock = clock.enable_time().start_paused(true).build().unwrap();
        let (times, why) = clock.block_on(send(first));
        match (&times[..], expected) {
            ([first, second], wait) => {
                prop_assert!(seen.outcome.is_retryable());
                let (waited, wait) = (*second - *first, wait.unwrap_or_default().max(BACKOFF));
                prop_assert!(wait <= HintRule::DEFAULT_CAP);
                // Tokio's timer has milliseconds.
                let late = Duration::from_millis(2);
                prop_assert!(wait <= waited && waited <= wait + late, "{waited:?} of {wait:?}");
            }
            ([_], Some(wait)) if seen.outcome.is_retryable() => {
                prop_assert!(wait > HintRule::DEFAULT_CAP, "{wait:?}, and {why:?}");
            }
            ([_], _) => prop_assert!(!seen.outcome.is_retryable(), "{why:?}"),
            more => prop_assert!(false, "{more:?}"),
        }
    }
}
