use serde_json::json;

use super::assert_limits;
use crate::support::{NONE, read, window};

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

/// Several clients log these; Mistral documents no names.
#[test]
fn mistral_counts_five_minutes() {
    let headers = [
        ("x-ratelimit-limit-tokens-5-minute", "500000"),
        ("x-ratelimit-remaining-tokens-5-minute", "100"),
        ("x-ratelimit-limit-req-minute", "60"),
    ];
    assert_limits(
        &headers,
        json!([
            window("tokens", 500_000, 100, NONE, 300_000),
            window("requests", 60, NONE, NONE, 60_000),
        ]),
    );
}

#[test]
fn cohere_counts_the_calls_of_a_trial() {
    let headers = [
        ("x-endpoint-monthly-call-limit", "1000"),
        ("x-trial-endpoint-call-limit", "20"),
        ("x-trial-endpoint-call-remaining", "19"),
    ];
    assert_limits(&headers, json!([window("trial_endpoint_calls", 20, 19, NONE, NONE)]));
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
