use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use forbear_core::limiter::TokenBucket;
use forbear_core::{Cost, Dimension, Policy};
use forbear_http::{Forbear, ForbearLayer, Reader, estimated_token_cost};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::util::BoxCloneService;
use tower::{Layer, ServiceExt, service_fn};

type Llm = BoxCloneService<Request<Full<Bytes>>, Response<Full<Bytes>>, Infallible>;

const ANSWER: &str = r#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":10}}"#;

/// An API that says that every request took 20 tokens.
fn llm() -> Llm {
    BoxCloneService::new(service_fn(|_: Request<Full<Bytes>>| async {
        let response = Response::builder().header("content-type", "application/json");
        Ok(response.body(Full::from(ANSWER)).unwrap())
    }))
}

/// 100 tokens a second, and no more at once.
fn layer() -> ForbearLayer {
    let bucket = TokenBucket::new("100/s".parse().unwrap(), 100).unwrap();
    let policy = Policy::builder().limit(bucket.counting(Dimension::Tokens)).build().unwrap();
    ForbearLayer::new(policy)
}

/// When each of `count` requests for up to 100 tokens is answered, one after the other [s].
async fn times(client: Forbear<Llm>, count: u32) -> Vec<Duration> {
    let start = tokio::time::Instant::now();
    let mut times = Vec::new();
    for _ in 0..count {
        let request = Request::post("/").body(Full::from(r#"{"max_tokens":100}"#)).unwrap();
        let response = client.clone().oneshot(request).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), ANSWER);
        times.push(start.elapsed());
    }
    times
}

/// The estimator has no body to look at in a stream: here it is asked for what is known.
fn estimate(_: &Request<Full<Bytes>>) -> Cost {
    estimated_token_cost(br#"{"max_tokens":100}"#)
}

#[tokio::test(start_paused = true)]
async fn an_estimate_is_charged() {
    let times = times(layer().costing(estimate).layer(llm()), 3).await;
    assert_eq!(times, [0, 1, 2].map(Duration::from_secs));
}

#[tokio::test(start_paused = true)]
async fn the_answer_gives_back_what_it_did_not_take() {
    let layer = layer().costing(estimate).reading_with(Reader::new().with_usage());
    let times = times(layer.layer(llm()), 3).await;
    assert_eq!(times, [0, 200, 400].map(Duration::from_millis));
}

#[tokio::test(start_paused = true)]
async fn a_request_of_another_type_costs_one_request() {
    let times = times(layer().costing(|_: &String| Cost::ZERO).layer(llm()), 3).await;
    assert_eq!(times, [Duration::ZERO; 3]);
}
