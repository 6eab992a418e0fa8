//! A Redis that runs out of memory, or forgets a part of what it knew.

use std::sync::Arc;
use std::time::{Duration, Instant};

use forbear_redis::{Event, SharedLimit, SharedQuota, WithoutRedis};

use super::{assert_within, event, greedy, limit, policy, quota, told, wait_for_sends};
use crate::server::Server;

/// Keys that an eviction may take one by one, since Redis knows of no others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_evicted_alone_is_missed() {
    let Some(server) = Server::start() else { return };
    let window = SharedLimit::window(100, Duration::from_secs(2)).unwrap();
    let builder = quota(limit("200/s", 50)).limit(window).without_redis(WithoutRedis::Closed);
    let (builder, mut told) = told(builder);
    let quota = builder.lease(Duration::from_millis(300)).timeout(Duration::from_millis(100));
    let quota = quota.connect(&server.url()).await.unwrap();
    let sends = Arc::default();
    tokio::spawn(greedy(policy(&quota), Arc::clone(&sends)));
    for key in ["state", "members", "leases", "log2"] {
        let before = sends.lock().unwrap().len();
        wait_for_sends(&sends, before + 20).await;
        while told.try_recv().is_ok() {}
        server.run(&["DEL", &format!("forbear:{{quota}}:{key}")]);
        event(&mut told, |event| *event == Event::StateLost).await;
    }
}

/// The policy that hosted Redis servers have unless told otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_evicts_keeps_a_quota_that_is_in_use() {
    let options = ["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"];
    let Some(server) = Server::start_with(&options) else { return };
    let (builder, mut told) = told(SharedQuota::builder("quota").limit(limit("500/s", 50)));
    let quota = builder.connect(&server.url()).await.unwrap();
    let (start, sends) = (Instant::now(), Arc::default());
    let task = tokio::spawn(greedy(policy(&quota), Arc::clone(&sends)));
    let filler = "x".repeat(10_000);
    for number in 0..1000 {
        server.run(&["SET", &number.to_string(), &filler]);
    }
    server.wait_for(&["INFO", "stats"], "evicted_keys:");
    let before = sends.lock().unwrap().len();
    wait_for_sends(&sends, before + 100).await;
    task.abort();
    // Whatever was evicted, the rate was kept.
    let events: Vec<_> = std::iter::from_fn(|| told.try_recv().ok()).collect();
    eprintln!("{events:?}");
    assert_within(sends.lock().unwrap().iter().map(|at| *at - start).collect(), 50, 500);
}
