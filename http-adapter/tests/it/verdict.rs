use serde_json::{Value, json};

use crate::support::{read, read_body};

fn verdict(reading: &Value) -> (bool, Option<bool>) {
    (reading["throttled"].as_bool().expect("known"), reading["retryable"].as_bool())
}

#[test]
fn a_status_alone_says_this() {
    for (status, throttled, retryable) in [
        (100, false, None),
        (200, false, None),
        (204, false, None),
        (301, false, None),
        (304, false, None),
        (400, false, Some(false)),
        (401, false, Some(false)),
        (403, false, Some(false)),
        (404, false, Some(false)),
        (408, false, Some(true)),
        (409, false, None),
        (413, false, Some(false)),
        (418, false, Some(false)),
        (420, true, Some(true)),
        (423, false, Some(false)),
        (425, false, Some(true)),
        (429, true, Some(true)),
        (477, false, Some(false)),
        (500, false, Some(true)),
        (501, false, Some(false)),
        (502, false, Some(true)),
        (503, false, Some(true)),
        (504, false, Some(true)),
        (529, true, Some(true)),
        (0, false, None),
        (999, false, None),
    ] {
        assert_eq!(verdict(&read(status, &[])), (throttled, retryable), "{status}");
    }
}

#[test]
fn a_wait_makes_some_statuses_throttling() {
    for (status, throttled, retryable) in [
        (200, false, None),
        (301, false, None),
        (400, false, Some(false)),
        (403, true, Some(true)),
        (404, false, Some(false)),
        (413, false, Some(true)),
        (418, true, Some(true)),
        (500, false, Some(true)),
        (502, false, Some(true)),
        (503, true, Some(true)),
        (504, false, Some(true)),
    ] {
        for wait in [("Retry-After", "5"), ("Retry-After", "0"), ("x-ms-retry-after-ms", "5")] {
            assert_eq!(
                verdict(&read(status, &[wait])),
                (throttled, retryable),
                "{status} {wait:?}"
            );
        }
        let unusable = read(status, &[("Retry-After", "soon")]);
        assert!(!verdict(&unusable).0, "{status}");
    }
}

