use serde_json::json;

use super::assert_limits;
use crate::support::{NONE, read, window};

#[test]
fn shops_and_books_have_words_of_their_own() {
    assert_limits(
        &[
            ("X-Rate-Limit-Requests-Left", "6"),
            ("X-Rate-Limit-Requests-Quota", "150"),
            ("X-Rate-Limit-Time-Reset-Ms", "15000"),
            ("X-Rate-Limit-Time-Window-Ms", "30000"),
        ],
        json!([window("requests", 150, 6, 15_000, 30_000)]),
    );
    assert_limits(
        &[
            ("X-DayLimit-Remaining", "4981"),
            ("X-MinLimit-Remaining", "59"),
            ("X-AppMinLimit-Remaining", "9954"),
        ],
        json!([
            window("requests", NONE, 4_981, NONE, 86_400_000),
            window("requests", NONE, 59, NONE, 60_000),
            window("app_requests", NONE, 9_954, NONE, 60_000),
        ]),
    );
    assert_eq!(read(429, &[("X-Rate-Limit-Problem", "Minute")])["scope"], "Minute");
    assert_limits(
        &[
            ("x-limit-per-second", "10"),
            ("x-remaining-this-second", "9"),
            ("x-limit-per-day", "10000"),
            ("x-remaining-today", "9999"),
        ],
        json!([
            window("requests", 10, 9, NONE, 1_000),
            window("requests", 10_000, 9_999, NONE, 86_400_000),
        ]),
    );
    assert_limits(
        &[
            ("X-RateLimit-Limit", "3000"),
            ("X-RateLimit-Remaining", "2990"),
            ("X-RateLimit-Reset", "1787230800"),
            ("X-BurstLimit-Limit", "500"),
            ("X-BurstLimit-Remaining", "499"),
        ],
        json!([
            window("requests", 3_000, 2_990, 3_600_000, NONE),
            window("burst", 500, 499, NONE, NONE),
        ]),
    );
    assert_limits(
        &[
            ("Rate-Limit-Limit", "600"),
            ("Rate-Limit-Remaining", "583"),
            ("Rate-Limit-Reset", "58.37"),
        ],
        json!([window("requests", 600, 583, 58_370, NONE)]),
    );
}

#[test]
fn exchanges_and_brokers_count_in_their_own_units() {
    assert_limits(
        &[
            ("gw-ratelimit-limit", "500"),
            ("gw-ratelimit-remaining", "300"),
            ("gw-ratelimit-reset", "1489"),
        ],
        json!([window("requests", 500, 300, 1_489, NONE)]),
    );
    assert_limits(
        &[
            ("X-Gate-RateLimit-Limit", "100"),
            ("X-Gate-RateLimit-Requests-Remain", "99"),
            ("X-Gate-RateLimit-Reset-Timestamp", "1787227205"),
        ],
        json!([window("requests", 100, 99, 5_000, NONE)]),
    );
    assert_limits(
        &[
            ("X-Ratelimit-Allowed", "120"),
            ("X-Ratelimit-Used", "3"),
            ("X-Ratelimit-Available", "117"),
            ("X-Ratelimit-Expiry", "1787227260001"),
        ],
        json!([window("requests", 120, 117, 60_001, NONE)]),
    );
}

#[test]
fn windows_are_told_in_many_ways() {
    for (headers, expected) in [
        (
            [("x-rate-limit-limit", "50"), ("x-rate-limit-interval", "1s")],
            window("requests", 50, NONE, NONE, 1_000),
        ),
        (
            [("x-ratelimit-remaining", "7"), ("x-ratelimit-window-size", "600s")],
            window("requests", NONE, 7, NONE, 600_000),
        ),
        (
            [("x-ratelimit-perhour-limit", "1000"), ("x-ratelimit-perhour-reset", "600")],
            window("requests", 1_000, NONE, 600_000, 3_600_000),
        ),
        (
            // <https://docs.developer.yelp.com/docs/fusion-rate-limiting>
            [
                ("RateLimit-DailyLimit", "5000"),
                ("RateLimit-ResetTime", "2026-08-21T00:00:00+00:00"),
            ],
            window("requests", 5_000, NONE, 43_200_000, NONE),
        ),
        (
            [("ratelimit-remaining", "999"), ("ratelimit-reset-date", "2026-08-20T12:01:00Z")],
            window("requests", NONE, 999, 60_000, NONE),
        ),
    ] {
        assert_limits(&headers, json!([expected]));
    }
}
