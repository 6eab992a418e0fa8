use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::backoff::Constant;
use forbear_core::{GiveUp, Observation, Outcome, Policy, Throttle};
use forbear_http::{ForbearLayer, Head, Reader, Rule, SendError};
use http::{Method, Request, Response};
use http_body_util::{Empty, Full};
use tower::{Layer, ServiceExt, service_fn};

fn layer() -> ForbearLayer {
    let short = Constant::new(Duration::from_millis(1));
    ForbearLayer::new(Policy::builder().max_attempts(3).backoff(short).no_budget().build().unwrap())
}

/// How often a request to a server that fails so is sent.
async fn sends(layer: ForbearLayer, method: Method, kind: ErrorKind) -> u32 {
    let server = service_fn(move |_: Request<Empty<Bytes>>| async move {
        Err::<Response<Full<Bytes>>, _>(io::Error::from(kind))
    });
    let request = Request::builder().method(method).uri("/").body(Empty::new()).unwrap();
    layer.layer(server).oneshot(request).await.unwrap_err().attempts()
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_is_sent_again_whatever_the_method() {
    assert_eq!(sends(layer(), Method::POST, ErrorKind::ConnectionRefused).await, 3);
    assert_eq!(sends(layer(), Method::POST, ErrorKind::ConnectionReset).await, 1);
    assert_eq!(sends(layer(), Method::GET, ErrorKind::ConnectionReset).await, 3);
    assert_eq!(sends(layer(), Method::GET, ErrorKind::InvalidInput).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_ones_own_comes_first() {
    let layer = layer().reading_errors(|_: &std::fmt::Error| SendError::MaybeSent).reading_errors(
        |error: &io::Error| match error.kind() {
            ErrorKind::ConnectionReset => SendError::NotSent,
            _ => SendError::of(error),
        },
    );
    assert_eq!(sends(layer.clone(), Method::POST, ErrorKind::ConnectionReset).await, 3);
    assert_eq!(sends(layer, Method::POST, ErrorKind::TimedOut).await, 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_for_load_is_sent_again_whatever_the_method_unless_for_good() {
    let shedding = |kind| layer().reading_errors(move |_: &io::Error| SendError::Refused(kind));
    for kind in [Throttle::Overload, Throttle::RateLimit, Throttle::Concurrency] {
        assert_eq!(sends(shedding(kind), Method::POST, ErrorKind::Other).await, 3, "{kind:?}");
    }
    let spent = shedding(Throttle::QuotaExhausted);
    assert_eq!(sends(spent, Method::GET, ErrorKind::Other).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_rule_decides_what_the_layer_sends_again() {
    let missing = Rule::new(Outcome::Transient).status(404);
    let layer = layer().reading_with(Reader::new().with_rule(missing));
    let count = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counter = count.clone();
    let server = service_fn(move |_: Request<Empty<Bytes>>| {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async {
            Ok::<_, io::Error>(Response::builder().status(404).body(Empty::<Bytes>::new()).unwrap())
        }
    });
    let request = Request::get("/").body(Empty::new()).unwrap();
    let response = layer.layer(server).oneshot(request).await.unwrap();
    assert_eq!(count.load(std::sync::atomic::Ordering::Relaxed), 3);
    let reason = response.extensions().get::<GiveUp>();
    assert!(matches!(reason, Some(GiveUp::Stopped(_))), "{reason:?}");
}

#[tokio::test(start_paused = true)]
async fn a_judge_has_the_last_word_on_a_response() {
    let layer = layer().judging(|head: &Head<'_>, seen| {
        if head.status() == 404 { Observation::new(Outcome::Transient) } else { seen }
    });
    let count = std::sync::Arc::new(std::sync::Mutex::new(0));
    let counter = count.clone();
    let server = service_fn(move |_: Request<Empty<Bytes>>| {
        *counter.lock().unwrap() += 1;
        async {
            Ok::<_, io::Error>(Response::builder().status(404).body(Empty::<Bytes>::new()).unwrap())
        }
    });
    let request = Request::get("/").body(Empty::new()).unwrap();
    layer.layer(server).oneshot(request).await.unwrap();
    assert_eq!(*count.lock().unwrap(), 3);
}

/// An address on which nobody listens.
async fn nobody() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

#[tokio::test]
async fn reqwest_tells_that_there_was_no_connection() {
    let client = layer().layer(reqwest::Client::new());
    let request = reqwest::Request::new(Method::POST, nobody().await.parse().unwrap());
    let error = client.clone().oneshot(request).await.unwrap_err();
    assert_eq!(error.attempts(), 3, "{error:?}");
    let request = reqwest::Request::new(Method::GET, "ftp://127.0.0.1/".parse().unwrap());
    let error = client.oneshot(request).await.unwrap_err();
    assert_eq!(error.reason(), GiveUp::NotRetryable(Outcome::Permanent), "{error:?}");
}

#[cfg(feature = "hyper-util")]
#[tokio::test]
async fn hyper_util_tells_that_there_was_no_connection() {
    let executor = hyper_util::rt::TokioExecutor::new();
    let client = hyper_util::client::legacy::Client::builder(executor).build_http();
    let request = Request::post(nobody().await).body(Empty::<Bytes>::new()).unwrap();
    let error = layer().layer(client).oneshot(request).await.unwrap_err();
    assert_eq!(error.attempts(), 3, "{error:?}");
}
