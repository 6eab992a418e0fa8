use std::future::{Future, pending};
use std::io::{Error as IoError, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::backoff::Constant;
use forbear_core::driver::History;
use forbear_core::limiter::Concurrency;
use forbear_core::{GiveUp, Hedging, Outcome, Policy, PolicyBuilder, StopReason};
use forbear_http::{Error, ForbearLayer};
use http::{HeaderName, Method, Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use tower::util::BoxCloneService;
use tower::{Layer, Service, ServiceExt, service_fn};

const SECOND: Duration = Duration::from_secs(1);
const LEFT: HeaderName = HeaderName::from_static("x-left-ms");

/// What a server does with a request.
#[derive(Clone, Copy)]
enum Does {
    Hangs,
    Breaks,
    Answers { after_ms: u64, status: u16 },
}

/// One that does this in turn, and the last for all others.
#[derive(Clone)]
struct Server {
    plan: &'static [Does],
    begun: Instant,
    /// When each request came, in ms, and how long its client waits.
    came: Arc<Mutex<Vec<(u128, Option<String>)>>>,
    /// When those that were dropped were, in ms.
    dropped: Arc<Mutex<Vec<u128>>>,
}

type Answer = Result<Response<Full<Bytes>>, IoError>;

/// Notes when it is dropped, unless it was answered.
struct Guard<'a>(&'a Server, bool);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if !self.1 {
            self.0.dropped.lock().unwrap().push(self.0.begun.elapsed().as_millis());
        }
    }
}

impl Server {
    fn new(plan: &'static [Does]) -> Self {
        Self { plan, begun: Instant::now(), came: Arc::default(), dropped: Arc::default() }
    }

    fn service(&self) -> BoxCloneService<Request<Full<Bytes>>, Response<Full<Bytes>>, IoError> {
        let server = self.clone();
        BoxCloneService::new(service_fn(move |request| server.clone().answer(request)))
    }

    async fn answer(self, request: Request<Full<Bytes>>) -> Answer {
        let left = request.headers().get(LEFT).map(|left| left.to_str().unwrap().to_owned());
        let at = {
            let mut came = self.came.lock().unwrap();
            came.push((self.begun.elapsed().as_millis(), left));
            came.len() - 1
        };
        let mut guard = Guard(&self, false);
        let status = match *self.plan.get(at).or(self.plan.last()).unwrap() {
            Does::Hangs => pending().await,
            Does::Breaks => {
                guard.1 = true;
                return Err(ErrorKind::ConnectionReset.into());
            }
            Does::Answers { after_ms, status } => {
                sleep(Duration::from_millis(after_ms)).await;
                guard.1 = true;
                status
            }
        };
        Ok(Response::builder().status(status).body(Full::from("answer")).unwrap())
    }

    fn times(&self) -> Vec<u128> {
        self.came.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }

    fn dropped(&self) -> Vec<u128> {
        self.dropped.lock().unwrap().clone()
    }
}

/// Attempts of 1 s, 2 s apart.
fn builder() -> PolicyBuilder {
    Policy::builder()
        .attempt_timeout(SECOND)
        .max_attempts(3)
        .backoff(Constant::new(2 * SECOND))
        .no_budget()
}

fn layer() -> ForbearLayer {
    ForbearLayer::new(builder().build().unwrap())
}

fn request(method: &Method) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri("/").body(Full::from("question")).unwrap()
}

async fn send(
    server: &Server,
    layer: &ForbearLayer,
    method: Method,
) -> Result<u16, Error<IoError>> {
    let response = layer.layer(server.service()).oneshot(request(&method)).await?;
    Ok(response.status().as_u16())
}

#[tokio::test(start_paused = true)]
async fn a_send_without_an_answer_is_dropped_and_made_again() {
    let server = Server::new(&[Does::Hangs]);
    let policy = builder().limit(Concurrency::new(1).unwrap()).build().unwrap();
    let layer = ForbearLayer::new(policy.clone()).announcing_deadline(LEFT);
    let error = send(&server, &layer, Method::GET).await.unwrap_err();
    assert_eq!((server.times(), server.dropped()), (vec![0, 3000, 6000], vec![1000, 4000, 7000]));
    assert_eq!(error.reason(), GiveUp::Stopped(StopReason::MaxAttempts(3)));
    assert_eq!(error.timed_out_after(), Some(SECOND));
    let text =
        "gave up after 3 attempts: all 3 attempts were made; the last one timed out after 1s";
    assert_eq!(error.to_string(), text);
    assert!(error.into_inner().is_none());
    let seen = policy.statistics();
    assert_eq!((seen.sends, seen.timed_out, seen.in_progress()), (3, 3, 0));
    // The server is told how long this attempt is waited for.
    assert!(server.came.lock().unwrap().iter().all(|(_, left)| left.as_deref() == Some("1000")));
}

