//! Closed forms that a run must reproduce.

#![expect(clippy::float_arithmetic, reason = "what is measured is real")]

use std::f64::consts::LN_2;

use forbear_sim::{Run, Scenario, Shipped, Simulation};

use crate::support::{policy, scenario};

/// No time on the network to speak of, so that the server's time is the client's.
const NEAR: &str = "[network]\nround_trip = \"2ns\"\n";
const ONCE: &str = "[retry]\nmax_attempts = 1\nbudget = \"none\"\n";

fn run(tables: &str, policy_text: &str) -> Run {
    Simulation::new(&scenario(tables), policy(policy_text).policy()).traced().run()
}

#[test]
fn a_token_bucket_admits_its_burst_and_its_rate_and_nothing_more() {
    // floor(burst + rate * t), for 700 callers that ask every millisecond.
    let every_ms = r#"
        [retry]
        max_attempts = "none"
        deadline = "none"
        budget = "none"
        hint = "none"
        backoff = { kind = "constant", delay = "999998ns" }
    "#;
    for (t, expected) in [(0_u64, 5), (50, 5), (100, 6), (1000, 15), (2350, 28)] {
        let horizon = t * 1_000_000 + 2;
        let file = format!(
            "name = \"test\"\ntitle = \"\"\ndescription = \"\"\n\
             horizon = \"{horizon}ns\"\ntimer = \"0\"\n\
             [clients]\ncalls = 40\n[arrivals]\nkind = \"burst\"\n{NEAR}[server]\n\
             [[server.limit]]\nkind = \"token_bucket\"\nrate = \"10/s\"\nburst = 5\n"
        );
        let scenario = Scenario::parse(&file, &[]).unwrap();
        let metrics = Simulation::new(&scenario, policy(every_ms).policy()).run().result.metrics;
        assert_eq!(metrics.succeeded, expected, "after {t} ms");
    }
}

#[test]
fn a_fixed_window_admits_twice_its_limit_across_an_edge() {
    let tables = format!(
        "[clients]\ncalls = 150\n[arrivals]\nkind = \"burst\"\nat = \"59900ms\"\n\
         [[group]]\nclients = {{ calls = 150 }}\n\
         arrivals = {{ kind = \"burst\", at = \"60100ms\" }}\n{NEAR}[server]\n\
         [[server.limit]]\nkind = \"fixed_window\"\nlimit = 100\nwindow = \"60s\"\n"
    );
    let clock = run(&tables, ONCE).result.metrics;
    assert_eq!(clock.succeeded, 200);
    // Counted from the first call, both bursts are in one window.
    let first_call = run(&format!("{tables}start = \"first_call\"\n"), ONCE).result.metrics;
    assert_eq!(first_call.succeeded, 100);
}

#[test]
fn synchronised_exponential_backoff_hits_the_predicted_instants() {
    // t_j = j * latency + sum over k < j of min(cap, base * 2^k).
    let tables = "[clients]\ncount = 50\n[arrivals]\nkind = \"burst\"\n\
        [network]\nround_trip = \"50ms\"\n[server]\n[[fault]]\nfail = 1\nstatus = 500\n";
    let sends = run(
        tables,
        "[retry]\nmax_attempts = 10\ndeadline = \"none\"\nbudget = \"none\"\n\
         backoff = { kind = \"exponential\", base = \"100ms\", max = \"10s\" }\n",
    )
    .sends;
    let expected = [0, 150, 400, 850, 1700, 3350, 6600, 13_050, 23_100, 33_150];
    assert_eq!(sends.len(), 500);
    for (crowd, ms) in sends.chunks(50).zip(expected) {
        assert!(crowd.iter().all(|sent| sent.at.as_nanos() == ms * 1_000_000), "{ms} ms");
    }
}

#[test]
fn attempts_that_fail_at_random_follow_the_truncated_geometric_law() {
    // (1 - p^n) / (1 - p) attempts and 1 - p^n successes a call.
    let tables = "[clients]\ncalls = 100_000\n[arrivals]\nkind = \"burst\"\n\
        [server]\n[[fault]]\nfail = 0.5\nstatus = 500\n";
    let policy = "[retry]\nmax_attempts = 4\nbudget = \"none\"\n\
        backoff = { kind = \"constant\", delay = \"1s\" }\n";
    let metrics = run(tables, policy).result.metrics;
    // Five standard errors: sqrt(1.109 / 1e5) and sqrt(0.0586 / 1e5).
    close(metrics.amplification, 1.875, 0.0167);
    close(metrics.goodput * metrics.time_to_drain / 1e5, 0.9375, 0.0039);
}

