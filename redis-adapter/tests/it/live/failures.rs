//! A Redis that fails, in each of its ways.

use std::sync::Arc;
use std::time::{Duration, Instant};

use forbear_redis::{Event, Mode, SharedQuota, WithoutRedis};

use super::{
    assert_within, event, greedy, is_lost, is_recovered, limit, policy, quota, told, wait_for_sends,
};
use crate::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_without_memory_gives_no_second_burst() {
    let Some(mut server) = Server::start() else { return };
    let (builder, mut told) = told(quota(limit("100/s", 50)).without_redis(WithoutRedis::Closed));
    let quota = builder.connect(&server.url()).await.unwrap();
    let (start, sends) = (Instant::now(), Arc::default());
    let task = tokio::spawn(greedy(policy(&quota), Arc::clone(&sends)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.kill();
    event(&mut told, is_lost).await;
    server.restart();
    event(&mut told, is_recovered).await;
    let back = sends.lock().unwrap().len();
    wait_for_sends(&sends, back + 50).await;
    task.abort();
    assert_within(sends.lock().unwrap().iter().map(|at| *at - start).collect(), 50, 100);
}

#[tokio::test]
async fn a_redis_that_hangs_holds_up_no_call_for_longer_than_the_timeout() {
    let Some(server) = Server::start() else { return };
    let builder = quota(limit("200/s", 10)).timeout(Duration::from_millis(100));
    let (builder, mut told) = told(builder.lease(Duration::from_millis(500)));
    let quota = builder.connect(&server.url()).await.unwrap();
    let policy = policy(&quota);
    server.signal("-STOP");
    let start = Instant::now();
    for _ in 0..20 {
        policy.retry(async || Ok::<_, std::io::Error>(())).await.unwrap();
    }
    // 100 ms until it is known and 100 ms for 20 at 200 a second; 2 s if each call waited
    // for its own time-out. The rest is for the machine.
    assert!(start.elapsed() < Duration::from_millis(1800), "{:?}", start.elapsed());
    assert_eq!(quota.status().mode, Mode::WithoutRedis);
    let Event::Lost { error } = event(&mut told, is_lost).await else { unreachable!() };
    assert_eq!(error, "redis did not answer within 100ms");
    server.signal("-CONT");
    event(&mut told, is_recovered).await;
    assert_eq!(quota.status().mode, Mode::Leased);
    assert!(quota.status().sent_without_redis[0] >= 10);
}

#[tokio::test]
async fn scripts_that_are_flushed_are_sent_again_unseen() {
    let Some(server) = Server::start() else { return };
    let quota = quota(limit("1000/s", 100)).connect(&server.url()).await.unwrap();
    let policy = policy(&quota);
    for _ in 0..3 {
        server.run(&["SCRIPT", "FLUSH"]);
        for _ in 0..30 {
            policy.retry(async || Ok::<_, std::io::Error>(())).await.unwrap();
        }
    }
    assert_eq!(quota.status().failures, 0, "{:?}", quota.status());
}

#[tokio::test]
async fn a_redis_that_takes_no_writes_is_lost_until_it_does() {
    let Some(server) = Server::start() else { return };
    for (make, undo, word) in [
        (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"], "OOM"),
        (["REPLICAOF", "127.0.0.1", "1", ""], ["REPLICAOF", "NO", "ONE", ""], "READONLY"),
    ] {
        let words = |words: [&'static str; 4]| words.into_iter().filter(|word| !word.is_empty());
        let (builder, mut told) = told(quota(limit("1000/s", 10)));
        let quota = builder.connect(&server.url()).await.unwrap();
        let policy = policy(&quota);
        server.run(&words(make).collect::<Vec<_>>());
        let task = tokio::spawn(greedy(policy, Arc::default()));
        let Event::Lost { error } = event(&mut told, is_lost).await else { unreachable!() };
        assert!(error.to_uppercase().contains(word), "{word}: {error}");
        server.run(&words(undo).collect::<Vec<_>>());
        event(&mut told, is_recovered).await;
        task.abort();
    }
}

#[tokio::test]
async fn what_is_wrong_at_the_start_is_said() {
    let Some(server) = Server::start_with(&["--requirepass", "secret"]) else { return };
    let rate = || "10/s".parse().unwrap();
    let error = SharedQuota::connect(&server.url(), "a", rate()).await.unwrap_err();
    assert!(!error.is_config() && !error.is_timeout());
    let text = error.to_string();
    assert!(
        text.starts_with("redis does not serve the quota: ") && text.contains("NOAUTH"),
        "{text}"
    );
    let wrong = server.url().replace("redis://", "redis://user:hush@");
    let text = SharedQuota::connect(&wrong, "a", rate()).await.unwrap_err().to_string();
    assert!(text.to_lowercase().contains("auth") && !text.contains("hush"), "{text}");
    let right = server.url().replace("redis://", "redis://:secret@");
    SharedQuota::connect(&right, "a", rate()).await.unwrap();
    server.signal("-STOP");
    let error = SharedQuota::connect(&right, "a", rate()).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    server.signal("-CONT");
    for (url, name) in [("http://:hush@host/", "a"), ("redis://127.0.0.1/", "a{b")] {
        let error = SharedQuota::connect(url, name, rate()).await.unwrap_err();
        assert!(error.is_config() && !error.to_string().contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn a_process_starts_without_redis_and_joins_later() {
    let Some(mut server) = Server::start() else { return };
    let url = server.url();
    server.kill();
    let error = quota(limit("100/s", 10)).connect(&url).await.unwrap_err().to_string();
    assert!(error.contains("refused") && !error.contains("hung up"), "{error}");
    let (builder, mut told) = told(quota(limit("100/s", 10)));
    let quota = builder.start(&url).unwrap();
    event(&mut told, is_lost).await;
    // Alone, as far as it knows.
    policy(&quota).retry(async || Ok::<_, std::io::Error>(())).await.unwrap();
    server.restart();
    event(&mut told, |event| matches!(event, Event::Connected { members: 1 })).await;
    assert_eq!(quota.status().mode, Mode::Leased);
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let error = |builder: forbear_redis::SharedQuotaBuilder| {
        builder.start("redis://127.0.0.1/").unwrap_err().to_string()
    };
    let ms = Duration::from_millis;
    let fine = || quota(limit("1/s", 1));
    assert_eq!(error(fine().lease(ms(99))), "lease is 99ms, must be from 100ms to 1m");
    assert_eq!(
        error(fine().lease(ms(400)).timeout(ms(200))),
        "timeout is 200ms, must be longer than 0 and less than half the lease"
    );
    assert_eq!(
        error(fine().reconnect_within(ms(49))),
        "reconnect_within is 49ms, must be from 50ms to 1m"
    );
    assert_eq!(error(SharedQuota::builder("a")), "limits is 0, must be 1 to 8");
    let nine = (0..8).fold(fine(), |builder, _| builder.limit(limit("1/s", 1)));
    assert_eq!(error(nine), "limits is 9, must be 1 to 8");
    assert_eq!(error(fine().prefix("")), "prefix is '', must be 1 to 200 bytes without braces");
}
