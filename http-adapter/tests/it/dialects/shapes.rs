use serde_json::json;

use super::assert_limits;
use crate::support::{NONE, read, window};

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
