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
fn azure_openai_sends_sentinels_for_what_it_does_not_know() {
    let headers = [
        ("x-ratelimit-limit-tokens", "-1"),
        ("x-ratelimit-remaining-tokens", "-1"),
        ("x-ratelimit-reset-tokens", "0"),
    ];
    let reading = read(200, &headers);
    assert_eq!(reading["limits"], json!([window("tokens", NONE, NONE, 0, NONE)]));
    assert_eq!(
        reading["malformed"],
        json!(["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens"])
    );
}

#[test]
fn anthropic_has_two_encodings_in_one_namespace() {
    assert_limits(
        &[
            ("anthropic-ratelimit-tokens-limit", "80000"),
            ("anthropic-ratelimit-tokens-reset", "2026-08-20T12:00:30Z"),
            ("anthropic-priority-input-tokens-remaining", "5"),
            ("anthropic-ratelimit-unified-status", "allowed"),
            ("anthropic-ratelimit-unified-5h-status", "allowed"),
            ("anthropic-ratelimit-unified-5h-utilization", "0.42"),
            ("anthropic-ratelimit-unified-5h-reset", "1787227260"),
            ("anthropic-ratelimit-unified-7d-reset", "1787227260"),
        ],
        json!([
            window("tokens", 80_000, NONE, 30_000, NONE),
            window("priority_input_tokens", NONE, 5, NONE, NONE),
            window("unified_5h", NONE, NONE, 60_000, 18_000_000),
            window("unified_7d", NONE, NONE, 60_000, 604_800_000),
        ]),
    );
}

#[test]
fn cerebras_names_the_window() {
    assert_limits(
        &[
            ("x-ratelimit-limit-requests-day", "14400"),
            ("x-ratelimit-remaining-requests-day", "14399"),
            ("x-ratelimit-reset-requests-day", "51834.5"),
            ("x-ratelimit-remaining-tokens-minute", "60000"),
        ],
        json!([
            window("requests", 14_400, 14_399, 51_834_500, 86_400_000),
            window("tokens", NONE, 60_000, NONE, 60_000),
        ]),
    );
}

#[test]
fn mistral_counts_by_size() {
    assert_limits(
        &[
            ("ratelimitbysize-limit", "500000"),
            ("ratelimitbysize-remaining", "499000"),
            ("ratelimitbysize-reset", "21"),
            ("ratelimitbysize-query-cost", "50"),
            ("x-ratelimitbysize-limit-month", "1000000000"),
        ],
        json!([
            window("tokens", 500_000, 499_000, 21_000, NONE),
            window("tokens", 1_000_000_000, NONE, NONE, 2_592_000_000_u64),
        ]),
    );
}

#[test]
fn together_counts_tokens_apart() {
    assert_limits(
        &[
            ("x-ratelimit-limit", "60"),
            ("x-ratelimit-reset", "1"),
            ("x-tokenlimit-limit", "6000"),
            ("x-tokenlimit-remaining", "5000"),
        ],
        json!([
            window("requests", 60, NONE, 1_000, NONE),
            window("tokens", 6_000, 5_000, NONE, NONE),
        ]),
    );
}

