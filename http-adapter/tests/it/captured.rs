use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::backoff::Constant;
use forbear_core::{Beyond, HintRule, Outcome, Policy, RateSignal, Throttle};
use forbear_http::{ForbearLayer, Record, ReplayBody};
use http::{Request, Response};
use http_body_util::Full;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::{AuthState, OctoBody, OctocrabBuilder};
use serde_json::Value;
use tokio::time::Instant;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

const CAPTURED: &str = include_str!("../data/captured.jsonl");

/// A response that somebody else recorded, and what it says.
#[derive(Clone)]
struct Captured {
    id: String,
    record: Record,
    outcome: Outcome,
    wait: Option<Duration>,
}

fn captured() -> impl Iterator<Item = Captured> {
    CAPTURED.lines().map(|line| {
        let case: Value = serde_json::from_str(line).unwrap();
        assert!(case["source"].as_str().unwrap().starts_with("https://"), "{line}");
        Captured {
            id: case["id"].as_str().unwrap().to_owned(),
            record: Record::from_json(line).unwrap(),
            outcome: match case["outcome"].as_str().unwrap() {
                "rate_limit" => Outcome::Throttled(Throttle::RateLimit),
                "success" => Outcome::Success,
                other => panic!("{other}"),
            },
            wait: case["wait_ms"].as_u64().map(Duration::from_millis),
        }
    })
}

impl Captured {
    fn response(&self) -> Response<Full<Bytes>> {
        let body = self.record.body.clone().unwrap_or_default();
        let mut response = Response::builder().status(self.record.status);
        for (name, value) in &self.record.headers {
            response = response.header(name, &value[..]);
        }
        response.body(Full::from(body)).unwrap()
    }
}

/// When each request came.
type Times = Arc<Mutex<Vec<Instant>>>;

/// Answers as `captured` first, and then with an empty object.
fn answer(captured: &Captured, times: &Times) -> Response<Full<Bytes>> {
    let mut times = times.lock().unwrap();
    times.push(Instant::now());
    if times.len() == 1 { captured.response() } else { Response::new(Full::from("{}")) }
}

const BACKOFF: Duration = Duration::from_secs(1);

fn layer() -> ForbearLayer {
    let hour = HintRule::new(Duration::from_secs(3_600), Beyond::Stop).unwrap();
    let policy = Policy::builder().max_attempts(2).backoff(Constant::new(BACKOFF)).hint(hour);
    ForbearLayer::new(policy.no_deadline().no_budget().build().unwrap())
}

/// Fails unless the second request came when the response said, and not much later.
fn assert_on_time(captured: &Captured, times: &Times) {
    let times = times.lock().unwrap();
    if captured.outcome == Outcome::Success {
        assert_eq!(times.len(), 1, "{}", captured.id);
        return;
    }
    let [first, second] = times[..] else { panic!("{}: {times:?}", captured.id) };
    let (waited, wait) = (second - first, captured.wait.unwrap_or(BACKOFF));
    assert!(wait <= waited && waited <= wait + BACKOFF, "{}: {waited:?}", captured.id);
}

#[test]
fn a_captured_response_is_read_as_its_documents_say() {
    for case in captured() {
        let seen = case.record.read(&case.record.reader()).observe();
        assert_eq!((seen.outcome, seen.wait()), (case.outcome, case.wait), "{}", case.id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_captured_refusal_is_waited_out() {
    for case in captured() {
        let times = Times::default();
        let server = {
            let (case, times) = (case.clone(), Arc::clone(&times));
            service_fn(move |_: Request<Full<Bytes>>| {
                std::future::ready(Ok::<_, Infallible>(answer(&case, &times)))
            })
        };
        let request = Request::post("http://api.example/").body(Full::default()).unwrap();
        let response = layer().layer(server).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200, "{}", case.id);
        assert_on_time(&case, &times);
    }
}

/// GitHub's own responses, through the client that most people meet them with.
#[tokio::test(start_paused = true)]
async fn octocrab_waits_out_what_github_answered() {
    for case in captured().filter(|case| case.id.starts_with("github")) {
        let times = Times::default();
        let github = {
            let (case, times) = (case.clone(), Arc::clone(&times));
            service_fn(move |_: Request<ReplayBody<OctoBody>>| {
                std::future::ready(Ok::<_, Infallible>(answer(&case, &times)))
            })
        };
        let client = ServiceBuilder::new()
            .map_request(|request: Request<OctoBody>| request.map(ReplayBody::new))
            .layer(layer())
            .service(github);
        let octocrab = OctocrabBuilder::new_empty()
            .with_service(client)
            .with_layer(&BaseUriLayer::new("https://api.github.com".parse().unwrap()))
            .with_auth(AuthState::None)
            .build()
            .unwrap();
        let answer: Value = octocrab.get("/rate_limit", None::<&()>).await.unwrap();
        assert!(answer.is_object(), "{}", case.id);
        assert_on_time(&case, &times);
    }
}
