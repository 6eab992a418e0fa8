//! Three workers share one quota: 50 requests a second for all, whoever needs them.
//!
//! ```text
//!  busy worker ----+
//!  busy worker ----+--> permits, leased from one Redis, for 50/s in all
//!  quiet worker ---+
//! ```
//!
//! Start it in as many processes as you like: they are one fleet. It takes the Redis of
//! `REDIS_URL`, or the one at this machine, and says so where there is none.
//!
//! ```sh
//! cargo run -p forbear-redis --example fleet
//! ```
#![allow(clippy::print_stdout, reason = "it is what an example does")]

use std::error::Error;
use std::time::Duration;

use forbear_core::Policy;
use forbear_redis::{SharedLimit, SharedQuota};

const SPAN: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1/".to_owned());
    let mut workers = Vec::new();
    for pause in [Duration::ZERO, Duration::ZERO, Duration::from_millis(200)] {
        let quota = SharedQuota::builder("example")
            .limit(SharedLimit::rate("50/s".parse()?).with_burst(10)?)
            .observe(|event| println!("{event:?}"))
            .connect(&url)
            .await;
        match quota {
            Ok(quota) => workers.push(tokio::spawn(work(quota, pause))),
            Err(error) => {
                println!("skipped: {error} ({url})");
                return Ok(());
            }
        }
    }
    for worker in workers {
        println!("{}", worker.await??);
    }
    Ok(())
}

/// Sends for a while, with a pause after each request.
async fn work(quota: SharedQuota, pause: Duration) -> Result<String, forbear_core::InvalidConfig> {
    let policy = Policy::builder().limit(quota.limiter()).build()?;
    let mut sent = 0;
    let sending = async {
        loop {
            // Here goes the request.
            if policy.retry(async || Ok::<_, std::io::Error>(())).await.is_ok() {
                sent += 1;
            }
            let mut pacing = tokio::time::interval(pause.max(Duration::from_micros(1)));
            pacing.tick().await;
            if !pause.is_zero() {
                pacing.tick().await;
            }
        }
    };
    // When the span is over, the worker stops wherever it is, and loses no permit.
    let _: Result<(), _> = tokio::time::timeout(SPAN, sending).await;
    let status = quota.status();
    quota.close().await;
    let calls = status.round_trips;
    Ok(format!("{sent} requests with {calls} calls of Redis, {} members", status.members))
}

#[test]
fn it_runs_with_or_without_a_redis() {
    main().unwrap();
}
