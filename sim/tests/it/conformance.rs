//! Two arms: one storm, run by the simulator and by the production driver under
//! Tokio's paused clock. Every send must be of the same call at the same time.
//!
//! The second arm shares nothing with the simulator but the policy and the draws of
//! its jitter: its server is one of core's own limiters.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

/// A queue in front of the clients.
mod queue;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use forbear_core::limiter::{Concurrency, TokenBucket};
use forbear_core::{Completion, Cost, Decision, Limiter, Observation, Outcome, Policy, Timestamp};
use forbear_sim::{Simulation, StreamRng};
use tokio::time::{Instant, sleep, sleep_until};

use crate::support::{policy, scenario};

/// Seeds that each policy is run with: ties are rare, and they are what differs.
const SEEDS: std::ops::Range<u64> = 0..20;
const CLIENTS: u32 = 2;
const CALLS: u32 = 30;
const HALF_WAY: Duration = Duration::from_millis(20);

/// A send: milliseconds since the start, and the call.
type Send = (u128, u32);

/// The server of both arms: 20 a second, 8 at once, 60 ms for each.
const SERVER: &str = r#"
    [network]
    round_trip = "40ms"
    [server]
    service = "60ms"
    retry_after = "seconds"
    [[server.limit]]
    kind = "token_bucket"
    rate = "20/s"
    burst = 8
    [[server.limit]]
    kind = "concurrency"
    max = 8
"#;

/// Two clients that make their calls in waves.
const WAVES: &str = r#"
    [clients]
    count = 2
    calls = 30
    [arrivals]
    kind = "waves"
    size = 15
    every = "700ms"
"#;

/// The server of the second arm.
struct Server {
    bucket: TokenBucket,
    slots: Concurrency,
}

impl Server {
    fn new() -> Self {
        let bucket = TokenBucket::new("20/s".parse().unwrap(), 8).unwrap();
        Self { bucket, slots: Concurrency::new(8).unwrap() }
    }

    /// What it says to a request that comes now.
    fn arrive(&mut self, now: Timestamp) -> Observation {
        let cost = Cost::REQUEST;
        let wait = match (self.bucket.check(now, &cost), self.slots.check(now, &cost)) {
            (Decision::Admit, Decision::Admit) => {
                self.bucket.commit(now, &cost);
                self.slots.commit(now, &cost);
                return Observation::new(Outcome::Success);
            }
            (Decision::WaitUntil(time), Decision::Admit) => {
                let wait = time.since(now).as_nanos().div_ceil(1_000_000_000);
                Some(Duration::from_secs(u64::try_from(wait).unwrap()))
            }
            _ => None,
        };
        Observation::throttled(wait)
    }

    fn leave(&mut self, now: Timestamp) {
        let seen = Observation::new(Outcome::Success);
        let (cost, actual) = (Cost::REQUEST, Cost::REQUEST);
        self.slots.observe(now, &Completion { sent_at: now, cost, actual, observation: &seen });
    }
}

#[expect(clippy::disallowed_methods, reason = "this arm runs on Tokio's paused clock")]
async fn send(
    call: u32,
    start: Instant,
    server: Rc<RefCell<Server>>,
    sends: Rc<RefCell<Vec<Send>>>,
) -> Result<(), Observation> {
    sends.borrow_mut().push((start.elapsed().as_millis(), call));
    let now = || Timestamp::ZERO.after(start.elapsed());
    sleep(HALF_WAY).await;
    let answer = server.borrow_mut().arrive(now());
    if answer.outcome == Outcome::Success {
        sleep(Duration::from_millis(60)).await;
        server.borrow_mut().leave(now());
        sleep(HALF_WAY).await;
        return Ok(());
    }
    sleep(HALF_WAY).await;
    Err(answer)
}

/// What an arm runs on: one thread, with a clock that stands still until all wait.
fn paused() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

/// The sends of the production driver.
#[expect(clippy::disallowed_methods, reason = "this arm runs on Tokio's paused clock")]
fn under_tokio(policy: &Policy, seed: u64) -> Vec<Send> {
    let sends = Rc::new(RefCell::new(Vec::new()));
    let tasks = tokio::task::LocalSet::new();
    let server = Rc::new(RefCell::new(Server::new()));
    tasks.block_on(&paused(), async {
        let start = Instant::now();
        let policies: Vec<Policy> = (0..CLIENTS)
            .map(|client| policy.drawing_from(Box::new(StreamRng::jitter(seed, client))))
            .collect();
        // In the order of their times, as the simulator has them.
        let wave = |call: u32| (call % CALLS) / 15;
        let mut calls: Vec<u32> = (0..CLIENTS * CALLS).collect();
        calls.sort_by_key(|&call| (wave(call), call));
        let mut running = Vec::new();
        for call in calls {
            let policy = policies[(call / CALLS) as usize].clone();
            let (server, sends) = (Rc::clone(&server), Rc::clone(&sends));
            let begins_at = start + Duration::from_millis(700) * wave(call);
            running.push(tokio::task::spawn_local(async move {
                sleep_until(begins_at).await;
                let op = || send(call, start, Rc::clone(&server), Rc::clone(&sends));
                // How it ends is told by its sends.
                let _ = policy.retry(op).classify(judged).await;
            }));
        }
        for task in running {
            task.await.unwrap();
        }
    });
    drop(tasks);
    Rc::try_unwrap(sends).unwrap().into_inner()
}

