use std::time::Duration;

use forbear_core::Policy;
use forbear_core::backoff::{BackoffStrategy, Exponential};
use forbear_core::limiter::Gcra;
use forbear_http::ForbearLayer;
use tower::ServiceBuilder;

use crate::drain::{Drained, Logged, TABLE_HEAD, drain};
use crate::lateness::{Watch, within_three};
use crate::server::Nginx;

/// What the server permits: this many a second, and `BURST` on top at once.
const RATE: u32 = 100;
const BURST: u32 = 20;

fn backoff() -> impl BackoffStrategy {
    Exponential::new(Duration::from_millis(50)).capped_at(Duration::from_secs(2)).full_jitter()
}

/// The least time that the server's rule allows for what was done.
fn least(drained: &Drained) -> Duration {
    Duration::from_secs_f64((drained.done as f64 - f64::from(BURST) - 1.0) / f64::from(RATE))
}

async fn with_policy(server: &Nginx, policy: Policy, requests: usize) -> Drained {
    let logged = Logged::new();
    let service = ServiceBuilder::new().layer(ForbearLayer::new(policy)).service(logged.clone());
    drain(&server.url(), &logged, service, requests).await
}

fn limited() -> Policy {
    let rate = format!("{RATE}/s").parse().unwrap();
    let limiter = Gcra::per(rate).with_burst(BURST / 2).unwrap();
    // A stall of the machine is a burst of refusals: without a budget they are no loss.
    Policy::builder().limit(limiter).backoff(backoff()).no_budget().build().unwrap()
}

fn unlimited() -> Policy {
    Policy::builder().unlimited_attempts().no_budget().backoff(backoff()).build().unwrap()
}

async fn a_limiter_drains_500() -> Result<(), String> {
    let watch = Watch::start();
    let Some(hinting) = Nginx::limiting(RATE, BURST, Some(1)) else { return Ok(()) };
    let Some(silent) = Nginx::limiting(RATE, BURST, None) else { return Ok(()) };
    let mut used: Vec<(&str, f64, f64)> = Vec::new();
    println!("{TABLE_HEAD}");
    for (server, hint) in [(&hinting, "with"), (&silent, "without")] {
        let logged = Logged::new();
        let bare = drain(&server.url(), &logged, logged.clone(), 500).await;
        // Full again, so that both begin with the same server.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let drained = with_policy(server, limited(), 500).await;
        println!("{}", bare.row(&format!("reqwest alone, {hint} Retry-After")));
        println!("{}", drained.row(&format!("with forbear, {hint} Retry-After")));

        assert_eq!((drained.done, drained.lost), (500, 0), "{drained:?}");
        assert_eq!(drained.before_hint, 0, "{drained:?}");
        assert!(bare.lost > 300, "the server does limit: {bare:?}");
        used.push((hint, drained.used(least(&drained)), drained.refused_share()));
    }
    let lateness = watch.stop();
    let wanted = lateness.wanted(0.95);
    let is_enough = |&(_, used, refused)| used >= wanted && refused <= 0.03;
    if used.iter().all(is_enough) { Ok(()) } else { Err(format!("{lateness:?}: {used:?}")) }
}

#[tokio::test]
async fn a_limiter_drains_500_requests_through_nginx_without_loss() {
    within_three(a_limiter_drains_500).await;
}

#[tokio::test]
async fn the_hint_alone_is_obeyed_by_every_caller() {
    let Some(server) = Nginx::limiting(RATE, BURST, Some(1)) else { return };
    let drained = with_policy(&server, unlimited(), 150).await;
    assert_eq!((drained.done, drained.lost, drained.before_hint), (150, 0, 0), "{drained:?}");
    assert!(drained.refused > 0, "the server does limit: {drained:?}");
    println!("{}", drained.row("150 requests by the hint alone"));
}

#[tokio::test]
async fn without_a_hint_the_backoff_gets_every_request_through() {
    let Some(server) = Nginx::limiting(RATE, BURST, None) else { return };
    let drained = with_policy(&server, unlimited(), 300).await;
    assert_eq!((drained.done, drained.lost), (300, 0), "{drained:?}");
    println!("{}", drained.row("300 requests by the backoff alone"));
}
