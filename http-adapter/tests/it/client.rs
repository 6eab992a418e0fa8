use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::driver::History;
use forbear_core::{GiveUp, Outcome, Policy, StopReason};
use forbear_http::{Client, ForbearLayer};
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;

use crate::support::serve;

/// The body and the key of each attempt.
type Got = Arc<Mutex<Vec<(String, Option<String>)>>>;

fn policy() -> Policy {
    let short = Constant::new(Duration::from_millis(1));
    Policy::builder().max_attempts(3).backoff(short).no_budget().build().unwrap()
}

/// A server that answers with `statuses` in turn, and 200 then.
async fn server(statuses: &'static [u16]) -> (String, Got) {
    let got = Got::default();
    let seen = Arc::clone(&got);
    let app = axum::Router::new().fallback(move |headers: HeaderMap, body: String| {
        let mut seen = seen.lock().unwrap();
        let status = statuses.get(seen.len()).copied().unwrap_or(200);
        let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        seen.push((body, key));
        async move { (StatusCode::from_u16(status).unwrap(), [("retry-after", "0")], "answer") }
    });
    (serve(app).await, got)
}

#[tokio::test]
async fn what_passes_is_sat_out() {
    let (url, got) = server(&[503, 429]).await;
    let response = Client::new(policy()).unwrap().get(&url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.extensions().get::<GiveUp>().is_none());
    assert_eq!(response.text().await.unwrap(), "answer");
    assert_eq!(got.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_post_is_replayed_with_its_body_and_the_same_key() {
    let (url, got) = server(&[500, 502]).await;
    let layer = ForbearLayer::new(policy()).adding_idempotency_keys();
    let client = Client::with_layer(reqwest::Client::new(), &layer);
    let response = client.post(&url).header("x-a", "1").body("question").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let got = got.lock().unwrap();
    assert_eq!(got.len(), 3);
    assert!(got[0].1.is_some());
    assert!(got.iter().all(|attempt| attempt.0 == "question" && attempt.1 == got[0].1), "{got:?}");
}

#[tokio::test]
async fn a_post_without_a_key_is_sent_once_if_the_work_may_have_been_done() {
    let (url, got) = server(&[500]).await;
    let response = Client::new(policy()).unwrap().post(&url).body("question").send().await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(got.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_last_response_says_why_it_was_given_up_and_after_what() {
    let (url, _) = server(&[429; 9]).await;
    let response = Client::new(policy()).unwrap().get(&url).send().await.unwrap();
    assert_eq!(response.status(), 429);
    let reason = response.extensions().get::<GiveUp>();
    assert_eq!(reason, Some(&GiveUp::Stopped(StopReason::MaxAttempts(3))));
    let history = response.extensions().get::<History>().unwrap();
    let attempts: Vec<_> = history.iter().map(|past| (past.number, past.code, past.hint)).collect();
    let hint = Some(Duration::ZERO);
    assert_eq!(attempts, [(1, Some(429), hint), (2, Some(429), hint), (3, Some(429), hint)]);
    assert_eq!(response.text().await.unwrap(), "answer");
}

#[tokio::test]
async fn without_a_connection_the_error_has_the_attempts_and_their_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = Client::new(policy()).unwrap().post(&url).send().await.unwrap_err();
    assert_eq!(error.attempts(), 3);
    let outcomes: Vec<_> = error.history().iter().map(|past| (past.outcome, past.code)).collect();
    assert_eq!(outcomes, [(Outcome::Transient, None); 3]);
    assert!(error.source().is_some());
    assert!(error.into_inner().unwrap().is_connect());
}

#[tokio::test]
async fn what_is_no_request_is_never_sent() {
    let error = Client::new(policy()).unwrap().get("no address").send().await.unwrap_err();
    assert_eq!(error.attempts(), 0);
    assert!(error.history().is_empty());
    assert!(error.into_inner().unwrap().is_builder());
}

/// A server that takes requests and leaves the first `hung` of them unanswered.
async fn hanging(hung: usize) -> (String, Got) {
    let got = Got::default();
    let seen = Arc::clone(&got);
    let app = axum::Router::new().fallback(move |body: String| {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push((body, None));
            seen.len()
        };
        async move {
            if number <= hung {
                std::future::pending::<()>().await;
            }
            "answer"
        }
    });
    (serve(app).await, got)
}

#[tokio::test]
async fn a_time_out_is_one_attempts_and_ends_a_request_that_may_have_been_served() {
    let inner = || reqwest::Client::builder().timeout(Duration::from_millis(500)).build().unwrap();
    let layer = ForbearLayer::new(policy());

    let (url, got) = hanging(2).await;
    let read = Client::with_layer(inner(), &layer).get(&url).send().await.unwrap();
    assert_eq!(read.text().await.unwrap(), "answer");
    assert_eq!(got.lock().unwrap().len(), 3);

    let (url, got) = hanging(1).await;
    let error = Client::with_layer(inner(), &layer).post(&url).send().await.unwrap_err();
    assert_eq!(error.reason(), GiveUp::NotRepeatable(Outcome::Transient));
    assert!(error.into_inner().unwrap().is_timeout());
    assert_eq!(got.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn towers_time_outs_go_on_both_sides() {
    let seconds = Duration::from_secs;
    for (attempt, whole, hangs, sends) in [(1, 60, 2, Some(3)), (10, 15, 9, None)] {
        let count = Arc::new(Mutex::new(0));
        let sent = Arc::clone(&count);
        let server = tower::service_fn(move |_: http::Request<String>| {
            let number = {
                let mut sent = sent.lock().unwrap();
                *sent += 1;
                *sent
            };
            async move {
                if number <= hangs {
                    std::future::pending::<()>().await;
                }
                Ok::<_, std::io::Error>(http::Response::new(
                    http_body_util::Full::<bytes::Bytes>::default(),
                ))
            }
        });
        let client = tower::ServiceBuilder::new()
            .timeout(seconds(whole))
            .layer(ForbearLayer::new(policy()))
            .map_err(std::io::Error::other)
            .timeout(seconds(attempt))
            .service(server);
        let start = tokio::time::Instant::now();
        let request = http::Request::get("http://api.example/").body(String::new()).unwrap();
        let answer = tower::ServiceExt::oneshot(client, request).await;
        assert_eq!(answer.is_ok(), sends.is_some(), "{attempt} s");
        let sent = *count.lock().unwrap();
        match sends {
            Some(sends) => assert_eq!(sent, sends),
            None => assert!(start.elapsed() < seconds(whole + 1), "cut off on time"),
        }
    }
}
