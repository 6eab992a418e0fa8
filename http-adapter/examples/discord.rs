//! Discord's buckets: each channel has a limit of its own, which its answers tell. A
//! channel that is used up does not hold back the others.
//!
//! ```text
//!             ┌── channels/1 ── 5 messages in 5 s ──┐
//! messages ──>│                                     ├──> a fake of Discord
//!             └── channels/2 ── 5 messages in 5 s ──┘
//! ```
//!
//! No rate is configured: it is learned from `X-RateLimit-*`. The clock is Tokio's,
//! paused: waits are shown, not sat out.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example plays the server, with its clock, and shows what happens"
)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::Policy;
use forbear_core::limiter::Learned;
use forbear_http::{ForbearLayer, Reader};
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::Instant;
use tower::{ServiceBuilder, ServiceExt, service_fn};

const LIMIT: u32 = 5;
const WINDOW: Duration = Duration::from_secs(5);

/// When a channel's window ends, and what it has used.
type Buckets = Arc<Mutex<BTreeMap<String, (Instant, u32)>>>;

/// Counts a message; answers 429 where it is one too many.
fn count(buckets: &Buckets, channel: &str) -> Response<Full<Bytes>> {
    let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let bucket = buckets.entry(channel.to_owned()).or_insert((now + WINDOW, 0));
    if now >= bucket.0 {
        *bucket = (now + WINDOW, 0);
    }
    let is_refused = bucket.1 == LIMIT;
    bucket.1 += u32::from(!is_refused);
    let reset_after = (bucket.0 - now).as_millis();
    let seconds = format!("{}.{:03}", reset_after / 1000, reset_after % 1000);
    Response::builder()
        .status(if is_refused { 429 } else { 200 })
        .header("x-ratelimit-limit", LIMIT)
        .header("x-ratelimit-remaining", LIMIT - bucket.1)
        .header("x-ratelimit-reset-after", seconds)
        .header("x-ratelimit-bucket", channel)
        .body(Full::default())
        .expect("a valid answer")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tokio::time::pause();
    let start = Instant::now();
    let buckets = Buckets::default();
    let discord = service_fn(move |request: Request<Full<Bytes>>| {
        let answer = count(&buckets, request.uri().path());
        println!("{:>6.1?}  {}: {}", start.elapsed(), request.uri().path(), answer.status());
        async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            Ok::<_, Infallible>(answer)
        }
    });
    // What is left of a window is used as fast as it is asked for.
    let policy = Policy::builder().limit(Learned::new().unpaced()).build()?;
    let layer = ForbearLayer::new(policy)
        .keyed_by(|request: &Request<Full<Bytes>>| Some(request.uri().path().to_owned()))
        .reading_with(Reader::for_provider("discord"));
    let client = ServiceBuilder::new().layer(layer).service(discord);

    let mut messages = tokio::task::JoinSet::new();
    for (channel, count) in [(1, 12), (2, 4)] {
        for _ in 0..count {
            let request = Request::post(format!("/channels/{channel}")).body(Full::default())?;
            let answer = client.clone().oneshot(request);
            messages.spawn(async move { answer.await.map(|answer| (channel, answer.status())) });
        }
    }
    let mut last = [Duration::ZERO; 3];
    while let Some(message) = messages.join_next().await {
        let (channel, status) = message??;
        assert_eq!(status, 200);
        last[channel] = start.elapsed();
    }
    assert!(last[1] >= 2 * WINDOW, "twelve messages take three windows");
    assert!(last[2] < Duration::from_secs(1), "the other channel did not wait");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() {
        super::main().unwrap();
    }
}