#[test]
fn openrouter_and_linear_count_in_epoch_milliseconds() {
    assert_limits(
        &[
            ("X-RateLimit-Requests-Limit", "1500"),
            ("X-RateLimit-Requests-Remaining", "1499"),
            ("X-RateLimit-Requests-Reset", "1787227260000"),
            ("X-RateLimit-Complexity-Limit", "250000"),
            ("X-Complexity", "5"),
        ],
        json!([
            window("requests", 1_500, 1_499, 60_000, NONE),
            window("complexity", 250_000, NONE, NONE, NONE),
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
fn meta_counts_percent() {
    assert_limits(
        &[("X-App-Usage", r#"{"call_count":28,"total_time":25.5,"total_cputime":150}"#)],
        json!([
            window("call_count", 100, 72, NONE, NONE),
            window("total_time", 100, 74.5, NONE, NONE),
            window("total_cputime", 100, 0, NONE, NONE),
        ]),
    );
    assert_limits(
        &[(
            "X-Ad-Account-Usage",
            r#"{"acc_id_util_pct":9.67,"reset_time_duration":100,"ads_api_access_tier":"x"}"#,
        )],
        json!([window("acc_id_util_pct", 100, 90.33, 100_000, NONE)]),
    );
    let business = r#"{"1":[{"type":"pages","call_count":95,"estimated_time_to_regain_access":19},
        {"type":"ads","call_count":10,"estimated_time_to_regain_access":3}]}"#;
    let reading = read(400, &[("X-Business-Use-Case-Usage", business)]);
    assert_eq!(reading["retry_after_ms"], 19 * 60_000);
    assert_eq!(reading["scope"], "pages");
    assert_eq!(reading["limits"].as_array().map(Vec::len), Some(2));
    for bad in ["{not json", "[]", "5", "{}", r#"{"call_count":"x"}"#, r#"{"call_count":-1}"#] {
        assert_eq!(
            read(200, &[("x-app-usage", bad)])["malformed"],
            json!(["x-app-usage"]),
            "{bad}"
        );
    }
}

#[test]
fn strava_tells_windows_by_their_place() {
    assert_limits(
        &[
            ("X-RateLimit-Limit", "600,30000"),
            ("X-RateLimit-Usage", "314,27536"),
            ("X-ReadRateLimit-Limit", "300, 900"),
            ("X-ReadRateLimit-Usage", "400, 1"),
        ],
        json!([
            window("requests", 600, 286, NONE, 900_000),
            window("requests", 30_000, 2_464, NONE, 86_400_000),
            window("read", 300, 0, NONE, 900_000),
            window("read", 900, 899, NONE, 86_400_000),
        ]),
    );
    let swapped = [("X-RateLimit-Usage", "a,b"), ("X-RateLimit-Limit", "100,200")];
    let reading = read(200, &swapped);
    assert_eq!(reading["malformed"], json!(["x-ratelimit-usage"]));
    assert_eq!(reading["limits"][1], window("requests", 200, NONE, NONE, 86_400_000));
    assert_limits(
        &[("X-RateLimit-Limit", "100"), ("X-RateLimit-Usage", "40")],
        json!([window("requests", 100, 60, NONE, NONE)]),
    );
}

#[test]
fn riot_joins_on_the_window() {
    assert_limits(
        &[
            ("X-App-Rate-Limit", "20:1,100:120"),
            ("X-App-Rate-Limit-Count", "101:120,3:1"),
            ("X-Method-Rate-Limit", "2000:10"),
        ],
        json!([
            window("app", 20, 17, NONE, 1_000),
            window("app", 100, 0, NONE, 120_000),
            window("method", 2_000, NONE, NONE, 10_000),
        ]),
    );
    let bad = read(200, &[("X-App-Rate-Limit", "abc,5:0"), ("X-App-Rate-Limit-Count", "1:1")]);
    assert_eq!(bad["malformed"], json!(["x-app-rate-limit"]));
}

#[test]
fn shopify_and_salesforce_send_ratios() {
    assert_limits(
        &[("X-Shopify-Shop-Api-Call-Limit", "32/40")],
        json!([window("requests", 40, 8, NONE, NONE)]),
    );
    assert_limits(
        &[("Sforce-Limit-Info", "api-usage=5001/5000; per-app-api-usage=17/250(appName=x)")],
        json!([
            window("api-usage", 5_000, 0, NONE, NONE),
            window("per-app-api-usage", 250, 233, NONE, NONE),
        ]),
    );
    for bad in ["40", "abc/40", "40/", "-1/40", "1/2/3", ""] {
        let headers = [("x-shopify-shop-api-call-limit", bad)];
        assert_eq!(read(200, &headers)["malformed"], json!([headers[0].0]), "{bad}");
    }
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
