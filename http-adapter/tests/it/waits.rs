use serde_json::json;

use crate::support::{MAX_MS, read, read_body};

/// Every explicit wait, best first, each with a value of its own.
const BY_PRECEDENCE: [(&str, &str, u64); 9] = [
    ("x-ms-retry-after-ms", "1001", 1_001),
    ("retry-after-ms", "1002", 1_002),
    ("x-amz-retry-after", "1003", 1_003),
    ("retry-after", "4", 4_000),
    ("x-ratelimit-retry-after", "5", 5_000),
    ("x-retry-in", "6s", 6_000),
    ("x-ratelimit-next", "2026-08-20T12:00:07Z", 7_000),
    ("retry-after-short", "8", 8_000),
    ("x-business-use-case-usage", r#"{"1":[{"estimated_time_to_regain_access":9}]}"#, 540_000),
];
const BODY: &str = r#"{"retry_after": 10}"#;

#[test]
fn the_first_usable_wait_stands() {
    for first in 0..BY_PRECEDENCE.len() {
        let mut headers: Vec<_> =
            BY_PRECEDENCE[first..].iter().map(|(name, value, _)| (*name, *value)).collect();
        headers.reverse();
        let reading = read_body(429, &headers, BODY);
        assert_eq!(reading["retry_after_ms"], BY_PRECEDENCE[first].2, "{headers:?}");
    }
    assert_eq!(read_body(429, &[], BODY)["retry_after_ms"], 10_000);
}

#[test]
fn an_unusable_wait_falls_through_and_is_named() {
    for first in 0..BY_PRECEDENCE.len() {
        let bad = BY_PRECEDENCE[..first].iter().map(|(name, ..)| (*name, "-1"));
        let good = BY_PRECEDENCE[first..].iter().map(|(name, value, _)| (*name, *value));
        let headers: Vec<_> = bad.chain(good).collect();
        let reading = read(429, &headers);
        assert_eq!(reading["retry_after_ms"], BY_PRECEDENCE[first].2);
        let mut names: Vec<_> = BY_PRECEDENCE[..first].iter().map(|(name, ..)| *name).collect();
        names.sort_unstable();
        assert_eq!(reading["malformed"], json!(names));
    }
}

#[test]
fn milliseconds_are_plain_decimals() {
    for name in ["retry-after-ms", "x-ms-retry-after-ms", "x-amz-retry-after"] {
        for (value, ms) in [
            ("0", Some(0)),
            ("250", Some(250)),
            ("250.5", Some(251)),
            ("5, 10", Some(10)),
            ("99999999999999999999", Some(MAX_MS)),
            ("-1", None),
            ("inf", None),
            ("1e3", None),
            ("abc", None),
            ("", None),
            ("1,000", None),
            ("5s", None),
        ] {
            let reading = read(429, &[(name, value)]);
            assert_eq!(reading["retry_after_ms"].as_u64(), ms, "{name}: {value}");
            let bad: &[&str] = if ms.is_none() { &[name] } else { &[] };
            assert_eq!(reading["malformed"], json!(bad), "{name}: {value}");
        }
    }
}

#[test]
fn a_reset_is_never_an_explicit_wait() {
    let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "60")];
    assert_eq!(read(429, &headers)["retry_after_ms"].as_u64(), None);
}

#[test]
fn of_named_throttlers_the_longest_is_waited_for() {
    let headers =
        [("Retry-After-short", "3"), ("Retry-After-Long", "50"), ("Retry-After-x", "bad")];
    let reading = read(429, &headers);
    assert_eq!(reading["retry_after_ms"], 50_000);
    assert_eq!(reading["scope"], "long");
    assert_eq!(reading["malformed"], json!(["retry-after-x"]));
}

#[test]
fn push_back_counts_on_grpc_only() {
    let pushback = |value: &str, more: &[(&str, &str)]| {
        let mut headers = vec![("grpc-retry-pushback-ms", value)];
        headers.extend(more);
        read(200, &headers)
    };
    let unavailable = [("grpc-status", "14")];
    let reading = pushback("5000", &unavailable);
    assert_eq!((&reading["throttled"], &reading["retry_after_ms"]), (&json!(true), &json!(5_000)));
    for refusal in ["-1", "abc", "", "99999999999", "1.5"] {
        let reading = pushback(refusal, &unavailable);
        assert_eq!(reading["retryable"], false, "{refusal}");
        assert_eq!(reading["throttled"], true, "{refusal}");
        assert_eq!(reading["retry_after_ms"].as_u64(), None, "{refusal}");
        assert_eq!(reading["malformed"], json!([]), "{refusal}");
    }
    let by_content_type = [("Content-Type", "application/grpc+proto")];
    assert_eq!(pushback("7", &by_content_type)["retry_after_ms"], 7);
    assert_eq!(pushback("7", &[])["retry_after_ms"].as_u64(), None);
    assert_eq!(pushback("-7", &[])["retryable"].as_bool(), None);
    // Push-back beats the HTTP fields.
    assert_eq!(pushback("7", &[unavailable[0], ("retry-after", "3")])["retry_after_ms"], 7);
}
