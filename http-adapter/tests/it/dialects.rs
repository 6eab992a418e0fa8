/// Language models.
mod models;
/// Fields with a grammar of their own.
mod shapes;
/// Vendors that have words of their own.
mod vendors;

use forbear_http::known_fields;
use serde_json::{Value, json};

use crate::support::{NONE, limits, read, read_body, window};

/// `limits` in no order.
fn sorted(mut limits: Value) -> Value {
    limits.as_array_mut().expect("a list").sort_by_key(Value::to_string);
    limits
}

#[track_caller]
fn assert_limits(headers: &[(&str, &str)], expected: Value) {
    assert_eq!(sorted(limits(headers)), sorted(expected));
    assert_eq!(read(200, headers)["malformed"], json!([]));
}

#[test]
fn every_row_has_a_provider_and_a_source() {
    for field in known_fields() {
        assert!(!field.provider.is_empty(), "{field:?}");
        assert!(field.source.starts_with("https://"), "{field:?}");
        assert_eq!(field.name, field.name.to_lowercase(), "{field:?}");
    }
    assert!(known_fields().count() > 60);
}

#[test]
fn x_has_a_window_for_the_endpoint_and_caps_of_a_day() {
    let headers = [
        ("x-rate-limit-limit", "1080000"),
        ("x-rate-limit-remaining", "1079999"),
        ("x-rate-limit-reset", "1787228100"),
        ("x-app-limit-24hour-limit", "17"),
        ("x-app-limit-24hour-remaining", "0"),
        ("x-app-limit-24hour-reset", "1787270400"),
    ];
    assert_limits(
        &headers,
        json!([
            window("requests", 1_080_000, 1_079_999, 900_000, NONE),
            window("requests", 17, 0, 43_200_000, 86_400_000),
        ]),
    );
}

#[test]
fn gitlab_names_its_throttle_and_dates_its_reset() {
    let headers = [
        ("RateLimit-Limit", "60"),
        ("RateLimit-Name", "throttle_authenticated_web"),
        ("RateLimit-Observed", "67"),
        ("RateLimit-Remaining", "0"),
        ("RateLimit-ResetTime", "Thu, 20 Aug 2026 12:00:30 GMT"),
    ];
    let reading = read(429, &headers);
    assert_eq!(reading["limits"], json!([window("requests", 60, 0, 30_000, NONE)]));
    assert_eq!(reading["scope"], "throttle_authenticated_web");
}

#[test]
fn kong_has_a_year() {
    assert_limits(
        &[("X-RateLimit-Limit-Year", "9"), ("X-RateLimit-Remaining-Year", "8")],
        json!([window("requests", 9, 8, NONE, 31_536_000_000_u64)]),
    );
}

#[test]
fn nestjs_names_its_throttlers() {
    assert_limits(
        &[
            ("X-RateLimit-Limit-short", "3"),
            ("X-RateLimit-Remaining-short", "2"),
            ("X-RateLimit-Reset-short", "1"),
            ("X-RateLimit-Limit-long", "100"),
        ],
        json!([window("short", 3, 2, 1_000, NONE), window("long", 100, NONE, NONE, NONE)]),
    );
}

#[test]
fn spring_fills_a_bucket() {
    let headers = [
        ("X-RateLimit-Remaining", "19"),
        ("X-RateLimit-Replenish-Rate", "10"),
        ("X-RateLimit-Burst-Capacity", "20"),
        ("X-RateLimit-Requested-Tokens", "1"),
    ];
    assert_limits(&headers, json!([window("requests", 20, 19, NONE, NONE)]));
}

