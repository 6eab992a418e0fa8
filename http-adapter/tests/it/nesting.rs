use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::backoff::Constant;
use forbear_core::{GiveUp, Outcome, Policy};
use forbear_http::{ForbearLayer, SendOnce};
use http::{HeaderMap, Request, Response};
use http_body_util::Empty;
use tower::{Layer, ServiceExt, service_fn};

fn policy() -> Policy {
    let second = Constant::new(Duration::from_secs(1));
    Policy::builder().max_attempts(3).backoff(second).no_budget().build().unwrap()
}

type Seen = Arc<Mutex<Vec<HeaderMap>>>;
type Call = Request<Empty<Bytes>>;

/// Sends a GET to a server that always fails, through `client`; the fields that came.
async fn seen<S>(
    client: impl FnOnce(Failing) -> S,
    request: Call,
) -> (Vec<HeaderMap>, Option<GiveUp>)
where
    S: tower::Service<Call>,
    S::Response: Extensions,
    S::Error: std::fmt::Debug,
{
    let seen = Seen::default();
    let response = client(failing(&seen)).oneshot(request).await.unwrap();
    let why = response.give_up();
    let seen = seen.lock().unwrap().clone();
    (seen, why)
}

trait Extensions {
    fn give_up(&self) -> Option<GiveUp>;
}

impl<B> Extensions for Response<B> {
    fn give_up(&self) -> Option<GiveUp> {
        self.extensions().get().copied()
    }
}

type Failing = tower::util::BoxCloneService<Call, Response<Empty<Bytes>>, Infallible>;

fn failing(seen: &Seen) -> Failing {
    let seen = Arc::clone(seen);
    tower::util::BoxCloneService::new(service_fn(move |request: Call| {
        seen.lock().unwrap().push(request.headers().clone());
        async { Ok(Response::builder().status(500).body(Empty::new()).unwrap()) }
    }))
}

fn get() -> Call {
    Request::get("/").body(Empty::new()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn only_the_outermost_layer_retries() {
    let layer = || ForbearLayer::new(policy());
    let (sent, _) = seen(|server| layer().layer(layer().layer(server)), get()).await;
    assert_eq!(sent.len(), 3, "and not nine");
}

#[tokio::test(start_paused = true)]
async fn a_layer_in_another_task_knows_it_by_the_request() {
    let inner = ForbearLayer::new(policy());
    let client = |server: Failing| {
        let inner = inner.layer(server);
        let spawning = service_fn(move |request: Call| {
            let inner = inner.clone();
            async move { tokio::spawn(inner.oneshot(request)).await.unwrap() }
        });
        ForbearLayer::new(policy()).layer(spawning)
    };
    let (sent, _) = seen(client, get()).await;
    assert_eq!(sent.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_somebody_makes_to_answer_one_is_nested_too() {
    let inner = ForbearLayer::new(policy());
    let client = |server: Failing| {
        let inner = inner.layer(server);
        // A new request: only the task is the same.
        let relaying = service_fn(move |_: Call| inner.clone().oneshot(get()));
        ForbearLayer::new(policy()).layer(relaying)
    };
    let (sent, _) = seen(client, get()).await;
    assert_eq!(sent.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_caller_may_ask_for_one_send() {
    let mut request = get();
    request.extensions_mut().insert(SendOnce::new());
    let (sent, why) = seen(|server| ForbearLayer::new(policy()).layer(server), request).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(why, Some(GiveUp::NotRepeatable(Outcome::Transient)));
}

#[tokio::test(start_paused = true)]
async fn two_requests_one_after_the_other_are_not_nested() {
    let layer = ForbearLayer::new(policy());
    for _ in 0..2 {
        let (sent, _) = seen(|server| layer.layer(server), get()).await;
        assert_eq!(sent.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_are_numbered_and_the_time_left_is_told_if_asked() {
    let second = Constant::new(Duration::from_secs(1));
    let policy = Policy::builder().max_attempts(3).backoff(second).no_budget();
    let layer = ForbearLayer::new(policy.deadline(Duration::from_secs(10)).build().unwrap())
        .numbering_attempts("x-envoy-attempt-count".parse().unwrap())
        .announcing_deadline("x-envoy-expected-rq-timeout-ms".parse().unwrap());
    let (sent, _) = seen(|server| layer.layer(server), get()).await;
    let values = |name: &str| -> Vec<_> {
        sent.iter().map(|headers| headers[name].to_str().unwrap()).collect()
    };
    assert_eq!(values("x-envoy-attempt-count"), ["1", "2", "3"]);
    assert_eq!(values("x-envoy-expected-rq-timeout-ms"), ["10000", "9000", "8000"]);

    let (sent, _) = seen(|server| ForbearLayer::new(self::policy()).layer(server), get()).await;
    assert!(sent.iter().all(HeaderMap::is_empty), "nothing is added unasked: {sent:?}");
}
