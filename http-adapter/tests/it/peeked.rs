use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::backoff::Constant;
use forbear_core::{GiveUp, Outcome, Policy, Throttle};
use forbear_http::{ForbearLayer, Reader};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use crate::support::serve;

fn policy() -> Policy {
    let second = Constant::new(Duration::from_secs(1));
    Policy::builder().max_attempts(3).backoff(second).no_budget().build().unwrap()
}

/// Sends a POST to a server that always answers so; how often it was sent, and the end.
async fn sent(reader: Reader, status: u16, body: &'static str) -> (usize, Response<String>) {
    let count = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&count);
    let server = service_fn(move |_: Request<Full<Bytes>>| {
        *counter.lock().unwrap() += 1;
        let response = Response::builder()
            .status(status)
            .header("content-type", "application/json; charset=utf-8")
            .body(Full::<Bytes>::from(body))
            .unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    let layer = ForbearLayer::new(policy()).reading_with(reader);
    let client = ServiceBuilder::new().layer(layer).service(server);
    let response = client.oneshot(Request::post("/").body(Full::default()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let sends = *count.lock().unwrap();
    (sends, Response::from_parts(head, String::from_utf8(body.to_vec()).unwrap()))
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_only_the_body_tells_is_sent_again() {
    for (provider, status, body) in [
        ("github", 403, r#"{"message":"You have exceeded a secondary rate limit."}"#),
        ("aws", 400, r#"{"__type":"com.amazonaws.dynamodb#ThrottlingException"}"#),
        ("google", 403, r#"{"error":{"errors":[{"reason":"userRateLimitExceeded"}]}}"#),
        ("slack", 200, r#"{"ok":false,"error":"ratelimited"}"#),
        ("kraken", 200, r#"{"error":["EAPI:Rate limit exceeded"]}"#),
    ] {
        let (sends, response) = sent(Reader::for_provider(provider), status, body).await;
        assert_eq!((sends, response.status().as_u16()), (3, status), "{provider}");
        assert_eq!(response.body(), body, "{provider}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_status_without_that_body_is_final() {
    for (status, body) in [
        (403, r#"{"message":"Resource not accessible by integration"}"#),
        (400, r#"{"__type":"com.amazonaws.dynamodb#ValidationException"}"#),
    ] {
        let (sends, response) = sent(Reader::new(), status, body).await;
        assert_eq!((sends, response.body().as_str()), (1, body));
    }
}

#[tokio::test(start_paused = true)]
async fn billing_is_no_rate_limit() {
    let body = r#"{"error":{"code":"insufficient_quota","message":"check your plan"}}"#;
    let (sends, response) = sent(Reader::new(), 429, body).await;
    assert_eq!((sends, response.body().as_str()), (1, body));
    let exhausted = Outcome::Throttled(Throttle::QuotaExhausted);
    assert_eq!(response.extensions().get(), Some(&GiveUp::NotRetryable(exhausted)));
}

#[tokio::test(start_paused = true)]
async fn a_wait_in_the_body_is_kept() {
    let start = tokio::time::Instant::now();
    let (sends, _) = sent(Reader::new(), 429, r#"{"retry_after":7.5}"#).await;
    assert_eq!(sends, 3);
    assert_eq!(start.elapsed(), Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn a_success_is_not_read_unless_asked() {
    let body = r#"{"ok":false,"error":"ratelimited"}"#;
    let (sends, response) = sent(Reader::new(), 200, body).await;
    assert_eq!((sends, response.status().as_u16()), (1, 200));
    let (sends, _) = sent(Reader::new().with_bodies_of_successes(), 200, body).await;
    assert_eq!(sends, 3);
}

/// Frames that come one by one, and then an end, an error or nothing at all.
struct Script {
    frames: VecDeque<Result<Frame<Bytes>, io::Error>>,
    then_stalls: bool,
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.frames.pop_front() {
            None if self.then_stalls => Poll::Pending,
            frame => Poll::Ready(frame),
        }
    }
}

/// A client of a server that answers a 500 with this body.
fn client(
    script: Script,
) -> impl Service<
    Request<Empty<Bytes>>,
    Response = Response<forbear_http::Peeked<Script>>,
    Error = forbear_http::Error<Infallible>,
> {
    let script = Arc::new(Mutex::new(Some(script)));
    let server = service_fn(move |_: Request<Empty<Bytes>>| {
        let mut response = Response::new(script.lock().unwrap().take().unwrap());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        async move { Ok::<_, Infallible>(response) }
    });
    ServiceBuilder::new().layer(ForbearLayer::new(policy())).service(server)
}

async fn body_of(script: Script) -> forbear_http::Peeked<Script> {
    // A POST that failed is not sent again, so its body comes back.
    let request = Request::post("/").body(Empty::new()).unwrap();
    client(script).oneshot(request).await.unwrap().into_body()
}

fn data(length: usize) -> Result<Frame<Bytes>, io::Error> {
    Ok(Frame::data(Bytes::from(vec![b'x'; length])))
}

#[tokio::test(start_paused = true)]
async fn a_long_body_is_handed_on_whole() {
    let frames = (0..100).map(|_| data(10_000)).collect();
    let body = body_of(Script { frames, then_stalls: false }).await;
    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().lower(), 70_000, "no more than needed is read ahead");
    assert_eq!(body.collect().await.unwrap().to_bytes().len(), 1_000_000);
}

#[tokio::test(start_paused = true)]
async fn trailers_and_errors_come_after_the_bytes() {
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        http::HeaderValue::from_static("8"),
    )]);
    let frames = [data(5), data(5), Ok(Frame::trailers(trailers.clone()))].into();
    let collected = body_of(Script { frames, then_stalls: false }).await.collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
    assert_eq!(collected.to_bytes().len(), 10);

    let frames = [data(5), Err(io::ErrorKind::ConnectionReset.into()), data(9)].into();
    let mut body = body_of(Script { frames, then_stalls: false }).await;
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), 5);
    assert_eq!(body.frame().await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_handed_on_after_a_second() {
    let start = tokio::time::Instant::now();
    let mut body = body_of(Script { frames: [data(5)].into(), then_stalls: true }).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), 5);
    let more = tokio::time::timeout(Duration::from_secs(9), body.frame()).await;
    assert!(more.is_err(), "it goes on stalling");
}

#[tokio::test]
async fn reqwests_response_keeps_its_address_and_its_body() {
    let text = format!(r#"{{"message":"not found","padding":"{}"}}"#, "x".repeat(200_000));
    let answer = text.clone();
    let app = axum::Router::new().fallback(move || async move { (StatusCode::NOT_FOUND, answer) });
    let url = format!("{}/a?b=c", serve(app).await);
    let client =
        ServiceBuilder::new().layer(ForbearLayer::new(policy())).service(reqwest::Client::new());
    let request = reqwest::Request::new(http::Method::GET, url.parse().unwrap());
    let response = client.oneshot(request).await.unwrap();
    assert_eq!((response.status().as_u16(), response.url().as_str()), (404, url.as_str()));
    assert_eq!(response.content_length(), Some(text.len() as u64));
    assert_eq!(response.text().await.unwrap(), text);
}
