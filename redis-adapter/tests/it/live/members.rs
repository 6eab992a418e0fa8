//! Several members in one process.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use forbear_core::driver::queue::{Answered, SharedQueue};
use forbear_core::queue::{Job, QueueConfig};
use forbear_core::{Clock, Cost, Dimension, Limiter, Observation, Policy};
use forbear_redis::{Mode, SharedLimit, SharedQuota};

use super::{assert_within, event, greedy, limit, policy, quota, told};
use crate::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_is_used_and_not_exceeded_by_members_at_once() {
    let Some(server) = Server::start() else { return };
    let (start, mut tasks) = (Instant::now(), Vec::new());
    let (mut quotas, mut all) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let quota = quota(limit("400/s", 100)).connect(&server.url()).await.unwrap();
        let sends = Arc::default();
        tasks.push(tokio::spawn(greedy(policy(&quota), Arc::clone(&sends))));
        quotas.push(quota);
        all.push(sends);
    }
    let span = Duration::from_millis(2000);
    tokio::time::sleep(span).await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    let calls: u64 = quotas.iter().map(|quota| quota.status().round_trips).sum();
    let counts: Vec<_> = all.iter().map(|sends| sends.lock().unwrap().len()).collect();
    let sends: Vec<_> = all.iter().flat_map(|sends| sends.lock().unwrap().clone()).collect();
    let used = sends.len();
    eprintln!("{used} sends in {span:?}, {counts:?}, {calls} calls");
    assert!(used >= 800, "{used}");
    assert!(counts.iter().all(|&count| count >= used / 8), "{counts:?}");
    assert_within(sends.iter().map(|at| *at - start).collect(), 100, 400);
}

#[tokio::test]
async fn a_wait_that_one_member_is_asked_for_holds_the_others() {
    let Some(server) = Server::start() else { return };
    let one = quota(limit("1000/s", 1000)).connect(&server.url()).await.unwrap();
    let (builder, mut told) = told(quota(limit("1000/s", 1000)));
    let other = builder.connect(&server.url()).await.unwrap();
    let other = policy(&other);
    // The other one has permits, and uses them.
    other.retry(async || Ok::<_, std::io::Error>(())).await.unwrap();
    let mut attempts = policy(&one).attempts();
    attempts.permit().await.unwrap();
    let asked = Instant::now();
    let wait = Duration::from_secs(2);
    let _ = attempts.record(&Observation::throttled(Some(wait)));
    // It hears of it as soon as it calls, which it does for the next permits.
    let mut sent = Vec::new();
    while asked.elapsed() < wait + Duration::from_millis(300) {
        other.retry(async || Ok::<_, std::io::Error>(())).await.unwrap();
        sent.push(asked.elapsed());
    }
    let late = sent.iter().filter(|&&at| at > Duration::from_secs(1) && at < wait);
    assert_eq!(late.count(), 0, "{sent:?}");
    assert!(sent.iter().any(|&at| at >= wait));
    event(&mut told, |event| matches!(event, forbear_redis::Event::Cooldown { .. })).await;
}

