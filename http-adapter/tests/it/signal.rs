use std::time::Duration;

use forbear_core::{Dimension, Observation, Outcome, Quantity, RateSignal, Throttle};
use forbear_http::{Head, Reader};

use crate::support::NOW;

fn observe(status: u16, headers: &[(&str, &str)], body: &str) -> Observation {
    let headers = headers.to_vec();
    let head = Head::new(status, &headers).with_body(body.as_bytes());
    Reader::new().read(&head, NOW).observe()
}

#[test]
fn an_outcome_follows_the_reading() {
    let throttled = Outcome::Throttled;
    for (status, headers, body, outcome) in [
        (200, vec![], "", Outcome::Success),
        (304, vec![], "", Outcome::Success),
        (404, vec![], "", Outcome::Permanent),
        (409, vec![], "", Outcome::Permanent),
        (409, vec![("stripe-should-retry", "true")], "", Outcome::Transient),
        (408, vec![], "", Outcome::Transient),
        (500, vec![], "", Outcome::Transient),
        (500, vec![("x-should-retry", "false")], "", Outcome::Permanent),
        (501, vec![], "", Outcome::Permanent),
        (520, vec![], "", Outcome::Transient),
        (429, vec![], "", throttled(Throttle::RateLimit)),
        (429, vec![("x-should-retry", "false")], "", throttled(Throttle::QuotaExhausted)),
        (529, vec![], "", throttled(Throttle::Overload)),
        (503, vec![("retry-after", "1")], "", throttled(Throttle::Overload)),
        (
            429,
            vec![("stripe-rate-limited-reason", "endpoint-concurrency")],
            "",
            throttled(Throttle::Concurrency),
        ),
        (
            429,
            vec![],
            r#"{"error":{"code":"insufficient_quota"}}"#,
            throttled(Throttle::QuotaExhausted),
        ),
        (200, vec![("x-sentry-rate-limits", "60::key")], "", Outcome::Success),
        (200, vec![], r#"{"ok":false,"error":"ratelimited"}"#, throttled(Throttle::RateLimit)),
        (200, vec![("grpc-status", "14")], "", Outcome::Transient),
        (0, vec![], "", Outcome::Ignored),
    ] {
        assert_eq!(observe(status, &headers, body).outcome, outcome, "{status} {headers:?}");
    }
}

#[test]
fn quotas_keep_every_part_and_its_dimension() {
    let headers = [
        ("x-ratelimit-limit-tokens", "150000"),
        ("x-ratelimit-remaining-tokens", "0.5"),
        ("x-ratelimit-reset-tokens", "6m0s"),
        ("x-ratelimit-limit-images", "5"),
    ];
    let seen = observe(200, &headers, "");
    let [tokens, images] = seen.quotas.as_slice() else { panic!("two windows: {seen:?}") };
    assert_eq!(tokens.dimension(), Some(Dimension::Tokens));
    assert_eq!(tokens.limit().map(Quantity::whole), Some(150_000));
    assert_eq!(tokens.remaining().map(Quantity::as_micros), Some(500_000));
    assert_eq!(tokens.resets_in(), Some(Duration::from_secs(360)));
    assert_eq!(tokens.window(), None);
    assert_eq!(images.dimension(), None);
}

#[test]
fn a_policy_counts_requests_unless_it_says_otherwise() {
    for (policy, dimension) in [
        ("\"default\";q=1", Some(Dimension::Requests)),
        ("\"default\";q=1;qu=\"requests\"", Some(Dimension::Requests)),
        ("\"default\";q=1;qu=\"content-bytes\"", None),
        ("\"tokens\";q=1", Some(Dimension::Tokens)),
    ] {
        let seen = observe(200, &[("ratelimit-policy", policy)], "");
        assert_eq!(seen.quotas.as_slice()[0].dimension(), dimension, "{policy}");
    }
}

#[test]
fn the_wait_and_the_scope_are_passed_on() {
    let seen = observe(429, &[("retry-after", "2"), ("x-ratelimit-scope", "shared")], "");
    assert_eq!(seen.retry_after, Some(Duration::from_secs(2)));
    assert_eq!(seen.scope.map(|scope| scope.as_str().to_owned()).as_deref(), Some("shared"));
}

#[test]
fn a_refusal_that_names_no_wait_asks_for_the_reset_of_what_is_empty() {
    let seconds = |n| Some(Duration::from_secs(n));
    let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "40")];
    let with = |more: &[(&'static str, &'static str)]| [&spent[..], more].concat();
    for (what, status, headers, body, wait) in [
        ("a window", 429, with(&[]), "", seconds(40)),
        ("GitHub's primary limit", 403, with(&[]), "", seconds(40)),
        ("its own wait, though earlier", 429, with(&[("retry-after", "7")]), "", seconds(7)),
        ("a wait of none", 429, with(&[("retry-after", "0")]), "", seconds(0)),
        (
            "the later of two",
            429,
            with(&[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "1m")]),
            "",
            seconds(60),
        ),
        (
            "what is left counts for nothing",
            429,
            with(&[("x-ratelimit-remaining-tokens", "5"), ("x-ratelimit-reset-tokens", "1m")]),
            "",
            seconds(40),
        ),
        ("the draft's", 429, vec![("ratelimit", r#""a";r=0;t=9, "b";r=1;t=60"#)], "", seconds(9)),
        (
            "less than a request",
            429,
            vec![("x-ratelimit-remaining", "0.5"), ("x-ratelimit-reset", "40")],
            "",
            seconds(40),
        ),
        ("a success", 200, with(&[]), "", None),
        ("not found", 404, with(&[]), "", None),
        ("an outage", 502, with(&[]), "", None),
        (
            "something is left",
            429,
            vec![("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "40")],
            "",
            None,
        ),
        (
            "a reset that has passed",
            429,
            vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "0")],
            "",
            None,
        ),
        ("a cached answer", 429, with(&[("age", "5")]), "", None),
    ] {
        assert_eq!(observe(status, &headers, body).wait(), wait, "{what}");
    }
}
