use serde_json::json;

use crate::support::{MAX_MS, NONE, limits, read, window};

#[test]
fn counters_and_policies_join_by_name() {
    let headers = [
        ("RateLimit", "\"hour\";r=980;t=2000, \"day\";r=100;t=36000"),
        ("RateLimit-Policy", "\"hour\";q=1000;w=3600;pk=:QQ==:"),
        ("RateLimit-Policy", "\"day\";q=5000;w=86400;qu=\"requests\";comment=\"x\", \"year\";q=7"),
    ];
    let all = json!([
        window("hour", 1_000, 980, 2_000_000, 3_600_000),
        window("day", 5_000, 100, 36_000_000, 86_400_000),
        window("year", 7, NONE, NONE, NONE),
    ]);
    assert_eq!(limits(&headers), all);
}

#[test]
fn what_real_traffic_sends_is_let_through() {
    // A Token, as in the draft's own examples.
    let token = [("RateLimit", "quota;r=5;t=1"), ("RateLimit-Policy", "quota;q=100;w=1")];
    assert_eq!(limits(&token), json!([window("quota", 100, 5, 1_000, 1_000)]));
    // No `r`, as Jira far from the limit.
    let jira = [("RateLimit", "\"global-app-quota\";t=200")];
    assert_eq!(limits(&jira), json!([window("global-app-quota", NONE, NONE, 200_000, NONE)]));
    // Two strings, as Hugging Face.
    let hugging_face = [
        ("ratelimit", "\"api\";r=0;t=55"),
        ("ratelimit-policy", "\"fixed window\";\"api\";q=500;w=300, \"other\";q=1"),
    ];
    let both =
        json!([window("api", 500, 0, 55_000, 300_000), window("other", 1, NONE, NONE, NONE),]);
    assert_eq!(limits(&hugging_face), both);
}

#[test]
fn the_dictionary_of_draft_07_joins_integer_policies() {
    let headers = [
        ("RateLimit", "limit=100, remaining=50, reset=5"),
        ("RateLimit-Policy", "100;w=10, 5000;w=3600"),
    ];
    let both = json!([
        window("requests", 100, 50, 5_000, 10_000),
        window("requests", 5_000, NONE, NONE, 3_600_000),
    ]);
    assert_eq!(limits(&headers), both);
}

#[test]
fn an_error_anywhere_drops_the_field() {
    for counters in [
        "",
        "\"default",
        "\"default\";r=50;t=30,",
        "\"default\";r=-1;t=30",
        "\"default\";r=5.0;t=30",
        "\"default\";r=\"50\";t=30",
        "\"default\";r;t=30",
        "\"default\";r=?1",
        "\"default\" ;r=5",
        "(\"default\");r=50;t=30",
        "\"default\";r=5;t=-1",
        "\"default\";r=1000000000000000",
        "\"ok\";r=5, \"bad\";r=x",
        "\"default\";r=5;pk=\"not bytes\"",
        "\"d\u{e9}fault\";r=5",
        "100;r=5",
        "\"default\"",
        "default",
        "limit=100, remaining=-1, reset=5",
        "limit=abc",
        "limit=(1 2)",
        "other=1",
        "50",
    ] {
        let reading = read(200, &[("RateLimit", counters)]);
        assert_eq!(reading["limits"], json!([]), "{counters}");
        assert_eq!(reading["malformed"], json!(["ratelimit"]), "{counters}");
    }
}

#[test]
fn a_policy_needs_a_quota_and_a_window_that_is_not_zero() {
    for policy in [
        "\"default\"",
        "\"default\";w=60",
        "\"default\";q=100;w=0",
        "\"default\";q=-1",
        "\"default\";q=1.5",
        "\"default\";q=100;qu=5",
        "100;w=0",
        "-100;w=60",
        "1.5;w=60",
        "100;w=60,",
        "\"a\";\"b\";q=x",
        "\"a\";\"b\";q=1,",
        "\"a\";\"b\";q=1,,\"c\";q=1",
        "\"default\";q=1,",
    ] {
        let reading = read(200, &[("RateLimit-Policy", policy), ("RateLimit", "\"default\";r=1")]);
        assert_eq!(reading["limits"], json!([window("default", NONE, 1, NONE, NONE)]), "{policy}");
        assert_eq!(reading["malformed"], json!(["ratelimit-policy"]), "{policy}");
    }
}

#[test]
fn one_bad_line_drops_the_good_ones() {
    let headers = [("RateLimit", "\"a\";r=1"), ("RateLimit", "\"b\";r=")];
    let reading = read(200, &headers);
    assert_eq!(reading["limits"], json!([]));
    assert_eq!(reading["malformed"], json!(["ratelimit"]));
}

#[test]
fn numbers_are_as_large_as_the_format_allows() {
    let largest = [("RateLimit", "\"x\";r=999999999999999;t=999999999999999")];
    assert_eq!(limits(&largest), json!([window("x", NONE, 999_999_999_999_999_u64, MAX_MS, NONE)]));
}

#[test]
fn the_last_of_repeated_parameters_counts() {
    assert_eq!(limits(&[("RateLimit", "\"x\";r=9;r=3")])[0]["remaining"], 3);
}
