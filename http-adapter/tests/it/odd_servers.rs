use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use forbear_core::{Policy, backoff::Constant};
use forbear_http::ForbearLayer;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, ServiceExt};

/// What a server writes, and then it closes the connection.
#[derive(Clone, Debug)]
enum Script {
    Octets(&'static [u8]),
    /// These, and then a body without end.
    Endless(&'static str),
}

const OK: Script = Script::Octets(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone");

async fn play(mut stream: TcpStream, script: Script) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    match script {
        Script::Octets(octets) => stream.write_all(octets).await?,
        Script::Endless(head) => {
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(&[b'x'; 16 * 1024]).await?;
            }
        }
    }
    // Closed in order, or a reset may overtake what was written.
    stream.shutdown().await?;
    while stream.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

/// What became of a request.
#[derive(Debug)]
struct Outcome {
    /// The status and the body, of which an error may be a part.
    answer: Result<(u16, Result<Bytes, String>), String>,
    sends: usize,
    took: Duration,
}

/// Sends a request to a server that plays `scripts` in turn.
async fn send(method: Method, scripts: &[Script]) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let left = Arc::new(Mutex::new(scripts.iter().rev().cloned().collect::<Vec<_>>()));
    let next = Arc::clone(&left);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let script = next.lock().unwrap().pop();
            tokio::spawn(play(stream, script.expect("no more requests than scripts")));
        }
    });
    let hyper = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let backoff = Constant::new(Duration::from_millis(1));
    let policy = Policy::builder().max_attempts(3).backoff(backoff).no_budget().build().unwrap();
    let client = ForbearLayer::new(policy).layer(hyper);
    let request = Request::builder().method(method).uri(url).body(Full::from("question")).unwrap();
    let start = Instant::now();
    let answer = match client.oneshot(request).await {
        Ok(response) => {
            let status = response.status().as_u16();
            let body = response.into_body().collect().await;
            Ok((status, body.map(|body| body.to_bytes()).map_err(|error| error.to_string())))
        }
        Err(error) => Err(error.to_string()),
    };
    let sends = scripts.len() - left.lock().unwrap().len();
    Outcome { answer, sends, took: start.elapsed() }
}

/// Fails unless a POST that is answered like that is sent again, and then done.
async fn assert_sent_again(what: &str, first: Script) -> Duration {
    let outcome = send(Method::POST, &[first, OK]).await;
    let Ok((200, Ok(body))) = &outcome.answer else { panic!("{what}: {outcome:?}") };
    assert_eq!((&body[..], outcome.sends), (&b"done"[..], 2), "{what}");
    outcome.took
}

#[tokio::test]
async fn a_refusal_is_one_however_it_is_written() {
    for (what, octets) in [
        ("nothing but the status", &b"HTTP/1.1 429 \r\ncontent-length: 0\r\n\r\n"[..]),
        ("HTTP/1.0, to the end of the connection", b"HTTP/1.0 429 Slow\r\n\r\nslow down"),
        (
            "hints before it",
            b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n\
              HTTP/1.1 100 Continue\r\n\r\n\
              HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n",
        ),
        (
            "chunks and a trailer",
            b"HTTP/1.1 429 Slow\r\ntransfer-encoding: chunked\r\ntrailer: retry-after\r\n\r\n\
              4\r\nslow\r\n0\r\nretry-after: 600\r\n\r\n",
        ),
        (
            "octets that are no text",
            b"HTTP/1.1 429 Slow\r\nx-ratelimit-remaining: \xff\xfe\r\nretry-after: \xb2\r\n\
              content-length: 0\r\n\r\n",
        ),
        (
            "a compression that is none",
            b"HTTP/1.1 429 Slow\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnone",
        ),
        (
            "a body that breaks off",
            b"HTTP/1.1 429 Slow\r\ncontent-length: 1000\r\n\r\n{\"retry_after\": 600",
        ),
        (
            "a 403 that says what it is",
            b"HTTP/1.1 403 No\r\ncontent-length: 38\r\n\r\n{\"message\":\"API rate limit exceeded.\"}",
        ),
    ] {
        assert_sent_again(what, Script::Octets(octets)).await;
    }
}

#[tokio::test]
async fn the_longest_of_two_waits_is_waited() {
    let octets =
        b"HTTP/1.1 429 Slow\r\nretry-after: 0\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
    let took = assert_sent_again("two lines", Script::Octets(octets)).await;
    assert!(took >= Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_body_without_end_is_left_to_its_fate() {
    let head = "HTTP/1.1 429 Slow\r\ncontent-type: application/json\r\n\r\n";
    let took = assert_sent_again("without end", Script::Endless(head)).await;
    // A second to read its beginning and one to throw it away are the bounds.
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[tokio::test]
async fn an_answer_to_head_has_no_body_to_wait_for() {
    let head = b"HTTP/1.1 429 Slow\r\ncontent-length: 1000\r\n\r\n";
    let done = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
    let scripts = [Script::Octets(head), Script::Octets(done)];
    let outcome = send(Method::HEAD, &scripts).await;
    let Ok((200, Ok(body))) = &outcome.answer else { panic!("{outcome:?}") };
    assert_eq!((body.len(), outcome.sends), (0, 2));
}

#[tokio::test]
async fn what_broke_off_is_the_callers_where_the_head_had_decided() {
    for (what, octets, status) in [
        ("a success", &b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\ndo"[..], 200),
        (
            "an error that might have been a limit",
            b"HTTP/1.1 403 No\r\ncontent-length: 1000\r\n\r\n{\"message\":\"API rate limit exc",
            403,
        ),
    ] {
        let outcome = send(Method::GET, &[Script::Octets(octets), OK]).await;
        let Ok((seen, Err(_))) = &outcome.answer else { panic!("{what}: {outcome:?}") };
        assert_eq!((*seen, outcome.sends), (status, 1), "{what}");
    }
}

#[tokio::test]
async fn a_connection_that_closes_unanswered_is_tried_again_for_reads_only() {
    let closed = Script::Octets(b"");
    let read = send(Method::GET, &[closed.clone(), OK]).await;
    assert!(matches!(read.answer, Ok((200, Ok(_)))) && read.sends == 2, "{read:?}");
    let write = send(Method::POST, &[closed, OK]).await;
    assert!(write.answer.is_err() && write.sends == 1, "{write:?}");
}