fn judged(result: &Result<(), Observation>) -> Observation {
    result.err().unwrap_or(Observation::new(Outcome::Success))
}

/// The sends of the simulator.
fn simulated(policy: &Policy, seed: u64) -> Vec<Send> {
    let run =
        Simulation::new(&scenario(&format!("{WAVES}{SERVER}")), policy).seed(seed).traced().run();
    let millis = |at: Timestamp| u128::from(at.as_nanos() / 1_000_000);
    run.sends.iter().map(|sent| (millis(sent.at), sent.call)).collect()
}

/// Both arms, which must agree; the sends of the last seed.
fn both(text: &str) -> Vec<Send> {
    let named = policy(text);
    let mut last = Vec::new();
    for seed in SEEDS {
        let (simulated, real) =
            (simulated(named.policy(), seed), under_tokio(named.policy(), seed));
        let differ = simulated.iter().zip(&real).position(|(a, b)| a != b);
        if let Some(at) = differ {
            let (simulated, real) = (simulated[at], real[at]);
            panic!("seed {seed}, send {at}: {simulated:?} simulated, {real:?} real");
        }
        assert_eq!(simulated.len(), real.len(), "seed {seed}");
        last = simulated;
    }
    last
}

#[test]
fn jittered_backoff_without_a_limiter_sends_alike() {
    let sends = both(
        r#"
        [retry]
        max_attempts = 8
        budget = "none"
        hint = "none"
        backoff = { kind = "exponential", base = "100ms", max = "5s", jitter = "full" }
        "#,
    );
    assert!(sends.len() > 100, "{}", sends.len());
}

#[test]
fn a_rate_limiter_sends_alike() {
    let sends = both(
        r#"
        [retry]
        backoff = { kind = "exponential", base = "100ms", max = "5s", jitter = "equal" }
        [[limit]]
        kind = "gcra"
        rate = "13/s"
        burst = 3
        "#,
    );
    assert!(sends.len() >= 60);
}

#[test]
fn a_concurrency_limiter_sends_alike() {
    let sends = both(
        r#"
        [retry]
        max_attempts = "none"
        budget = "none"
        hint = "none"
        backoff = { kind = "decorrelated", base = "70ms", max = "2s" }
        [[limit]]
        kind = "concurrency"
        max = 3
        "#,
    );
    assert!(sends.len() > 60);
}

#[test]
fn a_shared_wait_of_the_server_sends_alike() {
    let sends = both(
        r#"
        [retry]
        max_attempts = "none"
        budget = "none"
        backoff = { kind = "exponential", base = "100ms", max = "5s", jitter = "full" }
        "#,
    );
    assert!(sends.len() > 60);
}

#[test]
fn a_deadline_sends_alike() {
    let sends = both(
        r#"
        [retry]
        max_attempts = "none"
        deadline = "1500ms"
        budget = { ratio = 0.5, reserve = 3 }
        backoff = { kind = "constant", delay = "90ms", jitter = "full" }
        [[limit]]
        kind = "gcra"
        rate = "9/s"
        burst = 2
        [[limit]]
        kind = "concurrency"
        max = 2
        "#,
    );
    // Some calls ran out of time in the line.
    assert!(sends.len() < 60, "{}", sends.len());
}

#[test]
fn everything_at_once_sends_alike() {
    // Delays that are whole multiples of the timer and of the latency make ties: a
    // completion, a timer and a wake in the same millisecond.
    both(
        r#"
        [retry]
        max_attempts = 12
        deadline = "6s"
        budget = { ratio = 2.0, reserve = 20 }
        hint = { cap = "5s", beyond = "park" }
        backoff = { kind = "constant", delay = "20ms" }
        [[limit]]
        kind = "token_bucket"
        rate = "50/s"
        burst = 4
        initial = 1
        [[limit]]
        kind = "concurrency"
        max = 4
        "#,
    );
}
