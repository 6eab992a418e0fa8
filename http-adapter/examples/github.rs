//! GitHub's secondary limit: a 403 that says how long to wait holds back every caller,
//! and a 403 that is a missing permission is returned at once.
//!
//! ```text
//! 5 callers ──> layer: one state for all ──> a fake of GitHub: three requests, then
//!                                            403 with `Retry-After: 60`, once
//! ```
//!
//! The clock is Tokio's, paused: waits are shown, not sat out.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example plays the server, with its clock, and shows what happens"
)]

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::Policy;
use forbear_http::{ForbearLayer, Reader};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::time::Instant;
use tower::{ServiceBuilder, ServiceExt, service_fn};

const SECONDARY: &str = r#"{"message": "You have exceeded a secondary rate limit."}"#;
const PERMISSION: &str = r#"{"message": "Resource not accessible by integration"}"#;

fn answer(
    status: StatusCode,
    retry_after: Option<&str>,
    body: &'static str,
) -> Response<Full<Bytes>> {
    let mut answer = Response::builder().status(status).header("content-type", "application/json");
    if let Some(seconds) = retry_after {
        answer = answer.header("retry-after", seconds);
    }
    answer.body(Full::from(body)).expect("a valid answer")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tokio::time::pause();
    let start = Instant::now();
    let count = Arc::new(AtomicU32::new(0));
    let github = service_fn(move |request: Request<Full<Bytes>>| {
        let path = request.uri().path().to_owned();
        let is_fourth = path != "/private" && count.fetch_add(1, Ordering::Relaxed) == 3;
        println!("{:>6.1?}  GitHub gets {path}", start.elapsed());
        async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok::<_, Infallible>(match path.as_str() {
                "/private" => answer(StatusCode::FORBIDDEN, None, PERMISSION),
                _ if is_fourth => answer(StatusCode::FORBIDDEN, Some("60"), SECONDARY),
                _ => answer(StatusCode::OK, None, "{}"),
            })
        }
    });
    let policy = Policy::builder().deadline(Duration::from_secs(300)).build()?;
    let layer = ForbearLayer::new(policy).reading_with(Reader::for_provider("github"));
    let client = ServiceBuilder::new().layer(layer).service(github);

    let mut callers = tokio::task::JoinSet::new();
    for n in 0..5 {
        let client = client.clone();
        callers.spawn(async move {
            for page in 0..2 {
                let path = format!("/repos/{n}?page={page}");
                let request = Request::get(path).body(Full::default())?;
                assert_eq!(client.clone().oneshot(request).await?.status(), 200);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller?.map_err(|error| error.to_string())?;
    }
    assert!(start.elapsed() >= Duration::from_secs(60));

    let asked = Instant::now();
    let request = Request::get("/private").body(Full::default())?;
    assert_eq!(client.oneshot(request).await?.status(), 403);
    assert!(asked.elapsed() < Duration::from_secs(1), "no wait cures a permission");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() {
        super::main().unwrap();
    }
}
