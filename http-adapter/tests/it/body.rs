use serde_json::json;

use crate::support::{MAX_MS, NONE, read_body, window};

fn wait_ms(status: u16, body: &str) -> Option<u64> {
    read_body(status, &[("Content-Type", "application/json")], body)["retry_after_ms"].as_u64()
}

#[test]
fn waits_are_found_at_known_places() {
    for (body, ms) in [
        (r#"{"retry_after":64.57}"#, 64_570),
        (r#"{"retry_after":"49"}"#, 49_000),
        (r#"{"retry_after":"1.5"}"#, 1_500),
        (r#"{"retry_after":0}"#, 0),
        (r#"{"retry_after":1e3}"#, 1_000_000),
        (r#"{"retry_after":0.0001}"#, 1),
        (r#"{"retry_after":99999999999}"#, MAX_MS),
        (r#"{"retry_after":1e300}"#, MAX_MS),
        (r#"{"parameters":{"retry_after":8}}"#, 8_000),
        (r#"{"error":{"retry_after":300}}"#, 300_000),
        (r#"{"additional_data":{"retry_after":"49"}}"#, 49_000),
        (r#"{"error":{"details":[{"x":1},{"retryDelay":"41.263853457s"}]}}"#, 41_264),
        (r#"[{"error":{"details":[{"retryDelay":"58s"}]}}]"#, 58_000),
        (r#"{"error":["EService:Throttled: 1787227260"]}"#, 60_000),
        // The first usable place wins, and an unusable one falls through.
        (r#"{"retry_after":5,"parameters":{"retry_after":8}}"#, 5_000),
        (r#"{"retry_after":-5,"parameters":{"retry_after":8}}"#, 8_000),
    ] {
        assert_eq!(wait_ms(429, body), Some(ms), "{body}");
    }
}

#[test]
fn what_is_not_a_number_of_seconds_is_ignored() {
    for body in [
        "",
        "{",
        r#"{"retry_after": "#,
        r#"{"retry_after":-5}"#,
        r#"{"retry_after":true}"#,
        r#"{"retry_after":null}"#,
        r#"{"retry_after":"soon"}"#,
        r#"{"retry_after":"-5"}"#,
        r#"{"retry_after":"NaN"}"#,
        r#"{"retry_after":"1e3"}"#,
        r#"{"retry_after":"2026-08-20T12:01:00Z"}"#,
        r#"{"retry_after":{"seconds":5}}"#,
        r#"{"retry_after":1e309}"#,
        r#"{"error":{"details":[{"retryDelay":"1e3s"}]}}"#,
        r#"{"error":{"details":[{"retryDelay":"-1s"}]}}"#,
        r#"{"error":{"details":[{"retryDelay":"37"}]}}"#,
        r#"{"error":{"details":[{"retryDelay":37}]}}"#,
        r#"{"message":"Please try again in 20s, or retry after 37 seconds"}"#,
        "retry after 37 seconds",
    ] {
        let reading = read_body(429, &[], body);
        assert_eq!(reading["retry_after_ms"].as_u64(), None, "{body}");
        assert_eq!(reading["malformed"], json!([]), "{body}");
    }
}

#[test]
fn a_hint_on_a_success_is_somebody_elses_field() {
    let body = r#"{"retry_after":5}"#;
    assert_eq!(wait_ms(200, body), None);
    assert_eq!(wait_ms(202, body), None);
    assert_eq!(wait_ms(500, body), Some(5_000));
}

#[test]
fn large_and_deep_bodies_are_left_alone() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(wait_ms(429, &deep), None);
    let nested = format!("{{\"retry_after\":5,\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
    assert_eq!(wait_ms(429, &nested), None);
    let fits = format!("{{\"retry_after\":5,\"x\":\"{}\"}}", "y".repeat(65_000));
    assert_eq!(wait_ms(429, &fits), Some(5_000));
    let too_large = format!("{{\"retry_after\":5,\"x\":\"{}\"}}", "y".repeat(70_000));
    assert_eq!(wait_ms(429, &too_large), None);
}

#[test]
fn shopifys_bucket_is_computed() {
    let body = |code: &str, available: f64| {
        json!({
            "errors": [{"extensions": {"code": code}}],
            "extensions": {"cost": {
                "requestedQueryCost": 420,
                "throttleStatus":
                    {"maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": 50.0},
            }},
        })
        .to_string()
    };
    let throttled = read_body(200, &[], &body("THROTTLED", 20.0));
    assert_eq!(throttled["retry_after_ms"], 8_000);
    assert_eq!(throttled["limits"], json!([window("query_cost", 1_000, 20, NONE, NONE)]));
    assert_eq!(read_body(200, &[], &body("THROTTLED", 500.0))["retry_after_ms"], 0);
    assert_eq!(read_body(200, &[], &body("THROTTLED", 419.99))["retry_after_ms"], 1);
    let served = read_body(200, &[], &body("OTHER", 20.0));
    assert_eq!(served["retry_after_ms"], NONE);
    assert_eq!(served["limits"][0]["remaining"], 20);
}

#[test]
fn a_restore_rate_of_zero_is_no_wait() {
    let body = r#"{"errors":[{"extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{
        "requestedQueryCost":420,"throttleStatus":{"currentlyAvailable":20,"restoreRate":0}}}}"#;
    assert_eq!(wait_ms(200, body), None);
}
