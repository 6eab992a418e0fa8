//! What shipped storms come to at other sizes, against figures that were measured or
//! computed without this simulator: 20 runs of a program of its own each, or a closed form.

#![expect(clippy::float_arithmetic, reason = "what is measured is real")]

use forbear_sim::{Run, Scenario, Shipped, Simulation};

use crate::support::policy;

/// Gives nobody up; `rest` says how long to wait.
fn patient(rest: &str) -> String {
    format!("[retry]\nmax_attempts = \"none\"\ndeadline = \"none\"\nbudget = \"none\"\n{rest}")
}

const EXPONENTIAL: &str =
    "hint = \"none\"\nbackoff = { kind = \"exponential\", base = \"500ms\", max = \"60s\" }\n";
const FULL_JITTER: &str = "hint = \"none\"\n\
     backoff = { kind = \"exponential\", base = \"500ms\", max = \"60s\", jitter = \"full\" }\n";
const EXACT_HINT: &str =
    "hint = { cap = \"2h\" }\nbackoff = { kind = \"constant\", delay = \"0s\" }\n";

/// A shipped storm with other values.
fn storm(name: &str, set: &[(&str, &str)]) -> Scenario {
    let shipped = Shipped::ALL.iter().find(|shipped| shipped.name == name).expect("it is shipped");
    let set: Vec<_> = set.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    Scenario::parse(shipped.text, &set).unwrap_or_else(|error| panic!("{error}"))
}

fn run(scenario: &Scenario, text: &str) -> Run {
    Simulation::new(scenario, policy(text).policy()).traced().run()
}

#[track_caller]
fn close(value: f64, expected: f64, tolerance: f64) {
    let is_close = (expected - tolerance..=expected + tolerance).contains(&value);
    assert!(is_close, "{value} is not {expected} within {tolerance}");
}

#[test]
fn a_stampede_of_a_thousand_needs_as_many_calls_as_was_measured() {
    let storm = storm(
        "fixed-window-stampede",
        &[
            ("clients.count", "1000"),
            ("clients.calls", "1"),
            ("network.round_trip", "50ms"),
            ("server.limit.0.start", "clock"),
        ],
    );
    // 1000 + 900 + .. + 100: those that are left come when the window ends, all of them.
    let exact = run(&storm, &patient(EXACT_HINT)).result.metrics;
    assert_eq!(exact.sends, 5500);
    // Never before the tenth window, and half a second of rounding and network after it.
    close(exact.time_to_drain, 540.5, 0.5);
    // 10.9 and 15.5: without a hint jitter only makes it worse.
    let synchronised = run(&storm, &patient(EXPONENTIAL)).result.metrics;
    close(synchronised.amplification, 10.9, 0.3);
    let jittered = run(&storm, &patient(FULL_JITTER)).result.metrics;
    close(jittered.amplification, 15.5, 0.4);
    for metrics in [synchronised, jittered] {
        assert!(metrics.time_to_drain >= 540.0, "{metrics:?}");
    }
}

#[test]
fn a_herd_of_two_thousand_at_a_bucket_needs_as_many_calls_as_was_measured() {
    let storm = storm(
        "retry-after-herd",
        &[
            ("clients.count", "2000"),
            ("clients.calls", "1"),
            ("server.retry_after", "milliseconds"),
        ],
    );
    let jittered = run(&storm, &patient(FULL_JITTER)).result.metrics;
    close(jittered.amplification, 6.8, 0.3);
    let synchronised = run(&storm, &patient(EXPONENTIAL)).result.metrics;
    close(synchronised.amplification, 20.5, 1.5);
    // (2000 - 50) / 50 = 39 s, which who is told the next token all but reaches, at a price.
    let exact = run(&storm, &patient(EXACT_HINT)).result.metrics;
    close(exact.time_to_drain, 39.1, 0.3);
    assert!(exact.amplification >= 100.0, "{}", exact.amplification);
}

#[test]
fn a_pacer_in_front_of_a_bucket_wastes_next_to_nothing() {
    // One process with all 2000 calls, paced at 95 % of the rate.
    let storm = storm("retry-after-herd", &[("clients.count", "1"), ("clients.calls", "2000")]);
    let paced =
        patient(FULL_JITTER) + "[[limit]]\nkind = \"gcra\"\nrate = \"47.5/s\"\nburst = 47\n";
    let metrics = run(&storm, &paced).result.metrics;
    close(metrics.amplification, 1.0, 0.05);
    // (2000 - 47) / 47.5 = 41.1 s.
    close(metrics.time_to_drain, 41.2, 0.3);
}

