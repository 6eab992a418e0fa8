//! A relay: a server in your own process through which a library sends that lets nobody
//! below its client, or a program in another language.
//!
//! ```text
//! a library with a client ──> relay on loopback ──> layer ──> a fake of the API: 429
//! of its own                                                  once, with a wait of 250 ms
//! ```
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example plays the server, with its clock, and shows what happens"
)]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::IntoResponse;
use forbear_core::Policy;
use forbear_http::Client;
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, Request, Response, StatusCode};
use tokio::net::TcpListener;

/// The longest request that is taken: it is kept, so that it can be sent again.
const LONGEST_REQUEST: usize = 10 << 20;

/// Fields of one connection (RFC 9110, section 7.6.1); each side of the relay has its own.
const OF_A_CONNECTION: [HeaderName; 4] =
    [CONNECTION, HOST, HeaderName::from_static("keep-alive"), TRANSFER_ENCODING];

/// A server that sends everything on to `api` with `client`.
fn relay(client: Client, api: String) -> Router {
    Router::new().fallback(move |request: Request<Body>| {
        let (client, api) = (client.clone(), api.clone());
        async move {
            let bad_gateway = |error: Box<dyn Error>| (StatusCode::BAD_GATEWAY, error.to_string());
            send_on(&client, &api, request).await.map_err(bad_gateway)
        }
    })
}

async fn send_on(
    client: &Client,
    api: &str,
    request: Request<Body>,
) -> Result<Response<Body>, Box<dyn Error>> {
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = to_bytes(body, LONGEST_REQUEST).await?;
    leave_out(&mut head.headers);
    let request = client.request(head.method, format!("{api}{path}")).body(body);
    let answer = request.with(|request| request.headers(head.headers)).send().await?;
    let mut answer = Response::<reqwest::Body>::from(answer);
    leave_out(answer.headers_mut());
    // The answer is a stream, and stays one.
    Ok(answer.map(Body::new))
}

fn leave_out(headers: &mut HeaderMap) {
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
}

/// Serves `app` on loopback, and says where.
async fn serve(app: Router) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (start, count) = (Instant::now(), Arc::new(AtomicU32::new(0)));
    let api = Router::new().fallback(move |body: String| {
        let is_refused = count.fetch_add(1, Ordering::Relaxed) == 0;
        println!("{:>6.1?}  the API gets {body:?}, refused: {is_refused}", start.elapsed());
        async move {
            if is_refused {
                (StatusCode::TOO_MANY_REQUESTS, [("retry-after-ms", "250")], "").into_response()
            } else {
                format!("answer to {body}").into_response()
            }
        }
    });
    let client = Client::new(Policy::recommended())?;
    let relay = serve(relay(client, serve(api).await?)).await?;

    // All that the library lets one set is the address.
    let library = reqwest::Client::new();
    let answer = library.post(format!("{relay}/v1/chat?n=1")).body("question").send().await?;
    assert_eq!(
        (answer.status(), answer.text().await?.as_str()),
        (StatusCode::OK, "answer to question")
    );
    assert!(start.elapsed() >= Duration::from_millis(250), "no send before the wait is over");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() {
        super::main().unwrap();
    }
}
