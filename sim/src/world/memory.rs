//! How much memory a run takes for each of its clients.

use std::sync::atomic::AtomicBool;

use super::World;
use crate::metrics::Tally;
use crate::scenario::Scenario;
use crate::storm::Storm;

/// The crowd of the benches, most of which has a call under way at any time.
fn crowd(clients: u32) -> Scenario {
    let rate = clients / 10;
    let text = format!(
        r#"
        name = "crowd"
        title = ""
        description = ""
        horizon = "5s"
        [clients]
        count = {clients}
        calls = 40
        callers = 1
        [arrivals]
        kind = "closed"
        think = {{ kind = "exponential", mean = "1s" }}
        [server]
        [[server.limit]]
        kind = "token_bucket"
        rate = "{rate}/s"
        burst = {rate}
        [[policy]]
        name = "full-jitter"
        [policy.retry]
        max_attempts = "none"
        budget = "none"
        hint = "none"
        backoff = {{ kind = "exponential", base = "100ms", max = "10s", jitter = "full" }}
        "#
    );
    Scenario::parse(&text, &[]).unwrap()
}

/// The most bytes that are allocated at once from the drawing of a storm to its result.
fn most_bytes(clients: u32) -> u64 {
    let scenario = crowd(clients);
    let counted = allocation_counter::measure(|| {
        let storm = Storm::new(&scenario, 1);
        let policy = scenario.policies()[0].policy();
        let world = World::new(&scenario, &storm, policy, None, 1, Tally::new(false, false));
        world.run(&AtomicBool::new(false)).unwrap();
    });
    counted.bytes_max
}

#[test]
fn a_client_more_takes_at_most_256_bytes_with_its_events_and_results() {
    let (few, many) = (most_bytes(10_000), most_bytes(30_000));
    let each = (many - few) / 20_000;
    // With its call it is 192; an event that is to come has 24, an arrival 4, a completion
    // 8, and a list that grows has up to as much again.
    assert!((192 + 24 + 4..=256).contains(&each), "{each} bytes");
}
