use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::backoff::Constant;
use forbear_core::limiter::Concurrency;
use forbear_core::{GiveUp, Outcome, Policy, StopReason};
use forbear_http::{ForbearLayer, ReplayBody};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use tower::util::BoxCloneService;
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::support::serve;

fn policy() -> Policy {
    let second = Constant::new(Duration::from_secs(1));
    Policy::builder().max_attempts(4).backoff(second).no_budget().build().unwrap()
}

/// What the server got: the body and the key of each attempt.
pub(crate) type Got = Arc<Mutex<Vec<(Bytes, Option<String>)>>>;

/// A server that answers with `statuses` in turn, and 200 then.
pub(crate) fn server<B>(
    statuses: &[u16],
) -> (BoxCloneService<Request<B>, Response<Full<Bytes>>, Infallible>, Got)
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Debug,
{
    let statuses = Arc::new(Mutex::new(statuses.iter().copied().collect::<VecDeque<_>>()));
    let got = Got::default();
    let seen = Arc::clone(&got);
    let service = service_fn(move |request: Request<B>| {
        let (statuses, seen) = (Arc::clone(&statuses), Arc::clone(&seen));
        async move {
            let key = request.headers().get("idempotency-key");
            let key = key.map(|key| key.to_str().unwrap().to_owned());
            let body = request.into_body().collect().await.unwrap().to_bytes();
            seen.lock().unwrap().push((body, key));
            let status = statuses.lock().unwrap().pop_front().unwrap_or(200);
            let mut response = Response::new(Full::from("answer"));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok(response)
        }
    });
    (BoxCloneService::new(service), got)
}

fn request(method: &Method) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri("/").body(Full::from("question")).unwrap()
}

async fn attempts(method: Method, status: u16) -> (usize, StatusCode, Option<GiveUp>) {
    let (server, got) = server(&[status; 9]);
    let client = ServiceBuilder::new().layer(ForbearLayer::new(policy())).service(server);
    let response = client.oneshot(request(&method)).await.unwrap();
    let sent = got.lock().unwrap().len();
    (sent, response.status(), response.extensions().get::<GiveUp>().copied())
}

