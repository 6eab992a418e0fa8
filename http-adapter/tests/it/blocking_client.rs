use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use forbear_core::driver::History;
use forbear_core::{GiveUp, Policy, backoff::Constant};
use forbear_http::ForbearLayer;
use forbear_http::blocking::Client;

/// A server that gives `answers` in turn, one a connection, and returns what it was sent.
fn serving(answers: Vec<String>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let requests = thread::spawn(move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut request, mut octets) = (String::new(), [0; 4096]);
            while !request.contains("\r\n\r\n") || request.contains("content-length: 6") {
                let read = stream.read(&mut octets).unwrap();
                request.push_str(std::str::from_utf8(&octets[..read]).unwrap());
                if request.ends_with("answer") {
                    break;
                }
            }
            requests.push(request);
            // Closed unread by a client that gives up: no failure of the server.
            let _ = stream.write_all(answer.as_bytes());
        }
        requests
    });
    (url, requests)
}

fn answer(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn policy(max_attempts: u32) -> Policy {
    let backoff = Constant::new(Duration::from_millis(1));
    Policy::builder().max_attempts(max_attempts).backoff(backoff).no_budget().build().unwrap()
}

#[test]
fn a_429_is_sent_again_with_its_body() {
    let (url, requests) =
        serving(vec![answer("429 Too Many Requests", "slow down"), answer("200 OK", "done")]);
    let client = Client::new(policy(3));
    let mut response = client.post(&url).header("x-one", "1").body("answer").send().unwrap();
    assert_eq!(response.body_mut().read_to_string().unwrap(), "done");
    let requests = requests.join().unwrap();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert!(request.starts_with("POST / HTTP/1.1\r\n") && request.contains("x-one: 1"));
        assert!(request.ends_with("\r\n\r\nanswer"), "{request}");
    }
}

#[test]
fn the_last_refusal_is_returned_whole_with_the_reason() {
    // Longer than what is read of it to tell what it means.
    let body = "0123456789abcdef".repeat(10_000);
    let (url, requests) = serving(vec![answer("503 Unavailable", &body); 2]);
    let mut response = Client::new(policy(2)).get(&url).send().unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.extensions().get::<GiveUp>().is_some());
    assert_eq!(response.extensions().get::<History>().unwrap().len(), 2);
    assert!(response.body_mut().read_to_string().unwrap() == body);
    assert_eq!(requests.join().unwrap().len(), 2);
}

#[test]
fn a_body_that_drips_is_handed_on_after_a_second() {
    const LENGTH: usize = 80;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let head = format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {LENGTH}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        for _ in 0..LENGTH {
            thread::sleep(Duration::from_millis(100));
            stream.write_all(b"x").unwrap();
        }
    });
    let start = Instant::now();
    let mut response = Client::new(policy(2)).get(&url).send().unwrap();
    // The whole takes eight seconds.
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!(response.body_mut().read_to_string().unwrap(), "x".repeat(LENGTH));
    server.join().unwrap();
}

#[test]
fn a_403_is_told_from_a_limit_by_its_body() {
    let limited = r#"{"message": "You have exceeded a secondary rate limit."}"#;
    let (url, requests) = serving(vec![answer("403 Forbidden", limited), answer("200 OK", "")]);
    assert_eq!(Client::new(policy(2)).get(&url).send().unwrap().status(), 200);
    assert_eq!(requests.join().unwrap().len(), 2);
}

#[test]
fn what_is_no_request_is_an_error_after_no_attempt() {
    let error = Client::new(policy(2)).get("http://[").send().unwrap_err();
    assert_eq!(error.attempts(), 0);
    // ureq knows no such scheme; it is not tried again.
    let error = Client::new(policy(2)).get("gopher://127.0.0.1/").send().unwrap_err();
    assert_eq!(error.attempts(), 1);
}

#[test]
fn an_agent_that_makes_errors_of_statuses_is_told_not_to() {
    let (url, requests) = serving(vec![answer("404 Not Found", "nothing")]);
    let agent = ureq::Agent::config_builder().http_status_as_error(true).build().into();
    let client = Client::with_layer(agent, ForbearLayer::new(policy(2)));
    assert_eq!(client.get(&url).send().unwrap().status(), 404);
    assert_eq!(requests.join().unwrap().len(), 1);
}