#[tokio::test]
async fn two_dimensions_are_taken_together_and_settled() {
    let Some(server) = Server::start() else { return };
    let tokens = limit("1000/s", 10_000).counting(Dimension::Tokens);
    let quota = quota(limit("100/s", 100)).limit(tokens).connect(&server.url()).await.unwrap();
    let policy = policy(&quota);
    let cost = Cost::REQUEST.with(Dimension::Tokens, 8000);
    let mut attempts = policy.attempts_costing(cost);
    attempts.permit().await.unwrap();
    let mut seen = *Observation::SUCCESS;
    seen.usage = Some(Cost::REQUEST.with(Dimension::Tokens, 500));
    let _ = attempts.record(&seen);
    // What was not used of the estimate is there for the next one at once; without it,
    // that one would wait for six seconds.
    let start = Instant::now();
    let mut attempts = policy.attempts_costing(cost);
    attempts.permit().await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(quota.status().sent[0], 2);
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_its_permit_to_the_next() {
    let Some(server) = Server::start() else { return };
    let quota = quota(limit("1/h", 1)).connect(&server.url()).await.unwrap();
    let policy = policy(&quota);
    {
        let mut attempts = policy.attempts();
        let mut waiting = pin!(attempts.permit());
        let is_pending = poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
        assert!(is_pending, "there is no permit yet");
    }
    let mut attempts = policy.attempts();
    attempts.permit().await.unwrap();
    attempts.retract();
    let mut again = policy.attempts();
    again.permit().await.unwrap();
}

#[tokio::test]
async fn what_a_member_leaves_another_may_use_at_once() {
    let Some(server) = Server::start() else { return };
    let one = quota(limit("1/h", 5)).connect(&server.url()).await.unwrap();
    let mut limiter = one.limiter();
    let whole = Cost::ZERO.with(Dimension::Requests, 5);
    let clock = one.clock();
    while !limiter.check(clock.now(), &whole).is_admit() {
        tokio::task::yield_now().await;
    }
    assert_eq!(one.status().held, [5]);
    // Promised and not taken: it goes back with the member.
    drop(limiter.clone());
    let _ = limiter.name();
    drop(std::mem::replace(&mut limiter, one.limiter()));
    one.close().await;
    let other = quota(limit("1/h", 5)).connect(&server.url()).await.unwrap();
    let mut attempts = policy(&other).attempts_costing(whole);
    let permit = tokio::time::timeout(Duration::from_secs(5), attempts.permit()).await;
    permit.expect("the permits came back").unwrap();
}

#[tokio::test]
async fn jobs_of_a_queue_take_permits_too() {
    let Some(server) = Server::start() else { return };
    let quota = quota(limit("100/s", 2)).connect(&server.url()).await.unwrap();
    let jobs = SharedQueue::new(QueueConfig::new());
    let api = jobs.add_policy("api", &policy(&quota));
    let tenant = jobs.add_tenant(1).unwrap();
    for number in 0..10 {
        jobs.push(Job::new(api, tenant, number)).unwrap();
    }
    jobs.drain();
    let mut done = 0;
    while let Some(turn) = jobs.next().await {
        assert!(matches!(turn.answer(Observation::SUCCESS), Answered::Done(_)));
        done += 1;
    }
    assert_eq!((done, quota.status().sent[0]), (10, 10));
}

#[tokio::test]
async fn threads_wait_for_leases_too() {
    let Some(server) = Server::start() else { return };
    let quota = quota(limit("100/s", 2)).connect(&server.url()).await.unwrap();
    let policy = policy(&quota);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let policy = policy.clone();
            tokio::task::spawn_blocking(move || {
                policy.retry(|| Ok::<_, std::io::Error>(())).blocking().unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.await.unwrap();
    }
}

#[tokio::test]
async fn resp3_and_a_connection_of_ones_own_will_do() {
    let Some(server) = Server::start() else { return };
    let url = format!("{}?protocol=resp3", server.url());
    let by_url = SharedQuota::connect(&url, "quota", "100/s".parse().unwrap()).await.unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let own = quota(SharedLimit::rate("100/s".parse().unwrap())).connect_with(move || {
        let client = client.clone();
        async move { client.get_multiplexed_async_connection().await }
    });
    let own = own.await.unwrap();
    for quota in [&by_url, &own] {
        policy(quota).retry(async || Ok::<_, std::io::Error>(())).await.unwrap();
    }
    assert_eq!(own.status().members, 2);
    assert_eq!(own.status().mode, Mode::Leased);
}

#[test]
fn a_quota_whose_runtime_is_gone_is_without_redis() {
    let Some(server) = Server::start() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let quota = runtime.block_on(quota(limit("100/s", 5)).connect(&server.url())).unwrap();
    drop(runtime);
    assert_eq!(quota.status().mode, Mode::WithoutRedis);
    let error = quota.status().last_error;
    assert_eq!(error.as_deref(), Some("the task that talks to Redis has ended"));
    // Nobody waits for ever, even without a deadline.
    policy(&quota).retry(|| Ok::<_, std::io::Error>(())).blocking().unwrap();
}

#[tokio::test]
async fn a_quota_that_is_closed_lets_nobody_wait_beyond_the_deadline() {
    let Some(server) = Server::start() else { return };
    let quota = quota(limit("100/s", 5)).connect(&server.url()).await.unwrap();
    let policy = Policy::builder()
        .limit(quota.limiter())
        .deadline(Duration::from_millis(50))
        .build()
        .unwrap();
    quota.close().await;
    let gave_up = policy.retry(async || Ok::<_, std::io::Error>(())).await.unwrap_err();
    assert!(gave_up.to_string().contains("deadline"), "{gave_up}");
}

/// Sends of one member are not lost by the lock of another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_of_one_process_share_a_lease() {
    let Some(server) = Server::start() else { return };
    let quota = quota(limit("50/s", 20)).connect(&server.url()).await.unwrap();
    let (start, sends) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
    let tasks: Vec<_> =
        (0..3).map(|_| tokio::spawn(greedy(policy(&quota), Arc::clone(&sends)))).collect();
    tokio::time::sleep(Duration::from_millis(800)).await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    let sends = sends.lock().unwrap();
    assert!(sends.len() >= 40, "{}", sends.len());
    assert_within(sends.iter().map(|at| *at - start).collect(), 20, 50);
}
