//! Two arms: a storm in the simulator, and the same storm over HTTP.
//!
//! The second arm is what a user runs: `ForbearLayer` over reqwest, sockets of the loopback,
//! an axum server, header fields, the production reader. Only the network in between and the
//! server's own limits are the scenario's ([`Stage`]). Time is Tokio's paused clock, which
//! moves on when every task waits, so a storm of ten minutes takes the time of its requests.
//! It would move on while a socket is waited for, too, and is held for so long ([`Held`]); the
//! time that the server works is therefore waited outside of the exchange.
//!
//! **Tolerance.** Both arms draw the same luck and the same jitter, so they would send alike
//! to the nanosecond but for two things. Tokio's timer has whole milliseconds, so each of the
//! sleeps of an attempt is up to a millisecond late. And requests that come in one
//! millisecond reach the server in another order, so another one of them is refused, and what
//! follows is another story with the same statistics. Counts may differ by 3 % of the sends
//! and five, mean times by 10 % and 20 ms, and the drain, which is the time of the one
//! unluckiest call, by 20 %. A mistake in the virtual driver, the wire or the reader shows as
//! far more: a hint that is not read is a different policy.
//!
//! Groups with policies of their own, callers that think, waits that are told as dates, and
//! writes that follow reads are in it as well. What is not: `redis-partition`, whose second
//! half is a Redis (`fleet_arm.rs` and the tests of `forbear-redis` run fleets on real ones);
//! `tenant-batch`, whose queue is held against the production driver in `conformance/queue.rs`; and
//! how clocks that are off change what a client reads where the server sends no `Date`
//! (`clock-skew` sends it; a process has one wall clock for all of its clients).
//!
//! One storm runs on the real clock too, twenty times as fast. There the machine is part of
//! the experiment, and a loaded one is late: the bounds are those that hold whatever is late
//! (every call succeeds, no request before the hint, no more than the quota lets in), and
//! one on the drain from below.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

/// The clients of the second arm.
mod client;
/// The paused clock while a socket is waited for.
mod held;
/// A storm that takes its time.
mod real_clock;
/// The server of the second arm.
mod server;

use std::time::Duration;

use forbear_core::Policy;
use forbear_sim::{NamedPolicy, Scenario, Shipped, Simulation};

use self::client::over_http;

/// What both arms measure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Measured {
    calls: u64,
    succeeded: u64,
    sends: u64,
    throttled: u64,
    drained: Duration,
    /// Mean time from when a call was wanted to its success.
    mean: Duration,
}

impl Measured {
    /// That of a further storm; times add up too.
    fn add(&mut self, more: &Self) {
        self.calls += more.calls;
        self.succeeded += more.succeeded;
        self.sends += more.sends;
        self.throttled += more.throttled;
        self.drained += more.drained;
        self.mean += more.mean;
    }
}

fn simulated(scenario: &Scenario, policy: &Policy, seed: u64) -> Measured {
    let run = Simulation::new(scenario, policy).seed(seed).traced().run();
    let metrics = &run.result.metrics;
    let took: Duration = run.ends.iter().filter(|end| end.succeeded).map(|end| end.took).sum();
    Measured {
        calls: metrics.calls,
        succeeded: metrics.succeeded,
        sends: metrics.sends,
        throttled: metrics.throttled,
        drained: Duration::from_secs_f64(metrics.time_to_drain),
        mean: took / u32::try_from(metrics.succeeded.max(1)).unwrap(),
    }
}

/// Both arms of a shipped storm under one of its policies, which must agree.
#[track_caller]
fn agree(name: &str, policy: &str, set: &[(&str, &str)]) {
    agree_over(1, name, policy, set);
}

