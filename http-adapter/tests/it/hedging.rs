use std::convert::Infallible;
use std::future::Future;
use std::num::NonZeroU8;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::backoff::Constant;
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::{Hedging, Policy, PolicyBuilder};
use forbear_http::{ForbearLayer, ReplayBody};
use http::{HeaderName, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::time::Instant;
use tower::util::BoxCloneService;
use tower::{Layer, Service, ServiceExt, service_fn};

const DELAY: Duration = Duration::from_millis(100);
const NUMBER: HeaderName = HeaderName::from_static("x-attempt");

/// What the server saw of one request.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Seen {
    at_ms: u64,
    number: String,
    key: Option<String>,
    body: Bytes,
    is_answered: bool,
}

#[derive(Clone)]
struct Server {
    /// How long each request takes, and how it is answered; the last one for all others.
    plan: Vec<(u64, u16)>,
    seen: Arc<Mutex<Vec<Seen>>>,
    begun: Instant,
}

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

impl Server {
    fn new(plan: &[(u64, u16)]) -> Self {
        Self { plan: plan.to_vec(), seen: Arc::default(), begun: Instant::now() }
    }

    fn service<B>(&self) -> BoxCloneService<Request<B>, Response<Body>, Infallible>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Debug,
    {
        let server = self.clone();
        BoxCloneService::new(service_fn(move |request: Request<B>| server.clone().answer(request)))
    }

    async fn answer<B>(self, request: Request<B>) -> Result<Response<Body>, Infallible>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: std::fmt::Debug,
    {
        let (number, key) = (field(&request, "x-attempt"), field(&request, "idempotency-key"));
        let number = number.unwrap_or_default();
        let at_ms = self.begun.elapsed().as_millis() as u64;
        let at = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(Seen { at_ms, number, key, body: Bytes::new(), is_answered: false });
            seen.len() - 1
        };
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let (takes_ms, status) = *self.plan.get(at).or(self.plan.last()).unwrap();
        tokio::time::sleep(Duration::from_millis(takes_ms)).await;
        let mut seen = self.seen.lock().unwrap();
        (seen[at].is_answered, seen[at].body) = (true, body);
        let response = Response::builder().status(status).header("x-answer", at);
        Ok(response.body(Full::from("").boxed()).unwrap())
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn times(&self) -> Vec<u64> {
        self.seen().iter().map(|seen| seen.at_ms).collect()
    }
}

fn field<B>(request: &Request<B>, name: &str) -> Option<String> {
    Some(request.headers().get(name)?.to_str().unwrap().to_owned())
}

fn builder() -> PolicyBuilder {
    Policy::builder().max_attempts(4).backoff(Constant::new(Duration::from_secs(1))).no_budget()
}

fn layer(policy: Policy) -> ForbearLayer {
    ForbearLayer::new(policy).hedging(Hedging::after(DELAY)).numbering_attempts(NUMBER)
}

fn request(method: &Method) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri("/").body(Full::from("question")).unwrap()
}

