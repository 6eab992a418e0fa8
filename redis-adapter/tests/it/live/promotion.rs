//! A replica that is promoted, and lacks the last calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use forbear_redis::{Event, SharedQuota, WithoutRedis, open};

use super::{assert_within, event, greedy, is_recovered, limit, policy, told, wait_for_sends};
use crate::server::Server;

/// A server whose replicas need not wait for others before they are told all.
fn primary() -> Option<Server> {
    Server::start_with(&["--repl-diskless-sync-delay", "0"])
}

fn replica_of(primary: &Server) -> Option<Server> {
    let port = primary.port().to_string();
    let replica = Server::start_with(&["--replicaof", "127.0.0.1", &port])?;
    replica.wait_for(&["INFO", "replication"], "master_link_status:up");
    Some(replica)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_promotion_loses_is_worth_one_burst_at_most() {
    let Some(mut primary) = primary() else { return };
    let replica = replica_of(&primary).unwrap();
    let port = Arc::new(AtomicU16::new(primary.port()));
    let (start, sends) = (Instant::now(), Arc::default());
    let mut members = Vec::new();
    for _ in 0..3 {
        let builder = SharedQuota::builder("quota").limit(limit("200/s", 100));
        let (builder, told) = told(builder.without_redis(WithoutRedis::Closed));
        let port = Arc::clone(&port);
        let member = builder.connect_with(move || {
            let url = format!("redis://127.0.0.1:{}/", port.load(Ordering::SeqCst));
            async move { redis::Client::open(url)?.get_multiplexed_async_connection().await }
        });
        let member = member.await.unwrap();
        tokio::spawn(greedy(policy(&member), Arc::clone(&sends)));
        members.push((member, told));
    }
    wait_for_sends(&sends, 150).await;
    // From here on it lacks what happens.
    replica.run(&["REPLICAOF", "NO", "ONE"]);
    let before = sends.lock().unwrap().len();
    wait_for_sends(&sends, before + 60).await;
    primary.kill();
    port.store(replica.port(), Ordering::SeqCst);
    let (mut lost, before) = (0, sends.lock().unwrap().len());
    for (_, told) in &mut members {
        event(told, is_recovered).await;
    }
    wait_for_sends(&sends, before + 100).await;
    for (_, told) in &mut members {
        let events = std::iter::from_fn(|| told.try_recv().ok());
        lost += events.filter(|event| *event == Event::StateLost).count();
    }
    // The first to ask knows better, and the others know that from then on.
    assert_eq!(lost, 1);
    // No more than was so before: whoever asks was answered last by the primary.
    assert_within(sends.lock().unwrap().iter().map(|at| *at - start).collect(), 100, 200);
}

fn sentinel_of(primary: &Server) -> Option<Server> {
    Server::start_by(|port, folder| {
        let file = folder.join("sentinel.conf");
        let at = format!("127.0.0.1 {}", primary.port());
        let text = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor one {at} 1\n\
             sentinel down-after-milliseconds one 500\nsentinel failover-timeout one 5000\n"
        );
        std::fs::write(&file, text).unwrap();
        vec![file.display().to_string(), "--sentinel".to_owned()]
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_name_the_primary_that_is() {
    let Some(mut primary) = primary() else { return };
    let replica = replica_of(&primary).unwrap();
    let sentinel = sentinel_of(&primary).unwrap();
    sentinel.wait_for(&["INFO", "sentinel"], "slaves=1");
    let builder = SharedQuota::builder("quota").limit(limit("200/s", 50));
    let (builder, mut told) = told(builder.without_redis(WithoutRedis::Closed));
    // One of the sentinels is gone.
    let gone = format!("redis://127.0.0.1:{}/", forbear_redis_testing::free_port());
    let sentinels = [gone.as_str(), &sentinel.url()];
    let quota = builder.connect_with(open::sentinel(sentinels, "redis://one/0").unwrap());
    let quota = quota.await.unwrap();
    let (start, sends) = (Instant::now(), Arc::default());
    tokio::spawn(greedy(policy(&quota), Arc::clone(&sends)));
    wait_for_sends(&sends, 100).await;
    primary.kill();
    replica.wait_for(&["INFO", "replication"], "role:master");
    event(&mut told, is_recovered).await;
    let before = sends.lock().unwrap().len();
    wait_for_sends(&sends, before + 100).await;
    assert_within(sends.lock().unwrap().iter().map(|at| *at - start).collect(), 50, 200);
    // A name that they do not know.
    let builder = SharedQuota::builder("quota").limit(limit("1/s", 1));
    let other = open::sentinel([sentinel.url().as_str()], "redis://two/0").unwrap();
    let error = builder.connect_with(other).await.unwrap_err();
    assert!(!error.is_config() && !error.is_timeout(), "{error}");
    let none: [&str; 0] = [];
    let error = open::sentinel(none, "redis://one/").err().unwrap();
    assert_eq!(error.to_string(), "sentinels is empty, must be at least one URL");
}

/// What the promise in the guide rests on.
#[tokio::test]
async fn a_primary_that_wants_a_replica_at_hand_takes_no_calls_without() {
    let Some(primary) =
        Server::start_with(&["--repl-diskless-sync-delay", "0", "--min-replicas-to-write", "1"])
    else {
        return;
    };
    let builder = SharedQuota::builder("quota").limit(limit("1/s", 1));
    let error = builder.connect(&primary.url()).await.unwrap_err().to_string();
    assert!(error.contains("NOREPLICAS"), "{error}");
    let _replica = replica_of(&primary).unwrap();
    primary.wait_for(&["INFO", "replication"], "min_slaves_good_slaves:1");
    tokio::time::sleep(Duration::from_millis(10)).await;
    let builder = SharedQuota::builder("quota").limit(limit("1/s", 1));
    builder.connect(&primary.url()).await.unwrap();
}