/// The same over so many storms together, where one is a matter of luck: who wins a race
/// differs with the millisecond that a connection takes.
#[track_caller]
fn agree_over(storms: u64, name: &str, policy: &str, set: &[(&str, &str)]) {
    let shipped = Shipped::ALL.iter().find(|shipped| shipped.name == name).unwrap();
    let set: Vec<_> = set.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    let scenario = match set.len() {
        0 => Scenario::named(name).unwrap(),
        _ => Scenario::parse(shipped.text, &set).unwrap(),
    };
    let named = policy;
    let is_named = |policy: &&NamedPolicy| policy.name() == named;
    let policy = scenario.policies().iter().find(is_named).unwrap().policy();
    let (mut virtually, mut really) = (Measured::default(), Measured::default());
    for seed in 1..=storms {
        virtually.add(&simulated(&scenario, policy, seed));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        really.add(&runtime.block_on(over_http(&scenario, policy, seed)));
    }
    let few = virtually.sends * 3 / 100 + 5;
    let near = |one: Duration, other: Duration, percent: u32| {
        one.abs_diff(other) <= one.max(other) * percent / 100 + Duration::from_millis(20)
    };
    let holds = virtually.calls == really.calls
        && virtually.succeeded.abs_diff(really.succeeded) <= few
        && virtually.sends.abs_diff(really.sends) <= few
        && virtually.throttled.abs_diff(really.throttled) <= few
        && near(virtually.mean, really.mean, 10)
        && near(virtually.drained, really.drained, 20);
    assert!(holds, "{name} under {named}\nsimulated {virtually:?}\nover HTTP {really:?}");
}

#[test]
fn a_herd_at_a_bucket_agrees() {
    for policy in ["full-jitter", "obey-hint", "recommended"] {
        agree("retry-after-herd", policy, &[("clients.calls", "40")]);
    }
}

#[test]
fn a_stampede_at_a_window_agrees() {
    for policy in ["exponential", "recommended"] {
        agree("fixed-window-stampede", policy, &[("clients.calls", "60")]);
    }
}

#[test]
fn a_batch_against_two_quotas_agrees() {
    agree("llm-batch", "recommended", &[("clients.calls", "300")]);
    agree("llm-batch", "full-jitter", &[("clients.calls", "150")]);
}

#[test]
fn a_server_that_lies_agrees() {
    agree("lying-retry-after", "recommended", &[("clients.count", "150")]);
}

#[test]
fn secondary_limits_agree() {
    let small = [("clients.calls", "1200"), ("server.limit.0.limit", "1000")];
    agree("github-secondary", "recommended", &small);
}

#[test]
fn a_quota_that_is_cut_agrees() {
    let short = [("clients.calls", "1500"), ("fault.0.from", "5s"), ("fault.0.until", "10s")];
    agree("quota-cut", "full-jitter", &short);
    agree("quota-cut", "recommended", &short);
}

#[test]
fn regions_that_share_a_key_agree() {
    agree("regions", "static-split", &[("clients.calls", "400")]);
    agree("regions", "recommended", &[("clients.calls", "400")]);
}

#[test]
fn a_step_of_latency_at_a_concurrency_limit_agrees() {
    let short = [("clients.calls", "900"), ("fault.0.from", "2s"), ("fault.0.until", "6s")];
    agree("token-bucket-and-concurrency", "recommended", &short);
}

#[test]
fn answers_that_come_too_late_agree() {
    agree("long-tail", "full-jitter", &[("clients.calls", "250")]);
}

#[test]
fn a_brown_out_behind_a_queue_agrees() {
    let small = [
        ("clients.count", "5"),
        ("clients.calls", "250"),
        ("server.workers", "5"),
        ("fault.0.from", "5s"),
        ("fault.0.until", "12s"),
    ];
    agree("brown-out", "recommended", &small);
}

#[test]
fn a_metastable_failure_agrees() {
    let short = [("clients.calls", "150"), ("fault.0.from", "8s"), ("fault.0.until", "14s")];
    agree("metastable", "none", &short);
    agree("metastable", "recommended", &short);
}

#[test]
fn a_noisy_neighbour_agrees() {
    let short = [("clients.calls", "240"), ("group.0.clients.calls", "1500")];
    agree("noisy-neighbour", "recommended", &short);
}

#[test]
fn interactive_traffic_beside_a_batch_agrees() {
    let short = [("clients.calls", "600"), ("group.0.clients.calls", "300")];
    agree("deadline-mix", "full-jitter", &short);
    agree("deadline-mix", "recommended", &short);
}

#[test]
fn waits_that_are_told_as_dates_agree() {
    // A client's clock is off by seconds in one arm and right in the other: the server's
    // `Date` makes both read the same.
    agree("clock-skew", "recommended", &[("clients.calls", "60"), ("server.limit.0.limit", "300")]);
}

#[test]
fn writes_that_lose_a_race_agree() {
    for policy in ["full-jitter", "equal-jitter"] {
        agree_over(12, "aws-backoff", policy, &[("clients.count", "40")]);
    }
}
