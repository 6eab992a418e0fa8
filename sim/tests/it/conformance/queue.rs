//! The same of a queue in front of the clients, and of `SharedQueue`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use forbear_core::driver::Verdict;
use forbear_core::driver::queue::SharedQueue;
use forbear_core::queue::Job;
use forbear_core::{Policy, Timestamp};
use forbear_sim::Simulation;
use tokio::time::{Instant, sleep_until};

use super::{CALLS, SERVER, Send, Server, judged, paused, send};
use crate::support::{policy, scenario};

/// Two clients behind a gateway, of weights 1 and 2, whose second waves are more urgent
/// than they can be served.
const GATEWAY: &str = r#"
    gateway = true
    [clients]
    count = 2
    calls = 30
    weights = [1, 2]
    lane = 1
    start_within = "2500ms"
    [arrivals]
    kind = "waves"
    size = 15
    every = "700ms"
    [[group]]
    [group.clients]
    count = 1
    calls = 10
    [group.arrivals]
    kind = "waves"
    size = 1
    every = "300ms"
"#;

/// The sends of the queue that threads and tasks share, one task a call.
#[expect(clippy::disallowed_methods, reason = "this arm runs on Tokio's paused clock")]
fn queued_under_tokio(policy: &Policy) -> Vec<Send> {
    let sends = Rc::new(RefCell::new(Vec::new()));
    let tasks = tokio::task::LocalSet::new();
    let server = Rc::new(RefCell::new(Server::new()));
    tasks.block_on(&paused(), async {
        let start = Instant::now();
        let queue = SharedQueue::new(policy.queue().unwrap().clone());
        let scope = queue.add_policy("server", policy);
        let tenants: Vec<_> =
            [1, 2, 1].map(|weight| queue.add_tenant(weight).unwrap()).into_iter().collect();
        let is_by_tenant = policy.queue().unwrap().is_by_tenant();
        let arrival = |call: u32| match call {
            60.. => u64::from(call - 60) * 300,
            _ => u64::from(call % CALLS / 15) * 700,
        };
        let mut calls: Vec<u32> = (0..70).collect();
        calls.sort_by_key(|&call| (arrival(call), call));
        let mut running = Vec::new();
        for call in calls {
            let tenant = if is_by_tenant { (call / CALLS) as usize } else { 0 };
            let (queue, tenant) = (queue.clone(), tenants[tenant]);
            let (server, sends) = (Rc::clone(&server), Rc::clone(&sends));
            let begins_at = start + Duration::from_millis(arrival(call));
            running.push(tokio::task::spawn_local(async move {
                sleep_until(begins_at).await;
                let job = Job::new(scope, tenant, ());
                let job = match call {
                    60.. => job,
                    _ => job.lane(1).deadline(queue.now().after(Duration::from_millis(2500))),
                };
                let Ok(mut place) = queue.stand(job) else { return };
                while place.turn().await.is_ok() {
                    let result = send(call, start, Rc::clone(&server), Rc::clone(&sends)).await;
                    if place.answer(&judged(&result)) != Verdict::Retry {
                        break;
                    }
                }
            }));
        }
        for task in running {
            task.await.unwrap();
        }
    });
    drop(tasks);
    Rc::try_unwrap(sends).unwrap().into_inner()
}

/// Both arms of a queue, which must agree.
fn both_queued(text: &str) -> Vec<Send> {
    let named = policy(text);
    let run =
        Simulation::new(&scenario(&format!("{GATEWAY}{SERVER}")), named.policy()).traced().run();
    let millis = |at: Timestamp| u128::from(at.as_nanos() / 1_000_000);
    let simulated: Vec<Send> = run.sends.iter().map(|sent| (millis(sent.at), sent.call)).collect();
    let real = queued_under_tokio(named.policy());
    assert_eq!(simulated, real);
    simulated
}

/// Without jitter: the queue draws from a seed of its own.
const BACKOFF: &str = r#"
    [retry]
    max_attempts = 5
    budget = "none"
    backoff = { kind = "exponential", base = "130ms", max = "2s" }
"#;

#[test]
fn a_queue_with_lanes_and_tenants_sends_alike() {
    let limit = "[[limit]]\nkind = \"gcra\"\nrate = \"17/s\"\nburst = 3\n";
    let sends = both_queued(&format!("{BACKOFF}{limit}[queue]\nlanes = 2\n"));
    assert!(sends.len() >= 50, "{}", sends.len());
    // Each is urgent when it comes, and goes first.
    let urgent = sends.iter().filter(|send| send.1 >= 60).count();
    assert!(urgent >= 10, "{urgent}");
}

#[test]
fn a_queue_that_retries_sends_alike() {
    // Faster than the server, and one at a time: of those that are given out together, who
    // has the timer is a moment before the others.
    let limit = "[[limit]]\nkind = \"gcra\"\nrate = \"40/s\"\nburst = 1\n";
    let queue = "[queue]\nlanes = 2\nfairness = \"none\"\n";
    let deaf = format!("{BACKOFF}hint = \"none\"\n");
    let sends = both_queued(&format!("{deaf}{limit}{queue}"));
    let again = sends.len() - sends.iter().map(|send| send.1).collect::<BTreeSet<_>>().len();
    assert!(again > 10, "{again} of {} are retries", sends.len());
}

#[test]
fn a_queue_by_deadlines_and_completions_sends_alike() {
    let limit = "[[limit]]\nkind = \"concurrency\"\nmax = 2\n";
    let queue = "[queue]\nlanes = [3, 1]\nageing = \"400ms\"\norder = \"earliest_deadline\"\n";
    let sends = both_queued(&format!("{BACKOFF}{limit}{queue}"));
    assert!(sends.len() >= 40, "{}", sends.len());
}