#[test]
fn an_empty_window_is_throttling_on_a_403_only() {
    let empty = [("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "0")];
    assert_eq!(verdict(&read(403, &empty)), (true, Some(true)));
    for status in [200, 304, 400, 404, 500, 502, 503] {
        assert!(!verdict(&read(status, &empty)).0, "{status}");
    }
    let left = [("x-ratelimit-remaining", "1")];
    assert_eq!(verdict(&read(403, &left)), (false, Some(false)));
    let unknown = [("x-ratelimit-remaining", "-1")];
    assert_eq!(verdict(&read(403, &unknown)), (false, Some(false)));
}

#[test]
fn explicit_advice_beats_everything() {
    for name in ["x-should-retry", "Stripe-Should-Retry"] {
        assert_eq!(verdict(&read(400, &[(name, "TRUE")])), (false, Some(true)));
        assert_eq!(verdict(&read(429, &[(name, "false")])), (true, Some(false)));
        assert_eq!(verdict(&read(500, &[(name, " False ")])), (false, Some(false)));
        let garbage = read(500, &[(name, "maybe")]);
        assert_eq!(verdict(&garbage), (false, Some(true)));
        assert_eq!(garbage["malformed"], json!([name.to_lowercase()]));
    }
    let both = [("x-should-retry", "false"), ("stripe-should-retry", "true")];
    assert_eq!(verdict(&read(409, &both)), (false, Some(false)));
    let quota = r#"{"error":{"code":"insufficient_quota"}}"#;
    assert_eq!(verdict(&read_body(429, &[("x-should-retry", "true")], quota)), (true, Some(true)));
}

#[test]
fn an_exhausted_quota_is_throttled_and_not_retryable() {
    for (status, body) in [
        (429, r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#),
        (429, r#"{"error":{"type":"insufficient_quota","code":null}}"#),
        (
            429,
            r#"{"type":"error","error":{"type":"rate_limit_error",
                "details":{"error_code":"enforced_spend_limit_reached"}}}"#,
        ),
        (429, r#"{"errors":[{"error":"PUBLIC_API_BILLING_LIMIT_EXCEEDED"}]}"#),
        (429, r#"{"additional_data":{"rate_limit_reason":"public_api_request_blocked"}}"#),
        (403, r#"{"error":{"errors":[{"reason":"dailyLimitExceeded"}],"code":403}}"#),
        (403, r#"{"error":{"errors":[{"reason":"x"},{"reason":"quotaExceeded"}]}}"#),
        (429, r#"{"error":{"errors":[{"reason":"quotaExceeded"}]}}"#),
        (200, r#"{"status":"OVER_DAILY_LIMIT","results":[]}"#),
    ] {
        assert_eq!(verdict(&read_body(status, &[], body)), (true, Some(false)), "{body}");
    }
}

#[test]
fn a_known_code_makes_a_status_throttling() {
    for (status, body) in [
        (200, r#"{"ok":false,"error":"ratelimited"}"#),
        (200, r#"{"status":"OVER_QUERY_LIMIT","results":[]}"#),
        (200, r#"{"data":null,"errors":[{"type":"RATE_LIMITED","message":"x"}]}"#),
        (200, r#"{"errors":[{"type":"RATE_LIMIT","code":"graphql_rate_limit"}]}"#),
        (200, r#"{"errors":[{"extensions":{"code":"THROTTLED"}}]}"#),
        (200, r#"{"error":["EAPI:Rate limit exceeded"]}"#),
        (200, r#"{"error":["EService:Throttled: 1787227260"]}"#),
        (200, r#"{"retCode":10006,"retMsg":"Too many visits!"}"#),
        (200, r#"{"error":{"code":"maxlag"}}"#),
        (200, r#"{"error":{"code":"ratelimited"}}"#),
        (200, r#"{"error":{"code":429,"message":"x"}}"#),
        (200, "data: {\"error\":{\"code\":429}}\n\ndata: [DONE]\n"),
        (400, r#"{"__type":"ThrottlingException"}"#),
        (400, r#"{"__type":"com.amazonaws.dynamodb#ProvisionedThroughputExceededException"}"#),
        (400, r#"{"code":"RequestThrottled"}"#),
        (400, r#"{"errors":[{"extensions":{"code":"RATELIMITED"}}]}"#),
        (400, r#"{"error":{"code":4,"type":"OAuthException"}}"#),
        (400, r#"{"error":{"code":17,"type":"OAuthException"}}"#),
        (400, r#"{"error":{"code":32,"type":"OAuthException"}}"#),
        (400, r#"{"error":{"code":613,"type":"OAuthException"}}"#),
        (400, r#"{"error":{"code":80000,"type":"OAuthException"}}"#),
        (400, r#"{"error":{"code":80014,"type":"OAuthException"}}"#),
        (400, r#"{"error":{"code":"rate_limit","type":"invalid_request_error"}}"#),
        (403, r#"{"message":"API rate limit exceeded for 192.0.2.1."}"#),
        (403, r#"{"message":"You have exceeded a secondary rate limit. Please wait"}"#),
        (403, r#"{"message":"You have triggered an abuse detection mechanism."}"#),
        (403, r#"{"documentation_url":"https://docs.github.com/x#secondary-rate-limits"}"#),
        (403, r#"{"error":{"errors":[{"reason":"userRateLimitExceeded"}]}}"#),
        (403, r#"{"error":{"errors":[{"reason":"rateLimitExceeded"}]}}"#),
        (403, r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#),
        (403, "403, access too frequent"),
        (418, r#"{"code":-1003,"msg":"banned"}"#),
        (503, "<?xml version=\"1.0\"?>\n<Error><Code>SlowDown</Code></Error>"),
        (
            503,
            "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>",
        ),
        (
            503,
            r#"{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"}"#,
        ),
        (503, r#"{"error":{"type":"dynamic_request_limited"}}"#),
    ] {
        assert_eq!(verdict(&read_body(status, &[], body)), (true, Some(true)), "{status} {body}");
    }
}

#[test]
fn a_code_next_to_a_known_one_is_not_throttling() {
    for (status, body) in [
        (200, r#"{"ok":false,"error":"channel_not_found"}"#),
        (200, r#"{"ok":true,"text":"ratelimited"}"#),
        (200, r#"{"errors":[{"type":"NOT_FOUND"}]}"#),
        (200, r#"{"error":["EQuery:Unknown asset"]}"#),
        (200, r#"{"retCode":0}"#),
        (200, r#"{"error":{"code":"badtoken"}}"#),
        (200, r#"{"errors":[{"extensions":{"code":"MAX_COST_EXCEEDED"}}]}"#),
        (200, r#"{"__type":"ThrottlingException"}"#),
        (400, r#"{"__type":"ValidationException"}"#),
        (400, r#"{"error":{"code":100,"type":"OAuthException"}}"#),
        (400, r#"{"error":{"code":80015,"type":"OAuthException"}}"#),
        (400, r#"{"error":{"code":4.5}}"#),
        (403, r#"{"message":"Resource not accessible by integration"}"#),
        (403, r#"{"error":{"errors":[{"reason":"insufficientPermissions"}]}}"#),
        (403, r#"[{"errorCode":"INSUFFICIENT_ACCESS"}]"#),
        (403, "<html>403 Forbidden</html>"),
        (418, "I'm a teapot"),
        (503, "<Error><Code>ServiceUnavailable</Code></Error>"),
        (503, r#"{"error":{"type":"service_unavailable"}}"#),
        (
            500,
            r#"{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"}"#,
        ),
    ] {
        assert!(!verdict(&read_body(status, &[], body)).0, "{status} {body}");
    }
}

#[test]
fn a_lock_is_no_rate_limit() {
    let lock = r#"{"error":{"code":"lock_timeout","type":"invalid_request_error"}}"#;
    assert!(!verdict(&read_body(429, &[], lock)).0);
    let reason = [("Stripe-Rate-Limited-Reason", "resource-specific")];
    assert_eq!(verdict(&read_body(429, &reason, lock)), (true, Some(true)));
}

#[test]
fn fields_can_tell_too() {
    assert!(verdict(&read(503, &[("x-envoy-overloaded", "true")])).0);
    assert!(!verdict(&read(500, &[("x-envoy-overloaded", "true")])).0);
    let code = ("x-amzn-ErrorType", "aws#ThrottlingException:http://internal/x");
    assert_eq!(verdict(&read(400, &[code])), (true, Some(true)));
    assert_eq!(verdict(&read(200, &[code])), (false, None));
    assert_eq!(verdict(&read(400, &[("x-amzn-errortype", "AccessDenied")])), (false, Some(false)));
    let sentry = ("X-Sentry-Rate-Limits", "60::key");
    assert_eq!(verdict(&read(200, &[sentry])), (true, None));
    assert_eq!(verdict(&read(429, &[sentry])), (true, Some(true)));
    assert!(!verdict(&read(200, &[("X-Sentry-Rate-Limits", "")])).0);
    assert_eq!(verdict(&read(200, &[("grpc-status", "8")])), (true, Some(true)));
    assert_eq!(verdict(&read(200, &[("grpc-status", "14")])), (false, Some(true)));
    assert_eq!(verdict(&read(200, &[("grpc-status", "0")])), (false, None));
}

/// Every field that names the bucket, best first.
const SCOPES: [&str; 12] = [
    "X-RateLimit-Scope",
    "X-Rate-Limit-Type",
    "RateLimit-Reason",
    "Stripe-Rate-Limited-Reason",
    "RateLimit-Name",
    "x-ratelimit-name",
    "X-RateLimit-Type",
    "X-Figma-Rate-Limit-Type",
    "x-ratelimit-resource",
    "X-RateLimit-Endpoint-Name",
    "docker-ratelimit-source",
    "X-RateLimit-Bucket",
];

#[test]
fn the_first_scope_stands() {
    for first in 0..SCOPES.len() {
        let mut headers: Vec<_> = SCOPES[first..].iter().map(|name| (*name, *name)).collect();
        headers.push(("X-RateLimit-Global", "true"));
        headers.reverse();
        let reading = read_body(429, &headers, r#"{"policyName":"body"}"#);
        assert_eq!(reading["scope"], SCOPES[first]);
    }
}

#[test]
fn a_body_names_the_bucket_of_an_error_only() {
    let google = r#"{"error":{"details":[{"retryDelay":"1s"},
        {"violations":[{"quotaId":"GenerateRequestsPerDay"}]}]}}"#;
    for (body, scope) in [
        (r#"{"policyName":"TEN_SECONDLY_ROLLING"}"#, "TEN_SECONDLY_ROLLING"),
        (r#"{"additional_data":{"rate_limit_reason":"r"}}"#, "r"),
        (r#"{"rate_limit_reason":"s"}"#, "s"),
        (google, "GenerateRequestsPerDay"),
        (r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#, "REQUEST_LIMIT_EXCEEDED"),
    ] {
        assert_eq!(read_body(429, &[], body)["scope"], scope);
        assert_eq!(read_body(200, &[], body)["scope"], Value::Null);
    }
    assert_eq!(read(429, &[("X-RateLimit-Global", "true")])["scope"], "global");
    assert_eq!(read(429, &[("X-RateLimit-Global", "false")])["scope"], Value::Null);
    assert_eq!(read(429, &[("X-RateLimit-Scope", " caf\u{e9} ")])["scope"], "caf\u{e9}");
}