#[test]
fn a_retry_budget_bounds_the_sends_to_the_fraction() {
    // N + floor(ratio * N) sends when everything fails and everybody retries.
    let tables = "[clients]\ncalls = 1000\n[arrivals]\nkind = \"burst\"\n\
        [server]\n[[fault]]\nfail = 1\nstatus = 500\n";
    let policy = "[retry]\nmax_attempts = \"none\"\nbudget = { ratio = 0.2, reserve = 0 }\n";
    assert_eq!(run(tables, policy).result.metrics.sends, 1200);
}

#[test]
fn blocking_is_erlangs_whatever_the_service_times() {
    // B = (a^c / c!) / sum of a^k / k! = 0.11005 for 3 erlangs and 5 slots.
    for service in ["\"1s\"", "{ kind = \"exponential\", mean = \"1s\" }"] {
        let tables = format!(
            "[clients]\ncalls = 60_000\n[arrivals]\nkind = \"poisson\"\nrate = \"3/s\"\n{NEAR}\
             [server]\nservice = {service}\n[[server.limit]]\nkind = \"concurrency\"\nmax = 5\n"
        );
        let metrics = run(&tables, ONCE).result.metrics;
        close(metrics.throttled_rate, 0.11005, 0.0055);
    }
}

#[test]
fn one_worker_is_the_queue_of_the_textbook() {
    // M/M/1: the time in the system is exponential with rate mu - lambda = 0.3.
    let tables = format!(
        "[clients]\ncalls = 20_000\n[arrivals]\nkind = \"poisson\"\nrate = \"0.7/s\"\n{NEAR}\
         [server]\nworkers = 1\nservice = {{ kind = \"exponential\", mean = \"1s\" }}\n"
    );
    let metrics = run(&tables, ONCE).result.metrics;
    close(metrics.completion_p50.unwrap(), LN_2 / 0.3, 0.12);
    close(metrics.quota_utilisation.unwrap(), 0.7, 0.02);
}

#[test]
fn callers_that_think_make_a_call_a_cycle() {
    // 10 callers, 1 s of thought and 100 ms of answer: 10 rounds of 1.1 s.
    let tables = "[clients]\ncalls = 100\ncallers = 10\n\
        [arrivals]\nkind = \"closed\"\nthink = \"1s\"\n\
        [network]\nround_trip = \"100ms\"\n[server]\n";
    let metrics = run(tables, ONCE).result.metrics;
    assert_eq!(metrics.calls, 100);
    close(metrics.time_to_drain, 11.0, 1e-9);
}

#[test]
fn a_client_waits_no_longer_than_its_time_out() {
    let tables = "[clients]\ntimeout = \"300ms\"\n[arrivals]\nkind = \"burst\"\n\
        [network]\nround_trip = \"ROUND\"\n[server]\n";
    let metrics = |round: &str| run(&tables.replace("ROUND", round), ONCE).result.metrics;
    for slow in ["301ms", "1s", "10s"] {
        assert_eq!(metrics(slow).failed, 1, "{slow}");
        close(metrics(slow).time_to_drain, 0.3, 1e-9);
    }
    // An answer that comes with the time-out is an answer.
    assert_eq!(metrics("300ms").succeeded, 1);
}

#[test]
fn the_horizon_ends_what_is_under_way() {
    let tables = "[clients]\ncalls = 7\n[arrivals]\nkind = \"burst\"\n\
        [network]\nround_trip = \"11h\"\n[server]\n";
    let metrics = run(tables, ONCE).result.metrics;
    assert_eq!((metrics.calls, metrics.failed, metrics.sends), (7, 7, 7));
    close(metrics.time_to_drain, 36_000.0, 1e-9);
}

#[test]
fn a_policy_that_shares_the_hint_never_sends_before_it() {
    for shipped in Shipped::ALL {
        let scenario = Scenario::named(shipped.name).unwrap();
        let obedient = policy(
            "[retry]\nmax_attempts = 20\nbudget = \"none\"\n\
             backoff = { kind = \"exponential\", base = \"100ms\", max = \"5s\", jitter = \"full\" }\n",
        );
        let metrics = Simulation::new(&scenario, obedient.policy()).run().result.metrics;
        assert_eq!(metrics.before_hint, 0, "{}", shipped.name);
    }
}

#[track_caller]
fn close(value: f64, expected: f64, tolerance: f64) {
    let is_close = (expected - tolerance..=expected + tolerance).contains(&value);
    assert!(is_close, "{value} is not {expected} within {tolerance}");
}
