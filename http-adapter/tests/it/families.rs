use serde_json::json;

use crate::support::{NONE, limits, window};

#[test]
fn equal_numbers_are_one_window_and_fill_each_other() {
    let headers = [
        ("X-Rate-Limit-Limit", "100"),
        ("X-Rate-Limit-Remaining", "9"),
        ("X-Rate-Limit-Reset", "1787227290"),
        ("X-RateLimit-Limit-Minute", "100"),
        ("X-RateLimit-Remaining-Minute", "9"),
        ("RateLimit-Limit", "100"),
        ("RateLimit-Remaining", "9"),
    ];
    assert_eq!(limits(&headers), json!([window("requests", 100, 9, 90_000, 60_000)]));
}

#[test]
fn the_higher_family_keeps_its_own_numbers() {
    let headers = [
        ("X-RateLimit-Limit", "100"),
        ("X-RateLimit-Remaining", "70"),
        ("X-RateLimit-Reset", "1787227260"),
        ("RateLimit", "\"100-in-1min\"; r=70; t=37"),
        ("RateLimit-Policy", "\"100-in-1min\"; q=100; w=60"),
    ];
    assert_eq!(limits(&headers), json!([window("100-in-1min", 100, 70, 37_000, 60_000)]));
}

#[test]
fn different_numbers_are_different_constraints() {
    let headers = [
        ("RateLimit-Limit", "100"),
        ("RateLimit-Remaining", "9"),
        ("X-RateLimit-Limit", "100"),
        ("X-RateLimit-Remaining", "8"),
    ];
    let both =
        json!([window("requests", 100, 9, NONE, NONE), window("requests", 100, 8, NONE, NONE),]);
    assert_eq!(limits(&headers), both);
}

#[test]
fn equal_numbers_of_different_windows_or_kinds_stay_apart() {
    let minute_and_hour =
        [("x-ratelimit-remaining-minute", "5"), ("x-ratelimit-remaining-hour", "5")];
    assert_eq!(limits(&minute_and_hour).as_array().map(Vec::len), Some(2));
    let requests_and_tokens = [("ratelimit-remaining", "5"), ("x-ratelimit-remaining-tokens", "5")];
    assert_eq!(limits(&requests_and_tokens).as_array().map(Vec::len), Some(2));
}

#[test]
fn a_family_without_numbers_fills_the_reset() {
    let headers =
        [("RateLimit-Limit", "100"), ("RateLimit-Remaining", "9"), ("X-RateLimit-Reset", "30")];
    assert_eq!(limits(&headers), json!([window("requests", 100, 9, 30_000, NONE)]));
}

#[test]
fn zendesk_says_it_twice() {
    let headers = [
        ("x-rate-limit", "400"),
        ("x-rate-limit-remaining", "384"),
        ("ratelimit-limit", "400"),
        ("ratelimit-remaining", "384"),
        ("ratelimit-reset", "50"),
    ];
    assert_eq!(limits(&headers), json!([window("requests", 400, 384, 50_000, NONE)]));
}
