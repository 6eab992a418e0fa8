use serde_json::{Value, json};

use crate::support::{NONE, limits, read, window};

fn limit(value: &str) -> Value {
    limits(&[("X-RateLimit-Limit", value)])[0]["limit"].clone()
}

#[test]
fn counters_are_plain_decimals_up_to_u64() {
    for (value, expected) in [
        ("0", json!(0)),
        ("100", json!(100)),
        ("0100", json!(100)),
        ("100.0", json!(100)),
        ("0.5", json!(0.5)),
        ("0.04512", json!(0.04512)),
        ("597.5", json!(597.5)),
        ("9007199254740993", json!(9_007_199_254_740_993_u64)),
        ("18446744073709551615", json!(u64::MAX)),
    ] {
        assert_eq!(limit(value), expected, "{value}");
    }
}

#[test]
fn what_is_no_counter_is_ignored_and_named() {
    for value in [
        "",
        "-1",
        "-0",
        "+1",
        "unlimited",
        "1e6",
        "0x64",
        "0b1",
        "NaN",
        "inf",
        "100 per hour",
        "18446744073709551616",
        "1,000",
        "１０",
        "1_000",
        ".5",
        "5.",
        "10/100",
    ] {
        let headers = [("X-RateLimit-Limit", value), ("X-RateLimit-Remaining", "7")];
        let reading = read(200, &headers);
        assert_eq!(reading["limits"], json!([window("requests", NONE, 7, NONE, NONE)]), "{value}");
        assert_eq!(reading["malformed"], json!(["x-ratelimit-limit"]), "{value}");
    }
}

#[test]
fn duplicates_are_read_as_the_tightest() {
    for headers in [
        vec![("x-ratelimit-limit", "100"), ("X-RateLimit-Limit", "50")],
        vec![("x-ratelimit-limit", "100, 50")],
        vec![("x-ratelimit-limit", "100,50")],
        vec![("x-ratelimit-limit", "abc, 50")],
    ] {
        let reading = read(200, &headers);
        assert_eq!(reading["limits"], json!([window("requests", 50, NONE, NONE, NONE)]));
        assert_eq!(reading["malformed"], json!([]));
    }
    assert_eq!(limits(&[("ratelimit-remaining", "5, 0")])[0]["remaining"], 0);
}

#[test]
fn a_policy_list_gives_the_window_and_the_other_windows() {
    let headers = [
        ("X-RateLimit-Limit", "10, 10;w=1;name=\"a, b\", 5000;window=3600"),
        ("X-RateLimit-Remaining", "9"),
        ("X-RateLimit-Reset", "1"),
    ];
    let both = json!([
        window("requests", 10, 9, 1_000, 1_000),
        window("requests", 5_000, NONE, NONE, 3_600_000),
    ]);
    assert_eq!(limits(&headers), both);
}

#[test]
fn of_equal_quotas_the_window_that_holds_the_reset_is_meant() {
    for (reset, first, second) in [("1", 1_000, 60_000), ("31", 60_000, 1_000)] {
        let headers = [("RateLimit-Limit", "10, 10;w=1, 10;w=60"), ("RateLimit-Reset", reset)];
        let read = limits(&headers);
        assert_eq!(read[0]["window_ms"], first, "{reset}");
        assert_eq!(read[1], window("requests", 10, NONE, NONE, second), "{reset}");
    }
}

#[test]
fn a_window_behind_both_numbers_is_one_window() {
    let docker = [("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "76;w=21600")];
    assert_eq!(limits(&docker), json!([window("requests", 100, 76, NONE, 21_600_000)]));
    assert_eq!(limits(&docker[1..]), json!([window("requests", NONE, 76, NONE, 21_600_000)]));
}

#[test]
fn what_is_used_completes_what_is_missing() {
    let of = |headers: &[(&str, &str)]| limits(headers)[0].clone();
    let used = ("x-ratelimit-used", "30");
    assert_eq!(
        of(&[used, ("x-ratelimit-remaining", "22.0")]),
        window("requests", 52, 22, NONE, NONE)
    );
    assert_eq!(of(&[used, ("x-ratelimit-limit", "100")]), window("requests", 100, 70, NONE, NONE));
    assert_eq!(of(&[used, ("x-ratelimit-limit", "10")]), window("requests", 10, 0, NONE, NONE));
    assert_eq!(limits(&[used]), json!([]));
}

#[test]
fn names_and_windows_come_from_the_name_of_the_field() {
    for (field, name, window_ms) in [
        ("x-ratelimit-limit", "requests", NONE),
        ("x-ratelimit-limit-requests", "requests", NONE),
        ("x-ratelimit-limit-project-tokens", "project_tokens", NONE),
        ("X-RateLimit-Limit-Tokens-Day", "tokens", json!(86_400_000)),
        ("x-ratelimit-limit-req-minute", "requests", json!(60_000)),
        ("X-RateLimit-Limit-Second", "requests", json!(1_000)),
        ("X-RateLimit-Limit-Hour", "requests", json!(3_600_000)),
        ("X-RateLimit-Limit-Month", "requests", json!(2_592_000_000_u64)),
        ("x-ratelimit-limit-images", "images", NONE),
        ("X-RateLimit-Complexity-Limit", "complexity", NONE),
        ("X-RateLimit-Endpoint-Requests-Limit", "endpoint_requests", NONE),
        ("anthropic-ratelimit-input-tokens-limit", "input_tokens", NONE),
        ("ratelimit-limit-tokens", "tokens", NONE),
    ] {
        assert_eq!(
            limits(&[(field, "5")]),
            json!([window(name, 5, NONE, NONE, window_ms)]),
            "{field}"
        );
    }
}

#[test]
fn names_that_only_look_like_counters_say_nothing() {
    for field in [
        "x-ratelimit-limited",
        "x-ratelimit-replenish-rate",
        "x-ratelimit-requested-tokens",
        "x-ratelimit-nearlimit",
        "x-ratelimit-category",
        "x-ratelimit-tokens-query-cost",
        "ratelimit-observed",
        "beta-ratelimit",
        "beta-retry-after",
        "twilio-concurrent-requests",
        "x-ratelimit",
        "xratelimit-limit",
        "my-x-ratelimit-limit",
    ] {
        let reading = read(200, &[(field, "5"), (field, "abc")]);
        assert_eq!(reading["limits"], json!([]), "{field}");
        assert_eq!(reading["malformed"], json!([]), "{field}");
    }
}

#[test]
fn a_window_of_which_nothing_was_usable_is_not_reported() {
    assert_eq!(limits(&[("x-ratelimit-limit-minute", "abc")]), json!([]));
}
