use std::collections::BTreeSet;
use std::time::Duration;

use forbear_batch::{Assumptions, Batch};
use forbear_core::Dimension::Tokens;
use forbear_core::limiter::{Gcra, TokenBucket};
use forbear_core::{Policy, PolicyBuilder};

use crate::server::{Nginx, Quota, TokenServer};
use crate::support::{Folder, prompts, run};

fn patient() -> PolicyBuilder {
    Policy::builder().max_attempts(10).no_deadline().no_budget()
}

/// The rates of the server. Of what it lets through at once a tenth is used: the rest is for
/// what is slow on its way, and then comes with the next.
fn policy(quota: &Quota) -> Policy {
    let rate = |units: f64| format!("{}/s", units as u64).parse().unwrap();
    let burst = |units: f64| (units * quota.burst_s * 0.1).max(1.0) as u32;
    patient()
        .limit(Gcra::per(rate(quota.requests)).with_burst(burst(quota.requests)).unwrap())
        .limit(TokenBucket::new(rate(quota.tokens), burst(quota.tokens)).unwrap().counting(Tokens))
        .build()
        .unwrap()
}

/// Each job is in the results and in the journal once, and was served once.
fn exactly_once(folder: &Folder, jobs: usize) {
    let results = folder.results("results.jsonl");
    let ids: BTreeSet<_> = results.iter().map(|result| result["id"].to_string()).collect();
    assert_eq!((results.len(), ids.len()), (jobs, jobs));
    assert!(results.iter().all(|result| result["ok"] == true && result["status"] == 200));
    let journal = folder.read("results.jsonl.journal");
    assert_eq!(journal.lines().filter(|line| line.contains(r#"{"done":"#)).count(), jobs);
}

fn off(a: Duration, b: Duration) -> f64 {
    (a.as_secs_f64() / b.as_secs_f64() - 1.0).abs()
}

/// What a run is held against.
struct Bounds {
    latency: Duration,
    used_percent: u32,
    jobs: usize,
}

/// Sends batches, each to a server of its own, until one is as fast as forecast and uses up
/// the quota: a machine that does something else besides makes some of them late.
///
/// `used` says, of a run that is over, the share of the quota that it used and how many were
/// refused.
fn is_used_up_as_forecast<S>(
    start: impl Fn() -> Option<(S, Folder, Batch)>,
    bounds: &Bounds,
    used: impl Fn(&S, &forbear_batch::Summary) -> (f64, u64),
) {
    const RUNS: usize = 4;
    let mut seen = Vec::new();
    for _ in 0..RUNS {
        let Some((server, folder, batch)) = start() else { return };
        let assumed = Assumptions::latency(bounds.latency).using_percent(bounds.used_percent);
        let scan = batch.scan().unwrap();
        assert_eq!((scan.jobs, scan.malformed), (bounds.jobs as u64, 0));
        let forecast = batch.forecast(&scan, &assumed).unwrap();
        let summary = run(&batch);
        assert!(summary.is_success(), "{summary:?}");
        assert_eq!(forecast.jobs, summary.progress.done);
        exactly_once(&folder, bounds.jobs);
        let (used, refused) = used(&server, &summary);
        let took = summary.progress.elapsed;
        println!("forecast {:?}, took {took:?}, used {used:.3}, refused {refused}", forecast.takes);
        // Nobody is faster than the limits, however late a machine is.
        assert!(forecast.takes.as_secs_f64() <= took.as_secs_f64() * 1.05, "{took:?}");
        let is_as_forecast = off(forecast.takes, took) <= 0.05;
        if is_as_forecast && used >= 0.95 && refused * 100 <= summary.progress.sends {
            return;
        }
        seen.push((forecast.takes, took, used, refused));
    }
    panic!("forecast, took, used, refused: {seen:?}");
}

/// Batches of so many prompts to a server of this quota.
fn token_server(quota: Quota, jobs: usize) -> Option<(TokenServer, Folder, Batch)> {
    let (server, folder) = (TokenServer::start(quota), Folder::new());
    folder.write("requests.jsonl", prompts(jobs));
    let batch = folder.batch(&server.url()).policy(policy(&quota));
    Some((server, folder, batch))
}

fn used_of(server: &TokenServer, _: &forbear_batch::Summary) -> (f64, u64) {
    let used = server.used();
    (used, server.log().refused as u64)
}

#[test]
fn a_quota_of_requests_is_used_up_and_the_forecast_holds() {
    let latency = Duration::from_millis(40);
    let quota = Quota {
        refusals_count: false,
        requests: 150.0,
        tokens: 1e6,
        burst_s: 1.0,
        latency,
        answered: 0.8,
    };
    let bounds = Bounds { latency, used_percent: 90, jobs: 300 };
    is_used_up_as_forecast(|| token_server(quota, 300), &bounds, used_of);
}

#[test]
fn a_quota_of_tokens_is_used_up_and_the_forecast_holds() {
    let latency = Duration::from_millis(40);
    let quota = Quota {
        refusals_count: false,
        requests: 1e4,
        tokens: 15_000.0,
        burst_s: 1.0,
        latency,
        answered: 0.5,
    };
    // Half of the answers' tokens are given back.
    let bounds = Bounds { latency, used_percent: 68, jobs: 320 };
    is_used_up_as_forecast(|| token_server(quota, 320), &bounds, used_of);
}

#[test]
fn nginx_is_used_up_without_refusals() {
    let start = || {
        let server = Nginx::limiting(100, 60, None)?;
        let folder = Folder::new();
        let lines: String = (0..500).map(|n| format!("{{\"path\":\"/{n}\"}}\n")).collect();
        folder.write("requests.jsonl", lines);
        let limiter = Gcra::per("100/s".parse().unwrap()).with_burst(5).unwrap();
        let batch = folder.batch(&server.url()).policy(patient().limit(limiter).build().unwrap());
        Some((server, folder, batch))
    };
    let bounds = Bounds { latency: Duration::from_millis(1), used_percent: 100, jobs: 500 };
    is_used_up_as_forecast(start, &bounds, |_, summary| {
        let used = 500.0 / 100.0 / summary.progress.elapsed.as_secs_f64();
        (used, summary.progress.throttled)
    });
}

#[test]
fn limits_that_nobody_told_are_learned_from_the_answers() {
    let latency = Duration::from_millis(20);
    let quota = Quota {
        refusals_count: false,
        requests: 200.0,
        tokens: 1e6,
        burst_s: 0.5,
        latency,
        answered: 0.8,
    };
    let (server, folder) = (TokenServer::start(quota), Folder::new());
    folder.write("requests.jsonl", prompts(400));
    let learned = forbear_core::limiter::Learned::new();
    let batch = folder.batch(&server.url()).policy(patient().limit(learned).build().unwrap());
    let summary = run(&batch);
    assert!(summary.is_success(), "{summary:?}");
    exactly_once(&folder, 400);
    let refused = server.log().refused;
    println!("learned: {:?}, refused {refused}", summary.progress);
    assert!(refused <= 200, "the answers are heard: {refused}");
}