#[test]
fn a_step_of_latency_moves_the_ceiling_from_the_rate_to_the_slots() {
    // Little's law: 10 slots of 400 ms are 25 a second; before, the bucket's 100 bind.
    let storm = storm("token-bucket-and-concurrency", &[]);
    let eager = patient("hint = \"none\"\nbackoff = { kind = \"constant\", delay = \"10ms\" }\n");
    let run = run(&storm, &eager);
    let ended = |from: u64, until: u64| {
        let span = from * 1_000_000_000..until * 1_000_000_000;
        run.ends.iter().filter(|end| end.succeeded && span.contains(&end.at.as_nanos())).count()
    };
    // 20 more of the burst, and what the callers do not ask for in time.
    let before = ended(1, 9);
    assert!((760..=820).contains(&before), "{before} in 8 s at 100 a second");
    let after = ended(12, 28);
    assert!((380..=402).contains(&after), "{after} in 16 s at 25 a second");
}

#[test]
fn first_attempts_run_out_of_time_as_often_as_the_law_of_the_latency_says() {
    // 1 - Phi(ln(0.25 / 0.08) / 1.2) = 0.171, to three standard errors of 5400 calls.
    let storm =
        storm("long-tail", &[("network.round_trip", "2ns"), ("server.limit.0.rate", "100000/s")]);
    let once = "[retry]\nmax_attempts = 1\nbudget = \"none\"\n";
    let metrics = run(&storm, once).result.metrics;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand calls")]
    let share = metrics.failed as f64 / metrics.calls as f64;
    close(share, 0.171, 0.0154);
}

#[test]
fn twenty_thousand_calls_at_github_take_three_resets() {
    // 20000 calls are four windows of 5000, and the fourth opens after three hours.
    let storm = storm("github-secondary", &[("clients.calls", "20000"), ("horizon", "10h")]);
    let recommended = storm.policies().iter().find(|policy| policy.name() == "recommended");
    let policy = recommended.expect("it has one").policy();
    let metrics = Simulation::new(&storm, policy).run().result.metrics;
    assert_eq!(metrics.succeeded, 20_000);
    assert!(metrics.time_to_drain >= 10_800.0, "{}", metrics.time_to_drain);
}

#[test]
fn a_date_in_the_response_makes_up_for_clocks_that_are_off() {
    let obedient = patient(EXACT_HINT);
    let metrics = |set: &[(&str, &str)]| run(&storm("clock-skew", set), &obedient).result.metrics;
    let skewed = metrics(&[]);
    let true_clocks = metrics(&[("clients.clock_skew", "0s"), ("clients.clock_drift_ppm", "0")]);
    // As without any skew, within one request a window.
    assert_eq!((skewed.before_hint, true_clocks.before_hint), (0, 0));
    assert!(skewed.throttled.abs_diff(true_clocks.throttled) <= 5, "{skewed:?} {true_clocks:?}");
    // Without Date those that are ahead come early: in each of the four windows that end
    // while they wait, at least once for each of them, of which ten of twenty are.
    let misled = metrics(&[("server.date", "false")]);
    assert!(misled.before_hint >= 40, "{misled:?}");
    assert!(misled.throttled > 2 * skewed.throttled, "{misled:?} {skewed:?}");
}

#[test]
fn the_end_of_a_window_is_read_as_a_date_too() {
    // The learned limiter goes by the fields of the window and hears of no wait.
    let learned = patient(EXACT_HINT) + "[[limit]]\nkind = \"learned\"\n";
    let silent = [("server.retry_after", "none")];
    let with_date = run(&storm("clock-skew", &silent), &learned).result.metrics;
    let without = [("server.retry_after", "none"), ("server.date", "false")];
    let without = run(&storm("clock-skew", &without), &learned).result.metrics;
    assert_eq!(with_date.succeeded, 3000);
    assert!(without.throttled > with_date.throttled, "{without:?} {with_date:?}");
}