#[tokio::test(start_paused = true)]
async fn a_429_is_sent_again_whatever_the_method() {
    for method in [Method::GET, Method::POST, Method::PATCH, Method::DELETE] {
        let (sent, status, why) = attempts(method.clone(), 429).await;
        assert_eq!((sent, status.as_u16()), (4, 429), "{method}");
        assert_eq!(why, Some(GiveUp::Stopped(StopReason::MaxAttempts(4))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_5xx_is_sent_again_only_if_that_is_safe() {
    for (method, sends) in [(Method::GET, 4), (Method::PUT, 4), (Method::POST, 1)] {
        let (sent, status, why) = attempts(method.clone(), 500).await;
        assert_eq!((sent, status.as_u16()), (sends, 500), "{method}");
        let unsafe_to_repeat = why == Some(GiveUp::NotRepeatable(Outcome::Transient));
        assert_eq!(unsafe_to_repeat, sends == 1, "{method}: {why:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_retry_cures_is_returned_as_it_came() {
    for status in [400, 401, 403, 404, 409, 422] {
        let (sent, got, _) = attempts(Method::GET, status).await;
        assert_eq!((sent, got.as_u16()), (1, status));
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_key_goes_with_every_attempt() {
    let (server, got) = server(&[503, 500]);
    let layer = ForbearLayer::new(policy()).adding_idempotency_keys();
    let client = ServiceBuilder::new().layer(layer).service(server);
    let response = client.oneshot(request(&Method::POST)).await.unwrap();
    assert_eq!(response.status(), 200);
    let got = got.lock().unwrap();
    assert_eq!(got.len(), 3);
    assert!(got[0].1.is_some());
    assert!(got.iter().all(|attempt| *attempt == got[0]), "{got:?}");
}

#[tokio::test(start_paused = true)]
async fn a_callers_own_key_is_kept() {
    let (server, got) = server(&[500]);
    let client = ServiceBuilder::new().layer(ForbearLayer::new(policy())).service(server);
    let mut request = request(&Method::POST);
    request.headers_mut().insert("Idempotency-Key", "mine".parse().unwrap());
    assert_eq!(client.oneshot(request).await.unwrap().status(), 200);
    let keys: Vec<_> = got.lock().unwrap().iter().map(|(_, key)| key.clone().unwrap()).collect();
    assert_eq!(keys, ["mine", "mine"]);
}

/// A body that can be read once: two frames and no end in sight at the start.
pub(crate) fn stream(
    size: usize,
) -> impl http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static {
    let half = Bytes::from(vec![b'x'; size / 2]);
    let frames = [half.clone(), half].map(|data| Ok(http_body::Frame::data(data)));
    StreamBody::new(Frames(VecDeque::from(frames)))
}

/// The frames of a stream, one a poll.
struct Frames(VecDeque<Result<http_body::Frame<Bytes>, Infallible>>);

impl futures_core::Stream for Frames {
    type Item = Result<http_body::Frame<Bytes>, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.pop_front())
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_played_again_up_to_its_limit() {
    let (server, got) = server(&[429, 429]);
    let client = ServiceBuilder::new().layer(ForbearLayer::new(policy())).service(server);
    let request = Request::post("/").body(ReplayBody::new(stream(1000))).unwrap();
    assert_eq!(client.oneshot(request).await.unwrap().status(), 200);
    let lengths: Vec<_> = got.lock().unwrap().iter().map(|(body, _)| body.len()).collect();
    assert_eq!(lengths, [1000, 1000, 1000]);
}

#[tokio::test(start_paused = true)]
async fn a_longer_stream_is_sent_once_and_whole() {
    let (server, got) = server(&[429]);
    let client = ServiceBuilder::new().layer(ForbearLayer::new(policy())).service(server);
    let body = ReplayBody::with_limit(stream(1000), 999);
    let response = client.oneshot(Request::post("/").body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), 429);
    let why = response.extensions().get::<GiveUp>().copied().unwrap();
    assert!(matches!(why, GiveUp::NotRepeatable(Outcome::Throttled(_))), "{why:?}");
    let lengths: Vec<_> = got.lock().unwrap().iter().map(|(body, _)| body.len()).collect();
    assert_eq!(lengths, [1000]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_goes_away_gives_its_place_back() {
    let policy =
        Policy::builder().limit(Concurrency::new(1).unwrap()).no_deadline().build().unwrap();
    let stuck = service_fn(|_: Request<Full<Bytes>>| async {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>().await
    });
    let layer = ForbearLayer::new(policy);
    let client = ServiceBuilder::new().layer(layer.clone()).service(stuck);
    let call = client.oneshot(request(&Method::GET));
    assert!(tokio::time::timeout(Duration::from_secs(1), call).await.is_err());
    let (server, _) = server(&[]);
    let client = ServiceBuilder::new().layer(layer).service(server);
    assert_eq!(client.oneshot(request(&Method::GET)).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_an_error_with_its_source() {
    let broken = service_fn(|_: Request<Full<Bytes>>| async {
        Err::<Response<Full<Bytes>>, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    let client = ServiceBuilder::new().layer(ForbearLayer::new(policy())).service(broken);
    let error = client.clone().oneshot(request(&Method::GET)).await.unwrap_err();
    assert_eq!(error.attempts(), 4);
    assert_eq!(error.to_string(), "gave up after 4 attempts: all 4 attempts were made");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "connection reset");
    let error = client.oneshot(request(&Method::POST)).await.unwrap_err();
    assert_eq!((error.attempts(), error.reason()), (1, GiveUp::NotRepeatable(Outcome::Transient)));
}

/// A real server on loopback that refuses each path once, and says for how long.
async fn refusing_once() -> String {
    let refused = Arc::new(Mutex::new(std::collections::BTreeSet::new()));
    let app = axum::Router::new().fallback(move |uri: http::Uri, body: String| {
        let first = refused.lock().unwrap().insert(uri.path().to_owned());
        async move {
            let status = if first { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
            (status, [("retry-after", "1")], format!("{uri} {body}"))
        }
    });
    serve(app).await
}

#[tokio::test]
async fn it_works_over_reqwest() {
    let url = refusing_once().await;
    let client =
        ServiceBuilder::new().layer(ForbearLayer::new(policy())).service(reqwest::Client::new());
    let start = std::time::Instant::now();
    let mut request = reqwest::Request::new(Method::POST, format!("{url}/a").parse().unwrap());
    *request.body_mut() = Some("hello".into());
    let response = client.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), "/a hello");
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn it_works_as_a_middleware_of_reqwest() {
    let url = refusing_once().await;
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(ForbearLayer::new(policy()))
        .build();
    let response = client.post(format!("{url}/a")).body("hello").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), "/a hello");

    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = client.post(format!("http://{nobody}/")).send().await.unwrap_err();
    assert_eq!(error.to_string(), "gave up after 4 attempts: all 4 attempts were made");
}

#[tokio::test]
async fn it_works_over_hyper_util() {
    let url = refusing_once().await;
    let executor = hyper_util::rt::TokioExecutor::new();
    let client = ServiceBuilder::new()
        .layer(ForbearLayer::new(policy()))
        .service(hyper_util::client::legacy::Client::builder(executor).build_http());
    let body = ReplayBody::new(Full::<Bytes>::from("hello"));
    let request = Request::post(format!("{url}/a")).body(body).unwrap();
    let response = client.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "/a hello");
}

#[tokio::test(start_paused = true)]
async fn it_works_over_an_axum_router() {
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "in process" }));
    let client = ServiceBuilder::new().layer(ForbearLayer::new(policy())).service(router);
    let request = Request::get("/").body(ReplayBody::new(axum::body::Body::empty())).unwrap();
    let response = client.oneshot(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "in process");
}
