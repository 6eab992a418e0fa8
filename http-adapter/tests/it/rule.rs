use std::time::Duration;

use forbear_core::{Outcome, RateSignal, Throttle};
use forbear_http::{Head, Reader, Reading, Rule};

use crate::support::NOW;

const EVERY_OUTCOME: [Outcome; 8] = [
    Outcome::Success,
    Outcome::Throttled(Throttle::RateLimit),
    Outcome::Throttled(Throttle::Overload),
    Outcome::Throttled(Throttle::Concurrency),
    Outcome::Throttled(Throttle::QuotaExhausted),
    Outcome::Transient,
    Outcome::Permanent,
    Outcome::Ignored,
];

type Pairs = Vec<(&'static str, &'static str)>;

fn outcome(rule: Rule, status: u16, headers: &Pairs, body: &str) -> Outcome {
    let head = Head::new(status, headers).with_body(body.as_bytes());
    Reader::new().with_rule(rule).read(&head, NOW).outcome()
}

#[test]
fn a_rule_has_the_last_word_whatever_the_status() {
    for told in EVERY_OUTCOME {
        for status in [200, 304, 404, 409, 429, 503, 999] {
            assert_eq!(outcome(Rule::new(told), status, &vec![], ""), told, "{status}");
        }
    }
}

#[test]
fn the_parts_of_a_reading_agree_with_the_rule() {
    let none: Pairs = vec![];
    let head = Head::new(418, &none);
    for told in EVERY_OUTCOME {
        let reader = Reader::new().with_rule(Rule::new(told));
        let reading: Reading<'_> = reader.read(&head, NOW);
        assert_eq!(reading.is_throttled(), told.is_throttled(), "{told}");
        let may_help = match told {
            Outcome::Success | Outcome::Ignored => None,
            _ => Some(told.is_retryable()),
        };
        assert_eq!(reading.retryable(), may_help, "{told}");
    }
}

#[test]
fn statuses_are_a_range_with_both_ends() {
    let rule = || Rule::new(Outcome::Permanent).statuses(500..=502);
    let outcomes = [499, 500, 502, 503].map(|status| outcome(rule(), status, &vec![], ""));
    let [permanent, transient] = [Outcome::Permanent, Outcome::Transient];
    assert_eq!(outcomes, [permanent, permanent, permanent, transient]);
    assert_eq!(
        outcome(Rule::new(Outcome::Success).status(499), 499, &vec![], ""),
        Outcome::Success
    );
}

#[test]
fn a_field_is_compared_without_regard_to_case_and_space_on_any_of_its_lines() {
    let rule = || Rule::new(Outcome::Transient).header("X-Shed", " Yes ");
    for headers in [vec![("x-shed", "yes")], vec![("X-SHED", "no"), ("x-shed", " YES ")]] {
        assert_eq!(outcome(rule(), 400, &headers, ""), Outcome::Transient, "{headers:?}");
    }
    for headers in [vec![], vec![("x-shed", "yes please")], vec![("x-shedder", "yes")]] {
        assert_eq!(outcome(rule(), 400, &headers, ""), Outcome::Permanent, "{headers:?}");
    }
}

#[test]
fn a_code_is_a_string_or_a_number_at_its_path_through_arrays() {
    let rule = |code: &'static str| Rule::new(Outcome::Transient).body_code("errors.code", code);
    for (code, body) in [
        ("busy", r#"{"errors":{"code":"busy"}}"#),
        ("busy", r#"{"errors":[{"code":"other"},{"code":"busy"}]}"#),
        ("130", r#"{"errors":[{"code":130}]}"#),
        ("130", r#"{"errors":[{"code":"130"}]}"#),
    ] {
        assert_eq!(outcome(rule(code), 400, &vec![], body), Outcome::Transient, "{body}");
    }
    for (code, body) in [
        ("busy", r#"{"errors":{"code":"busier"}}"#),
        ("busy", r#"{"code":"busy"}"#),
        ("true", r#"{"errors":{"code":true}}"#),
        ("busy", "busy"),
        ("busy", ""),
    ] {
        assert_eq!(outcome(rule(code), 400, &vec![], body), Outcome::Permanent, "{body}");
    }
}

#[test]
fn all_conditions_of_a_rule_must_hold() {
    let rule =
        || Rule::new(Outcome::Transient).status(400).header("x-a", "1").body_code("code", "busy");
    let (headers, body) = (vec![("x-a", "1")], r#"{"code":"busy"}"#);
    assert_eq!(outcome(rule(), 400, &headers, body), Outcome::Transient);
    assert_eq!(outcome(rule(), 401, &headers, body), Outcome::Permanent);
    assert_eq!(outcome(rule(), 400, &vec![], body), Outcome::Permanent);
    assert_eq!(outcome(rule(), 400, &headers, "{}"), Outcome::Permanent);
}

#[test]
fn the_first_rule_that_holds_decides() {
    let reader = Reader::new()
        .with_rule(Rule::new(Outcome::Ignored).status(404))
        .with_rule(Rule::new(Outcome::Transient).statuses(400..=499))
        .with_rule(Rule::new(Outcome::Success));
    let none: Pairs = vec![];
    let outcome = |status| reader.read(&Head::new(status, &none), NOW).outcome();
    assert_eq!(
        [404, 405, 500].map(outcome),
        [Outcome::Ignored, Outcome::Transient, Outcome::Success]
    );
}

#[test]
fn a_rule_leaves_waits_and_windows_as_they_are() {
    let reader = Reader::new().with_rule(Rule::new(Outcome::Transient).status(429));
    let headers: Pairs = vec![("retry-after", "7"), ("x-ratelimit-remaining", "0")];
    let seen = reader.read(&Head::new(429, &headers), NOW).observe();
    assert_eq!(seen.outcome, Outcome::Transient);
    assert_eq!(seen.code, Some(429));
    assert_eq!(seen.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(seen.quotas.as_slice().len(), 1);
}

#[test]
fn a_wait_in_the_body_is_believed_of_a_success_that_a_rule_calls_throttled() {
    let body = r#"{"code":"slow","retry_after":3}"#;
    let none: Pairs = vec![];
    let head = Head::new(200, &none).with_body(body.as_bytes());
    assert_eq!(Reader::new().read(&head, NOW).retry_after(), None);
    let throttled = Outcome::Throttled(Throttle::RateLimit);
    let reader = Reader::new().with_rule(Rule::new(throttled).body_code("code", "slow"));
    assert_eq!(reader.read(&head, NOW).retry_after(), Some(Duration::from_secs(3)));
}
