use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::Policy;
use forbear_core::backoff::Constant;
use forbear_core::limiter::Concurrency;
use forbear_http::ForbearLayer;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::Full;
use tokio::time::timeout;
use tower::{Layer, ServiceExt, service_fn};

/// How the first request is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum First {
    Never,
    /// With this status, and this field, and a body that comes in whole or never.
    With(u16, Option<(&'static str, &'static str)>, Comes),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comes {
    Whole,
    Never,
}

struct Answer(Comes);

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0 == Comes::Whole { Poll::Ready(None) } else { Poll::Pending }
    }
}

fn layer() -> ForbearLayer {
    let policy = Policy::builder()
        .limit(Concurrency::new(1).unwrap())
        .backoff(Constant::new(Duration::from_secs(10)))
        .max_attempts(3);
    ForbearLayer::new(policy.no_deadline().no_budget().build().unwrap())
}

/// A request whose caller leaves after `stays`, then another one: how many were sent.
async fn left_after(first: First, stays: Duration) -> u32 {
    let count = Arc::new(AtomicU32::new(0));
    let sends = Arc::clone(&count);
    let server = service_fn(move |_: Request<Full<Bytes>>| {
        let is_first = sends.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            let answer = |status| Response::builder().status(status);
            Ok::<_, Infallible>(match first {
                First::Never if is_first => std::future::pending().await,
                First::With(status, field, comes) if is_first => {
                    let (name, value) = field.unwrap_or(("x-nothing", ""));
                    answer(status).header(name, value).body(Answer(comes)).unwrap()
                }
                _ => answer(200).body(Answer(Comes::Whole)).unwrap(),
            })
        }
    });
    let client = layer().layer(server);
    let request = || Request::get("http://api.example/").body(Full::default()).unwrap();
    let left = timeout(stays, client.clone().oneshot(request())).await;
    assert!(left.is_err(), "{first:?}: it was still under way");
    // The only place is free again, or this would wait for ever.
    let next = timeout(Duration::from_secs(60), client.oneshot(request())).await;
    assert_eq!(next.expect("the place is free").unwrap().status(), 200, "{first:?}");
    count.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_gives_the_place_back_at_each_point() {
    use Comes::{Never, Whole};
    let half_a_second = Duration::from_millis(500);
    for (point, first, stays) in [
        ("sent, unanswered", First::Never, half_a_second),
        ("while an error's body is read", First::With(403, None, Never), half_a_second),
        (
            "while a refusal's body is read",
            First::With(429, Some(("retry-after", "5")), Never),
            half_a_second,
        ),
        (
            // A second is for reading, one for the rest.
            "while the rest of it is thrown away",
            First::With(429, Some(("retry-after", "5")), Never),
            Duration::from_millis(1_500),
        ),
        (
            "while the server's wait is sat out",
            First::With(429, Some(("retry-after", "30")), Whole),
            Duration::from_secs(20),
        ),
        ("during the backoff", First::With(503, None, Whole), Duration::from_secs(5)),
    ] {
        assert_eq!(left_after(first, stays).await, 2, "{point}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_the_line_leaves_no_gap() {
    let server = service_fn(|_: Request<Full<Bytes>>| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Infallible>(Response::new(Answer(Comes::Whole)))
    });
    let client = layer().layer(server);
    let request = || Request::get("http://api.example/").body(Full::default()).unwrap();
    let first = tokio::spawn(client.clone().oneshot(request()));
    tokio::task::yield_now().await;
    // One waits behind it and leaves; the next takes its place.
    let waits = timeout(Duration::from_millis(500), client.clone().oneshot(request()));
    let next = timeout(Duration::from_millis(2_100), client.clone().oneshot(request()));
    let (left, next) = tokio::join!(waits, next);
    assert!(left.is_err());
    assert_eq!(next.expect("in its turn").unwrap().status(), 200);
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
}
