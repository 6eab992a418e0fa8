//! A user who may do what the script does, and nothing else.

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use forbear_core::{Cost, Dimension, Observation};
use forbear_redis::{SharedLimit, SharedQuota};

use super::{greedy, limit, policy, quota, wait_for_sends};
use crate::server::Server;

/// The line of the guide.
fn rule() -> Vec<&'static str> {
    let guide = include_str!("../../../../docs/FLEET.md");
    let line = guide.lines().find(|line| line.starts_with("ACL SETUSER ")).unwrap();
    line.split(' ').collect()
}

#[tokio::test]
async fn the_rights_that_the_guide_names_are_enough() {
    let Some(server) = Server::start() else { return };
    server.run(&rule());
    let url = server.url().replace("redis://", "redis://forbear:secret@");
    for url in [url.clone(), format!("{url}?protocol=resp3")] {
        let day = Duration::from_secs(86_400);
        let window = SharedLimit::window(100_000, Duration::from_secs(1)).unwrap();
        let fixed = SharedLimit::fixed_window(1_000_000, day).unwrap();
        let tokens = window.counting(Dimension::Tokens);
        let builder = quota(limit("1000/s", 100)).limit(tokens).limit(fixed);
        let quota = builder.connect(&url).await.unwrap();
        let policy = policy(&quota);
        let sends = Arc::default();
        let task = tokio::spawn(greedy(policy.clone(), Arc::clone(&sends)));
        wait_for_sends(&sends, 150).await;
        task.abort();
        // A refund, and a wait that the API asked for.
        for wait in [None, Some(Duration::from_millis(50))] {
            let cost = Cost::REQUEST.with(Dimension::Tokens, 5000);
            let mut attempts = policy.attempts_costing(cost);
            attempts.permit().await.unwrap();
            let mut seen = match wait {
                None => *Observation::SUCCESS,
                wait => Observation::throttled(wait),
            };
            seen.usage = Some(Cost::REQUEST.with(Dimension::Tokens, 5));
            let _ = attempts.record(&seen);
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        // A second member, which waits for what the first has.
        let other = super::quota(limit("1000/s", 100)).limit(tokens).limit(fixed);
        let other = other.connect(&url).await.unwrap();
        super::policy(&other).retry(async || Ok::<_, std::io::Error>(())).await.unwrap();
        for quota in [quota, other] {
            let status = quota.status();
            assert_eq!((status.failures, &status.last_error), (0, &None));
            quota.close().await;
        }
    }
    // Keys of others are none of its business.
    let rate = "1/s".parse().unwrap();
    let builder = SharedQuota::builder("quota").limit(SharedLimit::rate(rate)).prefix("other");
    let error = builder.connect(&url).await.unwrap_err().to_string();
    assert!(error.to_uppercase().contains("NOPERM"), "{error}");
}

#[test]
fn no_right_is_asked_for_that_is_not_needed() {
    let granted: BTreeSet<String> =
        rule().into_iter().filter_map(|word| word.strip_prefix('+')).map(str::to_owned).collect();
    let script = include_str!("../../../src/script/lease.lua");
    let called = script.split("redis.call('").skip(1).map(|rest| rest.split('\'').next().unwrap());
    let called = called.chain(["TIME", "EVAL", "EVALSHA", "PTTL"]);
    let needed: BTreeSet<String> = called.map(str::to_lowercase).collect();
    // A connection by RESP3 says so.
    let granted: BTreeSet<_> = granted.into_iter().filter(|name| name != "hello").collect();
    assert_eq!(granted, needed);
}

/// Redis refuses who comes from elsewhere, unless a password is set.
#[tokio::test]
async fn protected_mode_is_said() {
    let options = ["--bind", "0.0.0.0", "--protected-mode", "yes"];
    let Some(server) = Server::start_with(&options) else { return };
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    // Nothing is sent: only the address is looked up.
    let Ok(()) = socket.connect("192.0.2.1:9") else { return };
    let address = socket.local_addr().unwrap().ip();
    let url = format!("redis://{address}:{}/", server.port());
    let error = quota(limit("1/s", 1)).connect(&url).await.unwrap_err().to_string();
    assert!(error.contains("protected mode"), "{error}");
}
