use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::{Policy, backoff::Constant};
use forbear_http::ForbearLayer;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, ServiceExt};

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// RST_STREAM with this code.
    Reset(u8),
    /// GOAWAY with this code, and no stream that was processed; then the connection ends.
    GoneAway(u8),
    Answered,
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// No error, an error of the server's, a stream that was not processed; RFC 9113, section 7.
const NO_ERROR: u8 = 0;
const INTERNAL_ERROR: u8 = 2;
const REFUSED_STREAM: u8 = 7;

/// A frame, RFC 9113, section 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    let mut frame = vec![0, 0, length, kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

async fn serve(mut stream: TcpStream, fates: Arc<Mutex<Vec<Fate>>>) -> std::io::Result<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [_, high, low, kind, flags, id @ ..] = head;
        let mut payload = vec![0; usize::from(high) << 8 | usize::from(low)];
        stream.read_exact(&mut payload).await?;
        let id = u32::from_be_bytes(id);
        if kind == SETTINGS && flags == 0 {
            stream.write_all(&frame(SETTINGS, 1, 0, &[])).await?;
        }
        if kind != HEADERS {
            continue;
        }
        let fate = fates.lock().unwrap().pop();
        match fate.expect("no more requests than fates") {
            Fate::Reset(code) => {
                stream.write_all(&frame(RST_STREAM, 0, id, &[0, 0, 0, code])).await?;
            }
            Fate::GoneAway(code) => {
                stream.write_all(&frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, code])).await?;
                return stream.shutdown().await;
            }
            // The whole answer: `:status: 200` in HPACK's static table.
            Fate::Answered => stream.write_all(&frame(HEADERS, 5, id, &[0x88])).await?,
        }
    }
}

/// Sends a POST, and says whether it was answered, and how many fates were not met.
async fn post(fates: &[Fate]) -> (bool, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let left = Arc::new(Mutex::new(fates.iter().rev().copied().collect::<Vec<_>>()));
    let fates = Arc::clone(&left);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&fates)));
        }
    });

    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        // What is tested is the layer.
        .retry_canceled_requests(false)
        .build_http::<Full<Bytes>>();
    let backoff = Constant::new(Duration::from_millis(1));
    let policy = Policy::builder().max_attempts(3).backoff(backoff).no_budget().build().unwrap();
    let client = ForbearLayer::new(policy).layer(client);
    let answer = client.oneshot(Request::post(url).body(Full::from("question")).unwrap()).await;
    let left = left.lock().unwrap().len();
    (answer.is_ok_and(|answer| answer.status() == 200), left)
}

#[tokio::test]
async fn a_post_that_was_not_processed_is_sent_again() {
    for fate in [Fate::Reset(REFUSED_STREAM), Fate::GoneAway(NO_ERROR)] {
        assert_eq!(post(&[fate, fate, Fate::Answered]).await, (true, 0), "{fate:?}");
    }
}

#[tokio::test]
async fn a_post_that_may_have_been_processed_is_not() {
    for fate in [Fate::Reset(INTERNAL_ERROR), Fate::GoneAway(INTERNAL_ERROR)] {
        assert_eq!(post(&[fate, Fate::Answered]).await, (false, 1), "{fate:?}");
    }
}
