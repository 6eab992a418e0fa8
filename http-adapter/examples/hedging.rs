//! Hedging: a read whose answer is late is sent a second time, and the first answer counts.
//!
//! ```text
//! 2,000 reads ──> layer: a second one after the ──> a fake: 10 to 29 ms,
//!                 95th percentile                   and a second for each 50th
//! ```
//!
//! The clock is Tokio's, paused: waits are shown, not sat out.
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::{Hedging, Policy};
use forbear_http::ForbearLayer;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

const READS: usize = 2_000;

/// What the reads came to.
struct Outcome {
    /// The latencies, the shortest first.
    latencies: Vec<Duration>,
    sends: u64,
}

impl Outcome {
    fn percentile(&self, percent: usize) -> Duration {
        self.latencies[(READS * percent).div_ceil(100) - 1]
    }
}

/// Sends the reads, one after the other.
async fn read(hedging: Option<Hedging>) -> Result<Outcome, Box<dyn Error>> {
    let sends = Arc::new(AtomicU64::new(0));
    let server = service_fn(move |_: Request<Full<Bytes>>| {
        let number = sends.fetch_add(1, Ordering::Relaxed);
        async move {
            let takes_ms = if number % 50 == 49 { 1_000 } else { 10 + number * 7 % 20 };
            #[expect(clippy::disallowed_methods, reason = "the fake takes its time")]
            tokio::time::sleep(Duration::from_millis(takes_ms)).await;
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    });
    let policy = Policy::recommended();
    let mut layer = ForbearLayer::new(policy.clone());
    if let Some(hedging) = hedging {
        layer = layer.hedging(hedging);
    }
    let client = layer.layer(server);
    let mut latencies = Vec::with_capacity(READS);
    for _ in 0..READS {
        #[expect(clippy::disallowed_methods, reason = "the clock that the fake goes by")]
        let begun = Instant::now();
        client.clone().oneshot(Request::get("/").body(Full::default())?).await?;
        latencies.push(begun.elapsed());
    }
    latencies.sort_unstable();
    Ok(Outcome { latencies, sends: policy.statistics().sends })
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    for (name, hedging) in
        [("without", None), ("with hedging", Some(Hedging::after_percentile(95)?))]
    {
        let outcome = read(hedging).await?;
        let [p50, p95, p99] = [50, 95, 99].map(|percent| outcome.percentile(percent));
        println!("{name:12}  {} sends, p50 {p50:?}, p95 {p95:?}, p99 {p99:?}", outcome.sends);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_tail_is_cut_for_a_few_sends_more() {
    let without = read(None).await.unwrap();
    assert_eq!(without.sends, 2_000);
    assert!(without.percentile(99) >= Duration::from_secs(1));
    let with = read(Some(Hedging::after_percentile(95).unwrap())).await.unwrap();
    // A percentile in the hundredths of the load that is hedged, and no more.
    assert!((2_020..2_120).contains(&with.sends), "{}", with.sends);
    assert!(with.percentile(99) < Duration::from_millis(80), "{:?}", with.percentile(99));
    let median = |outcome: &Outcome| outcome.percentile(50);
    assert!(median(&with).abs_diff(median(&without)) <= Duration::from_millis(2));
}