#[tokio::test(start_paused = true)]
async fn it_is_made_again_only_where_a_broken_connection_would_be() {
    const SLOW_ONCE: &[Does] = &[Does::Hangs, Does::Answers { after_ms: 1000, status: 200 }];
    let server = Server::new(SLOW_ONCE);
    let error = send(&server, &layer(), Method::POST).await.unwrap_err();
    assert_eq!(error.reason(), GiveUp::NotRepeatable(Outcome::Transient));
    assert_eq!((error.attempts(), error.timed_out_after()), (1, Some(SECOND)));
    assert!(error.to_string().ends_with("; it timed out after 1s"), "{error}");

    // An answer that comes with the time-out wins.
    let keyed = layer().adding_idempotency_keys();
    for (layer, method) in [
        (layer(), Method::PUT),
        (keyed, Method::POST),
        (layer().repeating(Method::POST), Method::POST),
    ] {
        let server = Server::new(SLOW_ONCE);
        assert_eq!(send(&server, &layer, method).await.unwrap(), 200);
        assert_eq!(server.times(), [0, 3000]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_is_that_of_the_last_attempt_that_had_one() {
    let server = Server::new(&[Does::Breaks, Does::Hangs]);
    let error = send(&server, &layer(), Method::GET).await.unwrap_err();
    assert_eq!((error.attempts(), error.timed_out_after()), (3, Some(SECOND)));
    assert_eq!(error.into_inner().unwrap().kind(), ErrorKind::ConnectionReset);

    let server = Server::new(&[Does::Hangs, Does::Breaks]);
    let error = send(&server, &layer(), Method::GET).await.unwrap_err();
    assert_eq!(error.timed_out_after(), None);
    assert!(error.to_string().ends_with("all 3 attempts were made"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_time_out_comes_back_with_its_history() {
    let server = Server::new(&[Does::Hangs, Does::Answers { after_ms: 10, status: 503 }]);
    let response = layer().layer(server.service()).oneshot(request(&Method::GET)).await.unwrap();
    assert_eq!(response.status(), 503);
    let history = response.extensions().get::<History>().unwrap();
    let cut: Vec<_> = history.iter().map(|past| past.timed_out_after).collect();
    assert_eq!(cut, [Some(SECOND), None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_not_cut_off() {
    let drips = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, IoError>(Response::new(StreamBody::new(Drip { left: 5, timer: None })))
    });
    let response = layer().layer(drips).oneshot(request(&Method::GET)).await.unwrap();
    let begun = Instant::now();
    let whole = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!((whole.len(), begun.elapsed()), (5, 5 * SECOND));
}

/// A body of so many octets, a second before each.
struct Drip {
    left: u32,
    timer: Option<Pin<Box<Sleep>>>,
}

impl futures_core::Stream for Drip {
    type Item = Result<http_body::Frame<Bytes>, IoError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        ready!(self.timer.get_or_insert_with(|| Box::pin(sleep(SECOND))).as_mut().poll(cx));
        (self.left, self.timer) = (self.left - 1, None);
        Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from_static(b".")))))
    }
}

#[tokio::test(start_paused = true)]
async fn each_hedged_send_has_its_own_time() {
    let hedging = Hedging::after(Duration::from_millis(100));
    // The first is cut off, and the hedge, which began later, is not.
    let server = Server::new(&[Does::Hangs, Does::Answers { after_ms: 950, status: 200 }]);
    assert_eq!(send(&server, &layer().hedging(hedging), Method::GET).await.unwrap(), 200);
    assert_eq!((server.times(), server.dropped()), (vec![0, 100], vec![1000]));

    // Both are cut off, and then there is a retry, which is fast.
    let policy = builder().build().unwrap();
    let layer = ForbearLayer::new(policy.clone()).hedging(hedging);
    let server =
        Server::new(&[Does::Hangs, Does::Hangs, Does::Answers { after_ms: 5, status: 200 }]);
    assert_eq!(send(&server, &layer, Method::GET).await.unwrap(), 200);
    assert_eq!((server.times(), server.dropped()), (vec![0, 100, 3100], vec![1000, 1100]));
    let seen = policy.statistics();
    assert_eq!((seen.sends, seen.hedges, seen.timed_out, seen.in_progress()), (3, 1, 2, 0));
}

/// A service that has no room until some time.
struct Busy<S> {
    inner: S,
    opens_at: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S: Clone> Clone for Busy<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), opens_at: self.opens_at, timer: None }
    }
}

impl<S, Q> Service<Q> for Busy<S>
where
    S: Service<Q>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let opens_at = self.opens_at;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(opens_at)));
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Q) -> S::Future {
        self.inner.call(request)
    }
}

#[tokio::test(start_paused = true)]
async fn what_found_no_room_in_time_was_not_sent() {
    // The second attempt, at 3 s, waits for half a second of its time.
    let server = Server::new(&[Does::Answers { after_ms: 500, status: 200 }]);
    let opens_at = Instant::now() + Duration::from_millis(3500);
    let busy = Busy { inner: server.service(), opens_at, timer: None };
    let response = layer().layer(busy).oneshot(request(&Method::POST)).await.unwrap();
    assert_eq!((response.status().as_u16(), server.times()), (200, vec![3500]));
    // A millisecond more is too much: it was sent by then, and is not sent again.
    let server = Server::new(&[Does::Answers { after_ms: 501, status: 200 }]);
    let opens_at = Instant::now() + Duration::from_millis(3500);
    let busy = Busy { inner: server.service(), opens_at, timer: None };
    let error = layer().layer(busy).oneshot(request(&Method::POST)).await.unwrap_err();
    assert_eq!((error.attempts(), server.times()), (2, vec![3500]));
    assert_eq!(error.reason(), GiveUp::NotRepeatable(Outcome::Transient));
}
