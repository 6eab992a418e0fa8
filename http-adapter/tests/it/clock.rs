use std::time::Duration;

use forbear_http::{Head, Reader};
use serde_json::{Value, json};

use crate::support::NOW_S;

const DATE: (&str, &str) = ("Date", "Thu, 20 Aug 2026 12:00:00 GMT");

/// A reading by a client whose clock is off by `skew_s`.
fn read_at(skew_s: i64, headers: &[(&str, &str)]) -> Value {
    let now = Duration::from_secs(NOW_S.saturating_add_signed(skew_s));
    let headers = headers.to_vec();
    Reader::new().read(&Head::new(429, &headers), now).to_json()
}

#[test]
fn the_servers_date_beats_the_clients_clock() {
    let epoch = (NOW_S + 30).to_string();
    for skew_s in [-3_600, 0, 3_600, -i64::try_from(NOW_S).expect("small")] {
        for date in ["Thu, 20 Aug 2026 12:00:00 GMT", "Thu Aug 20 12:00:00 2026"] {
            let headers = [
                ("date", date),
                ("x-ratelimit-reset", epoch.as_str()),
                ("retry-after", "Thu, 20 Aug 2026 12:00:12 GMT"),
            ];
            let reading = read_at(skew_s, &headers);
            assert_eq!(reading["limits"][0]["reset_after_ms"], 30_000, "{skew_s}");
            assert_eq!(reading["retry_after_ms"], 12_000, "{skew_s}");
        }
    }
}

#[test]
fn the_obsolete_date_is_read_by_the_clients_century() {
    let headers =
        [("date", "Thursday, 20-Aug-26 12:00:00 GMT"), ("retry-after", "2026-08-20T12:00:12Z")];
    assert_eq!(read_at(3_600, &headers)["retry_after_ms"], 12_000);
}

#[test]
fn a_date_that_is_none_leaves_the_local_clock() {
    let headers = [("Date", "yesterday"), ("Retry-After", "Thu, 20 Aug 2026 12:00:05 GMT")];
    let reading = read_at(-1, &headers);
    assert_eq!(reading["retry_after_ms"], 6_000);
    assert_eq!(reading["malformed"], json!(["date"]));
}

#[test]
fn age_moves_the_servers_clock_and_makes_counters_worthless() {
    let headers = [
        DATE,
        ("Age", "300"),
        ("Retry-After", "Thu, 20 Aug 2026 12:06:00 GMT"),
        ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Limit", "abc"),
        ("RateLimit", "broken;;"),
        ("X-Shopify-Shop-Api-Call-Limit", "40/40"),
        ("zendesk-ratelimit-x", "total=1"),
    ];
    let reading = read_at(0, &headers);
    assert_eq!(reading["retry_after_ms"], 60_000);
    assert_eq!(reading["limits"], json!([]));
    assert_eq!(reading["malformed"], json!([]));
    assert_eq!(reading["throttled"], true);
}

#[test]
fn age_zero_is_fresh() {
    let headers = [("Age", "0"), ("X-RateLimit-Remaining", "5")];
    assert_eq!(read_at(0, &headers)["limits"][0]["remaining"], 5);
}

#[test]
fn an_age_that_is_none_is_ignored_and_named() {
    for age in ["-5", "abc", "", "1.5", "5s"] {
        let headers = [DATE, ("Age", age), ("Retry-After", "Thu, 20 Aug 2026 12:00:05 GMT")];
        let reading = read_at(99, &headers);
        assert_eq!(reading["retry_after_ms"], 5_000, "{age}");
        assert_eq!(reading["malformed"], json!(["age"]), "{age}");
    }
}

#[test]
fn deltas_use_no_clock() {
    let headers = [DATE, ("Retry-After", "30"), ("X-RateLimit-Reset", "30")];
    for skew_s in [-3_600, 3_600] {
        let reading = read_at(skew_s, &headers);
        assert_eq!(reading["retry_after_ms"], 30_000);
        assert_eq!(reading["limits"][0]["reset_after_ms"], 30_000);
    }
}
