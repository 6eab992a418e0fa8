use std::time::Duration;

use forbear_sim::explain::What;
use forbear_sim::{NamedPolicy, Run, Scenario, Simulation};

use crate::support::{policy, scenario};

/// A server that is slow for the first two seconds, and clients of this patience.
fn storm(timeout: &str) -> Scenario {
    scenario(&format!(
        r#"
        [clients]
        count = 40
        calls = 3
        {timeout}
        [arrivals]
        kind = "burst"
        [network]
        round_trip = "40ms"
        [server]
        service = "100ms"
        [[server.limit]]
        kind = "token_bucket"
        rate = "30/s"
        burst = 20
        [[fault]]
        from = "0s"
        until = "2s"
        slow = 5
        "#
    ))
}

fn retrying(timeout: &str) -> NamedPolicy {
    policy(&format!(
        r#"
        [retry]
        max_attempts = 20
        budget = "none"
        backoff = {{ kind = "exponential", base = "100ms", max = "5s", jitter = "full" }}
        {timeout}
        "#
    ))
}

fn run(scenario: &Scenario, policy: &NamedPolicy) -> Run {
    Simulation::of(scenario, policy).checked().run()
}

const OWN: &str = "timeout = \"300ms\"";
const POLICYS: &str = "attempt_timeout = \"300ms\"";

#[test]
fn a_time_out_of_the_policy_gives_the_same_storm_as_one_of_the_client() {
    let own = run(&storm(OWN), &retrying(""));
    let without = run(&storm(""), &retrying(""));
    assert!(own.violation.is_none());
    assert_ne!(own.result.hash, without.result.hash, "it cuts nothing off");
    // Whichever is shorter counts.
    for (scenario, policy) in [
        ("", POLICYS),
        (OWN, POLICYS),
        (OWN, "attempt_timeout = \"1s\""),
        ("timeout = \"1s\"", POLICYS),
    ] {
        let other = run(&storm(scenario), &retrying(policy));
        assert!(other.violation.is_none(), "{scenario} {policy}: {:?}", other.violation);
        assert_eq!(other.result.hash, own.result.hash, "{scenario} {policy}");
        assert_eq!(other.result.metrics, own.result.metrics, "{scenario} {policy}");
    }
}

#[test]
fn the_story_of_a_call_and_its_trace_say_who_cut_it_off() {
    for (timeout, attempt_timeout, expected) in
        [("", POLICYS, Some(Duration::from_millis(300))), (OWN, "", None)]
    {
        let (storm, policy) = (storm(timeout), retrying(attempt_timeout));
        let trace = Simulation::of(&storm, &policy).trace();
        let transient = |entry: &&forbear_http::trace::TraceEntry| {
            entry.attempt.is_some_and(|attempt| attempt.observation.code.is_none())
        };
        let cut: Vec<_> = trace.iter().filter(transient).collect();
        assert!(!cut.is_empty());
        for entry in &cut {
            let attempt = entry.attempt.unwrap();
            assert_eq!(attempt.observation.timed_out_after, expected);
            assert_eq!(attempt.answered_at.since(attempt.sent_at), Duration::from_millis(300));
        }
        let call = u32::try_from(cut[0].call - 1).unwrap();
        let timeline = Simulation::of(&storm, &policy).timeline(call).unwrap();
        let told = timeline.entries.iter().find_map(|entry| match entry.what {
            What::Answer { status: 0, cut_off_after_ns, .. } => Some(cut_off_after_ns),
            _ => None,
        });
        assert_eq!(told.map(|ns| ns.map(Duration::from_nanos)), Some(expected));
    }
}
