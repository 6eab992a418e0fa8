use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use forbear_core::backoff::Constant;
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::{GiveUp, Outcome, Policy, PolicyBuilder, StopReason};
use forbear_http::{ForbearLayer, Preset};
use http::{HeaderName, Request, Response};

fn builder() -> PolicyBuilder {
    let moment = Constant::new(Duration::from_millis(1));
    Policy::builder().max_attempts(3).backoff(moment).no_budget()
}

fn layer() -> ForbearLayer {
    ForbearLayer::new(builder().build().unwrap())
}

/// Answers with `statuses` in turn; the fields and bodies that came.
fn server(
    statuses: &[u16],
) -> (impl FnMut(Request<String>) -> Result<Response<&'static str>, std::io::Error>, Got) {
    let got = Got::default();
    let (seen, mut statuses) = (Arc::clone(&got), statuses.iter().copied());
    let send = move |request: Request<String>| {
        let key = request.headers().get("idempotency-key");
        let key = key.map(|key| key.to_str().unwrap().to_owned());
        let number = request.headers().get("x-attempt").map(|n| n.to_str().unwrap().to_owned());
        seen.lock().unwrap().push((request.into_body(), key, number));
        match statuses.next().unwrap_or(200) {
            0 => Err(std::io::ErrorKind::ConnectionReset.into()),
            1 => Err(std::io::ErrorKind::ConnectionRefused.into()),
            status => Ok(Response::builder().status(status).body("answer").unwrap()),
        }
    };
    (send, got)
}

type Got = Arc<Mutex<Vec<(String, Option<String>, Option<String>)>>>;

fn post() -> Request<String> {
    Request::post("http://api.example/").body("question".to_owned()).unwrap()
}

fn get() -> Request<String> {
    Request::get("http://api.example/").body(String::new()).unwrap()
}

#[test]
fn what_is_sent_again_is_what_the_layer_sends_again() {
    for (request, statuses, sends) in [
        (post(), vec![429, 429], 3),
        (get(), vec![503, 500], 3),
        (post(), vec![503], 1),
        (get(), vec![0, 0], 3),
        (post(), vec![0], 1),
        (post(), vec![1, 1], 3),
        (get(), vec![404], 1),
    ] {
        let (send, got) = server(&statuses);
        let _ = layer().send_blocking(request, send);
        assert_eq!(got.lock().unwrap().len(), sends, "{statuses:?}");
    }
}

#[test]
fn each_attempt_has_the_whole_body_its_number_and_the_same_key() {
    let (send, got) = server(&[503, 500]);
    let layer =
        layer().adding_idempotency_keys().numbering_attempts(HeaderName::from_static("x-attempt"));
    assert_eq!(layer.send_blocking(post(), send).unwrap().status(), 200);
    let got = got.lock().unwrap();
    assert_eq!(got.len(), 3);
    for (number, (body, key, attempt)) in (1..).zip(got.iter()) {
        assert_eq!(body, "question");
        assert_eq!(attempt.as_deref(), Some(number.to_string().as_str()));
        assert!(key.is_some() && *key == got[0].1);
    }
}

#[test]
fn a_response_that_is_given_up_says_why_and_an_error_too() {
    let (send, _) = server(&[429; 9]);
    let response = layer().send_blocking(get(), send).unwrap();
    assert_eq!((response.status().as_u16(), *response.body()), (429, "answer"));
    let why = GiveUp::Stopped(StopReason::MaxAttempts(3));
    assert_eq!(response.extensions().get(), Some(&why));

    let (send, _) = server(&[0; 9]);
    let error = layer().send_blocking(get(), send).unwrap_err();
    assert_eq!((error.attempts(), error.reason()), (3, why));
    assert_eq!(error.into_inner().unwrap().kind(), std::io::ErrorKind::ConnectionReset);

    let (send, _) = server(&[0]);
    let error = layer().send_blocking(post(), send).unwrap_err();
    assert_eq!(error.reason(), GiveUp::NotRepeatable(Outcome::Transient));
}

#[test]
fn the_body_of_an_error_is_read() {
    let layer = ForbearLayer::preset(Preset::by_name("openai").unwrap());
    let mut sends = 0;
    let response = layer.send_blocking(get(), |_| {
        sends += 1;
        let body = r#"{"error":{"code":"insufficient_quota"}}"#;
        Ok::<_, std::io::Error>(Response::builder().status(429).body(body).unwrap())
    });
    assert_eq!(response.unwrap().status(), 429);
    assert_eq!(sends, 1, "a quota that is used up is not waited for");
}

/// As in the layer for tasks: the last error is not forgotten when a refusal follows it.
#[test]
fn the_last_error_is_told_though_a_refusal_followed_it() {
    // Two at once, and the third an hour later: beyond the deadline.
    let limiter = Gcra::per("1/h".parse().unwrap()).with_burst(2).unwrap();
    let layer = ForbearLayer::new(builder().limit(limiter).build().unwrap());
    let (send, got) = server(&[0, 429]);
    let error = layer.send_blocking(get(), send).unwrap_err();
    assert_eq!((got.lock().unwrap().len(), error.attempts()), (2, 2));
    assert_eq!(error.into_inner().unwrap().kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn threads_share_the_state_of_a_layer() {
    let layer = ForbearLayer::new(builder().limit(Concurrency::new(1).unwrap()).build().unwrap());
    let in_flight = Mutex::new(());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let send = |_| {
                        let _alone = in_flight.try_lock().expect("one request at a time");
                        Ok::<_, std::io::Error>(Response::new(""))
                    };
                    layer.send_blocking(get(), send).unwrap();
                }
            });
        }
    });
}

/// A server on loopback that refuses once with a wait of a second, then answers.
#[test]
fn ureq_waits_as_long_as_the_server_asks() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let refusal = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 4\r\n\
            connection: close\r\n\r\nslow";
        let success = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndone";
        let mut times = Vec::new();
        for answer in [refusal, success] {
            let (mut stream, _) = listener.accept().unwrap();
            times.push(Instant::now());
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while !lines.next().unwrap().unwrap().is_empty() {}
            stream.write_all(answer.as_bytes()).unwrap();
        }
        times[1] - times[0]
    });
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = Request::get(&url).body(()).unwrap();
    let response = layer()
        .send_blocking(request, |request| {
            let (head, mut body) = agent.run(request)?.into_parts();
            Ok::<_, ureq::Error>(Response::from_parts(head, body.read_to_string()?))
        })
        .unwrap();
    assert_eq!((response.status().as_u16(), response.body().as_str()), (200, "done"));
    assert!(server.join().unwrap() >= Duration::from_secs(1));
}
