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

/// Sends the batch, and holds the forecast against it.
fn forecast_and_run(batch: &Batch, latency: Duration, used_percent: u32) -> forbear_batch::Summary {
    let assumed = Assumptions::latency(latency).using_percent(used_percent);
    let forecast = batch.forecast(&batch.scan().unwrap(), &assumed).unwrap();
    let summary = run(batch);
    let took = summary.progress.elapsed;
    println!("forecast {:?}, took {took:?}, {:?}", forecast.takes, summary.progress);
    assert!(summary.is_success(), "{summary:?}");
    assert_eq!(forecast.jobs, summary.progress.done);
    assert!(off(forecast.takes, took) <= 0.05, "forecast {:?}, took {took:?}", forecast.takes);
    summary
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
    let (server, folder) = (TokenServer::start(quota), Folder::new());
    folder.write("requests.jsonl", prompts(300));
    let batch = folder.batch(&server.url()).policy(policy(&quota));
    let summary = forecast_and_run(&batch, latency, 90);
    exactly_once(&folder, 300);
    let (used, refused) = (server.used(), server.log().refused);
    println!("used {used:.3}, refused {refused} of {}", summary.progress.sends);
    assert!(used >= 0.95, "{used}");
    assert!(refused as f64 <= 0.01 * summary.progress.sends as f64, "{refused}");
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
    let (server, folder) = (TokenServer::start(quota), Folder::new());
    folder.write("requests.jsonl", prompts(320));
    let batch = folder.batch(&server.url()).policy(policy(&quota));
    let scan = batch.scan().unwrap();
    assert_eq!((scan.jobs, scan.malformed), (320, 0));
    // Half of the answers' tokens are given back.
    let summary = forecast_and_run(&batch, latency, 68);
    exactly_once(&folder, 320);
    let (used, refused) = (server.used(), server.log().refused);
    println!("used {used:.3}, refused {refused} of {}", summary.progress.sends);
    assert!(used >= 0.95, "{used}");
    assert!(refused as f64 <= 0.01 * summary.progress.sends as f64, "{refused}");
}

#[test]
fn nginx_is_used_up_without_refusals() {
    let Some(server) = Nginx::limiting(100, 60, None) else { return };
    let folder = Folder::new();
    let lines: String = (0..500).map(|n| format!("{{\"path\":\"/{n}\"}}\n")).collect();
    folder.write("requests.jsonl", lines);
    let limiter = Gcra::per("100/s".parse().unwrap()).with_burst(5).unwrap();
    let batch = folder.batch(&server.url()).policy(patient().limit(limiter).build().unwrap());
    let summary = forecast_and_run(&batch, Duration::from_millis(1), 100);
    exactly_once(&folder, 500);
    let used = 500.0 / 100.0 / summary.progress.elapsed.as_secs_f64();
    println!("used {used:.3}, throttled {}", summary.progress.throttled);
    assert!(used >= 0.95, "{used}");
    assert!(summary.progress.throttled <= 5, "{summary:?}");
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