/// Which of the requests was answered, and how.
async fn send(server: &Server, layer: &ForbearLayer, method: &Method) -> (String, StatusCode) {
    let response = layer.layer(server.service()).oneshot(request(method)).await.unwrap();
    let answer = response.headers()["x-answer"].to_str().unwrap().to_owned();
    (answer, response.status())
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_overtaken_and_its_request_dropped() {
    let server = Server::new(&[(10_000, 200), (5, 200)]);
    let policy = builder().build().unwrap();
    let (answer, status) = send(&server, &layer(policy.clone()), &Method::GET).await;
    assert_eq!((answer.as_str(), status.as_u16()), ("1", 200));
    let seen = server.seen();
    assert_eq!(server.times(), [0, 100]);
    assert_eq!((seen[0].number.as_str(), seen[1].number.as_str()), ("1", "2"));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!server.seen()[0].is_answered, "the loser is dropped");
    let statistics = policy.statistics();
    assert_eq!((statistics.calls, statistics.sends, statistics.retries), (1, 2, 0));
    assert_eq!((statistics.hedges, statistics.hedges_won, statistics.successes), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_costs_nothing_more() {
    let server = Server::new(&[(99, 200)]);
    let policy = builder().build().unwrap();
    assert_eq!(send(&server, &layer(policy.clone()), &Method::GET).await.0, "0");
    assert_eq!(server.times(), [0]);
    // One that comes after the hedge was sent wins all the same.
    let server = Server::new(&[(101, 200), (50, 200)]);
    assert_eq!(send(&server, &layer(policy.clone()), &Method::GET).await.0, "0");
    assert_eq!(server.times(), [0, 100]);
    let statistics = policy.statistics();
    assert_eq!((statistics.hedges, statistics.hedges_won), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn only_reads_are_hedged_or_what_the_server_knows_by_its_key() {
    for (method, sends) in [
        (Method::GET, 2),
        (Method::HEAD, 2),
        (Method::OPTIONS, 2),
        (Method::PUT, 1),
        (Method::DELETE, 1),
        (Method::POST, 1),
        (Method::PATCH, 1),
    ] {
        let server = Server::new(&[(1_000, 200)]);
        send(&server, &layer(builder().build().unwrap()), &method).await;
        assert_eq!(server.times().len(), sends, "{method}");
    }
    let server = Server::new(&[(1_000, 200), (1, 200)]);
    let keyed = layer(builder().build().unwrap()).adding_idempotency_keys();
    send(&server, &keyed, &Method::POST).await;
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].key.is_some());
    assert_eq!(seen[0].key, seen[1].key);
    assert_eq!(seen[1].body, "question");
}

#[tokio::test(start_paused = true)]
async fn a_failure_waits_for_the_other_answer_and_only_both_are_retried() {
    let server = Server::new(&[(120, 500), (200, 200)]);
    let (answer, status) = send(&server, &layer(builder().build().unwrap()), &Method::GET).await;
    assert_eq!((answer.as_str(), status.as_u16()), ("1", 200));
    assert_eq!(server.times(), [0, 100]);

    let server = Server::new(&[(120, 500), (30, 503), (1, 200)]);
    let policy = builder().build().unwrap();
    let (answer, status) = send(&server, &layer(policy.clone()), &Method::GET).await;
    assert_eq!((answer.as_str(), status.as_u16()), ("2", 200));
    // The second failure comes at 130 ms, and the retry a second after it.
    assert_eq!(server.times(), [0, 100, 1_130]);
    let statistics = policy.statistics();
    assert_eq!((statistics.sends, statistics.retries, statistics.hedges), (3, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_no_retry_cures_ends_both() {
    let server = Server::new(&[(150, 404), (1_000, 200)]);
    let (answer, status) = send(&server, &layer(builder().build().unwrap()), &Method::GET).await;
    assert_eq!((answer.as_str(), status.as_u16()), ("0", 404));
}

#[tokio::test(start_paused = true)]
async fn a_429_ends_hedging_for_the_request() {
    let server = Server::new(&[(150, 429), (1_000, 429), (500, 200)]);
    let hedging = Hedging::after(DELAY).at_most(NonZeroU8::new(3).unwrap());
    let layer = layer(builder().build().unwrap()).hedging(hedging);
    let (answer, status) = send(&server, &layer, &Method::GET).await;
    assert_eq!((answer.as_str(), status.as_u16()), ("2", 200));
    // At 200 ms there is no third, and the retry, half a second long, is not hedged.
    assert_eq!(server.times(), [0, 100, 2_100]);
}

#[tokio::test(start_paused = true)]
async fn a_hedge_never_waits_for_a_limiter() {
    for policy in [
        builder().limit(Gcra::per("1/s".parse().unwrap())),
        builder().limit(Concurrency::new(1).unwrap()),
    ] {
        let server = Server::new(&[(5_000, 200)]);
        let policy = policy.build().unwrap();
        send(&server, &layer(policy.clone()), &Method::GET).await;
        assert_eq!(server.times(), [0]);
        assert_eq!(policy.statistics().hedges, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_loser_gives_its_place_back() {
    let server = Server::new(&[(5_000, 200), (1, 200), (1, 200), (1, 200)]);
    let policy = builder().limit(Concurrency::new(2).unwrap()).build().unwrap();
    let layer = layer(policy);
    send(&server, &layer, &Method::GET).await;
    let mut service = layer.layer(server.service());
    let (one, two) = (service.call(request(&Method::GET)), service.call(request(&Method::GET)));
    let (one, two) = tokio::join!(one, two);
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(server.times(), [0, 100, 101, 101]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_request_drops_its_hedge_too() {
    let server = Server::new(&[(5_000, 200)]);
    let policy = builder().limit(Concurrency::new(2).unwrap()).build().unwrap();
    let layer = layer(policy.clone());
    let sending = layer.layer(server.service()).oneshot(request(&Method::GET));
    assert!(tokio::time::timeout(Duration::from_millis(200), sending).await.is_err());
    assert_eq!(server.times(), [0, 100]);
    let mut next = (policy.attempts(), policy.attempts());
    next.0.permit().await.unwrap();
    next.1.permit().await.unwrap();
    assert_eq!(policy.statistics().gave_up.abandoned, 1);
}

#[tokio::test(start_paused = true)]
async fn as_many_are_sent_as_was_said_and_as_there_are_attempts() {
    for (most, sends) in
        [(1, vec![0, 100]), (3, vec![0, 100, 200, 300]), (9, vec![0, 100, 200, 300])]
    {
        let server = Server::new(&[(5_000, 200)]);
        let hedging = Hedging::after(DELAY).at_most(NonZeroU8::new(most).unwrap());
        let layer = ForbearLayer::new(builder().build().unwrap()).hedging(hedging);
        send(&server, &layer, &Method::GET).await;
        assert_eq!(server.times(), sends, "{most}");
    }
    // No delay: all at once.
    let server = Server::new(&[(5_000, 200), (1, 200)]);
    let layer = layer(builder().build().unwrap()).hedging(Hedging::after(Duration::ZERO));
    assert_eq!(send(&server, &layer, &Method::GET).await.0, "1");
    assert!(server.times()[1] <= 1, "{:?}", server.times());
}

#[tokio::test(start_paused = true)]
async fn a_percentile_is_learned_for_each_host() {
    let server = Server::new(&[(20, 200)]);
    let layer = ForbearLayer::new(builder().build().unwrap())
        .per_host()
        .hedging(Hedging::after_percentile(95).unwrap());
    let client = layer.layer(server.service());
    let get = |host: &str| {
        let uri = format!("http://{host}/");
        client.clone().oneshot(Request::get(uri).body(Full::<Bytes>::default()).unwrap())
    };
    for _ in 0..40 {
        get("a.example").await.unwrap();
    }
    let slow = Server { plan: vec![(500, 200)], ..server.clone() };
    let client = layer.layer(slow.service());
    let get = |host: &str| {
        let uri = format!("http://{host}/");
        client.clone().oneshot(Request::get(uri).body(Full::<Bytes>::default()).unwrap())
    };
    let sends = |from: usize| server.times()[from..].to_vec();
    get("b.example").await.unwrap();
    assert_eq!(sends(40).len(), 1, "nothing is known of b yet");
    get("a.example").await.unwrap();
    let times = sends(41);
    assert_eq!(times.len(), 2);
    // Timers of Tokio count whole milliseconds, and round up.
    assert!((20..=21).contains(&(times[1] - times[0])), "{times:?}");
}

#[test]
fn a_percentile_is_a_percentile() {
    for percent in [0, 100, 255] {
        let error = Hedging::after_percentile(percent).unwrap_err();
        assert_eq!(error.to_string(), format!("percentile is {percent}, must be in 1..=99"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_still_being_sent_is_not_hedged() {
    let send = |frames: usize, pause_ms: u64| async move {
        let server = Server::new(&[(1_000, 200)]);
        let stream = async_stream(frames, pause_ms);
        let body = ReplayBody::new(StreamBody::new(stream).boxed_unsync());
        let request = Request::get("/").body(body).unwrap();
        let layer = layer(builder().build().unwrap());
        layer.layer(server.service()).oneshot(request).await.unwrap();
        server.times().len()
    };
    assert_eq!(send(3, 200).await, 1);
    assert_eq!(send(3, 10).await, 2);
}

/// Frames with pauses before each.
fn async_stream(
    frames: usize,
    pause_ms: u64,
) -> impl futures_core::Stream<Item = Result<http_body::Frame<Bytes>, Infallible>> + Send {
    struct Paced {
        left: usize,
        pause: Duration,
        sleep: std::pin::Pin<Box<tokio::time::Sleep>>,
    }
    impl futures_core::Stream for Paced {
        type Item = Result<http_body::Frame<Bytes>, Infallible>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            if self.left == 0 {
                return std::task::Poll::Ready(None);
            }
            std::task::ready!(self.sleep.as_mut().poll(cx));
            self.left -= 1;
            self.sleep = Box::pin(tokio::time::sleep(self.pause));
            std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from("frame")))))
        }
    }
    let pause = Duration::from_millis(pause_ms);
    Paced { left: frames, pause, sleep: Box::pin(tokio::time::sleep(pause)) }
}

#[tokio::test(start_paused = true)]
async fn a_policy_file_says_when_to_hedge() {
    let server = Server::new(&[(10_000, 200), (5, 200)]);
    let file = "retry = { max_attempts = 2, budget = 'none' }\nhedge = { after = '300ms' }";
    let layer = ForbearLayer::new(toml::from_str(file).unwrap());
    assert_eq!(send(&server, &layer, &Method::GET).await.0, "1");
    assert_eq!(server.times(), [0, 300]);
    // What the layer is told has the last word.
    let server = Server::new(&[(10_000, 200), (5, 200)]);
    send(&server, &layer.hedging(Hedging::after(DELAY)), &Method::GET).await;
    assert_eq!(server.times(), [0, 100]);
}