#[test]
fn discord_rounds_its_header_up() {
    let headers = [
        ("Retry-After", "65"),
        ("X-RateLimit-Limit", "10"),
        ("X-RateLimit-Remaining", "9"),
        ("X-RateLimit-Reset", "1787227264.57"),
        ("X-RateLimit-Reset-After", "64.57"),
        ("X-RateLimit-Bucket", "abcd1234"),
        ("X-RateLimit-Scope", "shared"),
    ];
    let reading = read_body(429, &headers, r#"{"retry_after":64.57,"global":false}"#);
    assert_eq!(reading["retry_after_ms"], 65_000);
    assert_eq!(reading["limits"], json!([window("requests", 10, 9, 64_570, NONE)]));
    assert_eq!(reading["scope"], "shared");
}

#[test]
fn reddit_sends_floats_and_no_limit() {
    assert_limits(
        &[
            ("x-ratelimit-used", "3"),
            ("x-ratelimit-remaining", "597.0"),
            ("x-ratelimit-reset", "540"),
        ],
        json!([window("requests", 600, 597, 540_000, NONE)]),
    );
}

#[test]
fn hubspot_has_three_windows() {
    assert_limits(
        &[
            ("X-HubSpot-RateLimit-Max", "100"),
            ("X-HubSpot-RateLimit-Remaining", "99"),
            ("X-HubSpot-RateLimit-Interval-Milliseconds", "10000"),
            ("X-HubSpot-RateLimit-Daily", "250000"),
            ("X-HubSpot-RateLimit-Daily-Remaining", "249999"),
            ("X-HubSpot-RateLimit-Secondly", "10"),
            ("X-HubSpot-RateLimit-Secondly-Remaining", "9"),
        ],
        json!([
            window("requests", 100, 99, NONE, 10_000),
            window("requests", 250_000, 249_999, NONE, 86_400_000),
            window("requests", 10, 9, NONE, 1_000),
        ]),
    );
}

#[test]
fn zendesk_limits_endpoints() {
    assert_limits(
        &[
            ("Zendesk-RateLimit-search-index", "total=100; remaining=99; resets=41"),
            ("zendesk-ratelimit-incremental-exports", "total=10;remaining=;resets=2"),
        ],
        json!([
            window("search-index", 100, 99, 41_000, NONE),
            window("incremental-exports", 10, NONE, 2_000, NONE),
        ]),
    );
    let bad = read(200, &[("zendesk-ratelimit-x", "total=;")]);
    assert_eq!(bad["malformed"], json!(["zendesk-ratelimit-x"]));
}

#[test]
fn auth0_has_buckets_of_clients_and_organizations() {
    assert_limits(
        &[
            ("Auth0-Client-Quota-Limit", "b=per_hour;q=100;r=90;t=3600,b=per_day;q=1000;r=900"),
            ("Auth0-Organization-Quota-Limit", "per_hour;q=5;r=x"),
        ],
        json!([
            window("client:per_hour", 100, 90, 3_600_000, NONE),
            window("client:per_day", 1_000, 900, NONE, NONE),
            window("organization:per_hour", 5, NONE, NONE, NONE),
        ]),
    );
}

#[test]
fn trello_spells_its_dimensions_with_hyphens() {
    assert_limits(
        &[
            ("x-rate-limit-api-token-interval-ms", "10000"),
            ("X-Rate-Limit-Api-Token-Max", "100"),
            ("x-rate-limit-api-token-remaining", "97"),
            ("x-rate-limit-api-key-max", "300"),
        ],
        json!([
            window("api-token", 100, 97, NONE, 10_000),
            window("api-key", 300, NONE, NONE, NONE),
        ]),
    );
}

#[test]
fn vendors_with_a_prefix_of_their_own() {
    assert_limits(
        &[
            ("X-Contentful-RateLimit-Second-Limit", "7"),
            ("X-Contentful-RateLimit-Second-Remaining", "9"),
            ("X-Contentful-RateLimit-Hour-Limit", "36000"),
        ],
        json!([
            window("requests", 7, 9, NONE, 1_000),
            window("requests", 36_000, NONE, NONE, 3_600_000),
        ]),
    );
    assert_limits(
        &[("x-sib-ratelimit-limit", "1000"), ("x-sib-ratelimit-reset", "42")],
        json!([window("requests", 1_000, NONE, 42_000, NONE)]),
    );
    assert_limits(
        &[("X-Sentry-Rate-Limit-Limit", "40"), ("X-Sentry-Rate-Limit-Reset", "1787227201")],
        json!([window("requests", 40, NONE, 1_000, NONE)]),
    );
    assert_limits(
        &[
            ("X-Bapi-Limit", "10"),
            ("X-Bapi-Limit-Status", "9"),
            ("X-Bapi-Limit-Reset-Timestamp", "1787227200824"),
        ],
        json!([window("requests", 10, 9, 824, NONE)]),
    );
    assert_limits(
        &[
            ("Jumpseller-PerMinuteRateLimit-Limit", "800"),
            ("Jumpseller-PerSecondRateLimit-Remaining", "19"),
        ],
        json!([
            window("requests", 800, NONE, NONE, 60_000),
            window("requests", NONE, 19, NONE, 1_000),
        ]),
    );
    assert_limits(
        &[("x-ratelimit-requests-limit", "5"), ("x-ratelimit-requests-reset", "9")],
        json!([window("requests", 5, NONE, 9_000, NONE)]),
    );
    assert_limits(
        &[("X-RateLimit-Limit", "9"), ("X-RateLimit-Period", "3600"), ("X-RateLimit-Name", "q")],
        json!([window("requests", 9, NONE, NONE, 3_600_000)]),
    );
}

#[test]
fn naver_leaves_the_limit_without_a_suffix() {
    assert_limits(
        &[
            ("x-rate-limit", "100"),
            ("x-rate-limit-remaining", "99"),
            ("x-rate-limit-reset", "1787227260000"),
        ],
        json!([window("requests", 100, 99, 60_000, NONE)]),
    );
}

#[test]
fn azure_names_what_remains() {
    assert_limits(
        &[
            ("x-ms-ratelimit-remaining-subscription-reads", "11999"),
            (
                "x-ms-ratelimit-remaining-resource",
                "Microsoft.Compute/HighCostGet3Min;139,Microsoft.Compute/HighCostGet30Min;739",
            ),
        ],
        json!([
            window("subscription-reads", NONE, 11_999, NONE, NONE),
            window("Microsoft.Compute/HighCostGet3Min", NONE, 139, NONE, NONE),
            window("Microsoft.Compute/HighCostGet30Min", NONE, 739, NONE, NONE),
        ]),
    );
}

#[test]
fn amazon_sends_a_rate() {
    assert_limits(
        &[("x-amzn-RateLimit-Limit", "0.04512")],
        json!([window("requests", 0.04512, NONE, NONE, 1_000)]),
    );
}

#[test]
fn binance_tells_windows_without_limits() {
    assert_limits(
        &[
            ("X-MBX-USED-WEIGHT", "20"),
            ("X-MBX-USED-WEIGHT-1M", "20"),
            ("X-MBX-ORDER-COUNT-10S", "3"),
            ("X-MBX-ORDER-COUNT-1D", "5"),
        ],
        json!([
            window("request_weight", NONE, NONE, NONE, 60_000),
            window("orders", NONE, NONE, NONE, 10_000),
            window("orders", NONE, NONE, NONE, 86_400_000),
        ]),
    );
}

#[test]
fn sentry_limits_categories() {
    let headers = [
        ("X-Sentry-Rate-Limits", "60:transaction:key, 2700:default;error:organization:reason"),
        ("X-Sentry-Rate-Limits", "90.5:error:key,abc:x:y,::"),
    ];
    let reading = read(200, &headers);
    assert_eq!(
        sorted(reading["limits"].clone()),
        sorted(json!([
            window("transaction", NONE, 0, 60_000, NONE),
            window("default", NONE, 0, 2_700_000, NONE),
            window("error", NONE, 0, 2_700_000, NONE),
        ]))
    );
    assert_eq!(reading["malformed"], json!([]));
    assert_eq!(reading["retry_after_ms"], NONE);
    assert_eq!(
        read(200, &[("x-sentry-rate-limits", "abc")])["malformed"],
        json!(["x-sentry-rate-limits"])
    );
}

#[test]
fn beta_fields_are_announcements() {
    let headers = [
        ("Beta-RateLimit", "\"global-app-quota\";r=0;t=50"),
        ("Beta-RateLimit-Policy", "\"global-app-quota\";q=65000;w=3600"),
        ("Beta-Retry-After", "50"),
    ];
    let reading = read(200, &headers);
    assert_eq!(reading["limits"], json!([]));
    assert_eq!(reading["retry_after_ms"], NONE);
}
