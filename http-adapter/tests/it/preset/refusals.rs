use forbear_core::{Outcome, Throttle};

const RATE_LIMIT: Outcome = Outcome::Throttled(Throttle::RateLimit);
const OVERLOAD: Outcome = Outcome::Throttled(Throttle::Overload);
const EXHAUSTED: Outcome = Outcome::Throttled(Throttle::QuotaExhausted);

/// A refusal as the provider documents it, and what its preset makes of it.
pub(super) struct Refusal {
    pub(super) preset: &'static str,
    pub(super) status: u16,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: &'static str,
    pub(super) outcome: Outcome,
    pub(super) wait_ms: Option<u64>,
}

const fn refusal(
    preset: &'static str,
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    outcome: Outcome,
    wait_ms: Option<u64>,
) -> Refusal {
    Refusal { preset, status, headers, body, outcome, wait_ms }
}

pub(super) const REFUSALS: &[Refusal] = &[
    // <https://platform.openai.com/docs/guides/error-codes>
    refusal(
        "openai",
        429,
        &[
            ("retry-after-ms", "1250"),
            ("retry-after", "2"),
            ("x-ratelimit-remaining-requests", "0"),
        ],
        r#"{"error":{"type":"requests","code":"rate_limit_exceeded"}}"#,
        RATE_LIMIT,
        Some(1_250),
    ),
    refusal(
        "openai",
        429,
        &[],
        r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#,
        EXHAUSTED,
        None,
    ),
    refusal("openai", 409, &[], r#"{"error":{"code":"conflict"}}"#, Outcome::Transient, None),
    // <https://platform.claude.com/docs/en/api/errors>
    refusal(
        "anthropic",
        429,
        &[("retry-after", "17"), ("anthropic-ratelimit-requests-remaining", "0")],
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"x"}}"#,
        RATE_LIMIT,
        Some(17_000),
    ),
    refusal(
        "anthropic",
        529,
        &[],
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        OVERLOAD,
        None,
    ),
    // <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>
    refusal(
        "github",
        403,
        &[
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1787229600"),
            ("x-ratelimit-resource", "core"),
        ],
        r#"{"message":"API rate limit exceeded for user ID 1."}"#,
        RATE_LIMIT,
        Some(2_400_000),
    ),
    refusal(
        "github",
        403,
        &[("retry-after", "60")],
        r#"{"message":"You have exceeded a secondary rate limit."}"#,
        RATE_LIMIT,
        Some(60_000),
    ),
    refusal(
        "github",
        403,
        &[("x-ratelimit-remaining", "4999")],
        r#"{"message":"Resource not accessible by integration"}"#,
        Outcome::Permanent,
        None,
    ),
    // <https://docs.stripe.com/rate-limits>
    refusal(
        "stripe",
        429,
        &[("stripe-rate-limited-reason", "endpoint-concurrency")],
        r#"{"error":{"code":"rate_limit","type":"invalid_request_error"}}"#,
        Outcome::Throttled(Throttle::Concurrency),
        None,
    ),
    refusal(
        "stripe",
        429,
        &[("stripe-rate-limited-reason", "global-rate")],
        r#"{"error":{"code":"rate_limit"}}"#,
        RATE_LIMIT,
        None,
    ),
    refusal(
        "stripe",
        429,
        &[],
        r#"{"error":{"code":"lock_timeout","type":"invalid_request_error"}}"#,
        Outcome::Transient,
        None,
    ),
    // <https://docs.slack.dev/apis/web-api/rate-limits>
    refusal("slack", 429, &[("retry-after", "30")], "", RATE_LIMIT, Some(30_000)),
    refusal("slack", 200, &[], r#"{"ok":false,"error":"ratelimited"}"#, RATE_LIMIT, None),
    // <https://docs.discord.com/developers/topics/rate-limits>
    refusal(
        "discord",
        429,
        &[("retry-after", "65"), ("x-ratelimit-scope", "user"), ("x-ratelimit-bucket", "abcd")],
        r#"{"message":"You are being rate limited.","retry_after":64.57,"global":false}"#,
        RATE_LIMIT,
        Some(65_000),
    ),
    // <https://shopify.dev/docs/api/admin-rest/usage/rate-limits>
    refusal(
        "shopify",
        429,
        &[("x-shopify-shop-api-call-limit", "40/40"), ("retry-after", "2.0")],
        r#"{"errors":"Exceeded 2 calls per second for api client."}"#,
        RATE_LIMIT,
        Some(2_000),
    ),
    refusal(
        "shopify",
        200,
        &[],
        r#"{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}]}"#,
        RATE_LIMIT,
        None,
    ),
    // <https://developers.notion.com/reference/request-limits>
    refusal(
        "notion",
        429,
        &[("retry-after", "1")],
        r#"{"object":"error","status":429,"code":"rate_limited"}"#,
        RATE_LIMIT,
        Some(1_000),
    ),
    // <https://airtable.com/developers/web/api/rate-limits>
    refusal(
        "airtable",
        429,
        &[],
        r#"{"errors":[{"error":"RATE_LIMIT_REACHED","message":"x"}]}"#,
        RATE_LIMIT,
        None,
    ),
    refusal(
        "airtable",
        429,
        &[],
        r#"{"errors":[{"error":"PUBLIC_API_BILLING_LIMIT_EXCEEDED"}]}"#,
        EXHAUSTED,
        None,
    ),
    // <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>
    refusal(
        "hubspot",
        429,
        &[("x-hubspot-ratelimit-max", "100"), ("x-hubspot-ratelimit-remaining", "0")],
        r#"{"status":"error","errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING"}"#,
        RATE_LIMIT,
        None,
    ),
    // <https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits>
    refusal(
        "gitlab",
        429,
        &[("RateLimit-Remaining", "0"), ("RateLimit-Reset", "1787227230"), ("Retry-After", "30")],
        "Retry later\n",
        RATE_LIMIT,
        Some(30_000),
    ),
    // praw-dev/prawcore, its recorded responses.
    refusal(
        "reddit",
        429,
        &[("x-ratelimit-remaining", "0.0"), ("x-ratelimit-reset", "5"), ("retry-after", "5")],
        r#"{"message":"Too Many Requests","error":429}"#,
        RATE_LIMIT,
        Some(5_000),
    ),
    // <https://developer.zendesk.com/api-reference/introduction/rate-limits>
    refusal(
        "zendesk",
        429,
        &[
            ("retry-after", "9"),
            ("zendesk-ratelimit-tickets-index", "total=100; remaining=0; resets=9"),
        ],
        r#"{"error":"APIRateLimitExceeded"}"#,
        RATE_LIMIT,
        Some(9_000),
    ),
    // <https://learn.microsoft.com/graph/throttling>
    refusal(
        "microsoft-graph",
        429,
        &[("Retry-After", "10")],
        r#"{"error":{"code":"TooManyRequests"}}"#,
        RATE_LIMIT,
        Some(10_000),
    ),
    refusal("microsoft-graph", 503, &[("Retry-After", "3")], "", OVERLOAD, Some(3_000)),
    // <https://learn.microsoft.com/azure/ai-foundry/openai/quotas-limits>
    refusal(
        "azure-openai",
        429,
        &[("retry-after-ms", "6500"), ("retry-after", "7"), ("x-ratelimit-reset-tokens", "7")],
        r#"{"error":{"code":"429"}}"#,
        RATE_LIMIT,
        Some(6_500),
    ),
    // <https://console.groq.com/docs/rate-limits>
    refusal(
        "groq",
        429,
        &[("retry-after", "2"), ("x-ratelimit-reset-tokens", "7.66s")],
        r#"{"error":{"type":"tokens","code":"rate_limit_exceeded"}}"#,
        RATE_LIMIT,
        Some(2_000),
    ),
    refusal("mistral", 429, &[("ratelimitbysize-remaining", "0")], "", RATE_LIMIT, None),
    // <https://ai.google.dev/gemini-api/docs/troubleshooting>
    refusal(
        "gemini",
        429,
        &[],
        r#"{"error":{"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"37s"}]}}"#,
        RATE_LIMIT,
        Some(37_000),
    ),
    refusal("gemini", 503, &[], r#"{"error":{"status":"UNAVAILABLE"}}"#, Outcome::Transient, None),
    // <https://developer.okta.com/docs/reference/rl-best-practices/>
    refusal(
        "okta",
        429,
        &[("X-Rate-Limit-Remaining", "0"), ("X-Rate-Limit-Reset", "1787227230")],
        r#"{"errorCode":"E0000047"}"#,
        RATE_LIMIT,
        Some(30_000),
    ),
    // <https://dev.twitch.tv/docs/api/guide/#twitch-rate-limits>
    refusal(
        "twitch",
        429,
        &[("Ratelimit-Remaining", "0"), ("Ratelimit-Reset", "1787227212")],
        "",
        RATE_LIMIT,
        Some(12_000),
    ),
    // <https://linear.app/developers/rate-limiting>
    refusal(
        "linear",
        400,
        &[("X-RateLimit-Requests-Remaining", "0"), ("X-RateLimit-Requests-Reset", "1787227800000")],
        r#"{"errors":[{"extensions":{"code":"RATELIMITED"}}]}"#,
        RATE_LIMIT,
        Some(600_000),
    ),
    // <https://developer.atlassian.com/cloud/jira/platform/rate-limiting/>
    refusal(
        "atlassian",
        429,
        &[("Retry-After", "5"), ("RateLimit-Reason", "jira-burst-based")],
        "",
        RATE_LIMIT,
        Some(5_000),
    ),
    // <https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy>
    refusal(
        "auth0",
        429,
        &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1787227230")],
        r#"{"statusCode":429,"error":"Too Many Requests","errorCode":"too_many_requests"}"#,
        RATE_LIMIT,
        Some(30_000),
    ),
    refusal(
        "salesforce",
        403,
        &[("sforce-limit-info", "api-usage=100000/100000")],
        r#"[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#,
        RATE_LIMIT,
        None,
    ),
    refusal(
        "docker-hub",
        429,
        &[("ratelimit-remaining", "0;w=21600")],
        r#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#,
        RATE_LIMIT,
        None,
    ),
    // <https://docs.x.com/x-api/fundamentals/rate-limits>
    refusal(
        "x",
        429,
        &[
            ("x-rate-limit-limit", "15"),
            ("x-rate-limit-remaining", "0"),
            ("x-rate-limit-reset", "1787228100"),
        ],
        r#"{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}"#,
        RATE_LIMIT,
        Some(900_000),
    ),
    // <https://github.com/plhery/node-twitter-api-v2/issues/553>
    refusal(
        "x",
        429,
        &[
            ("x-rate-limit-remaining", "1079999"),
            ("x-rate-limit-reset", "1787228100"),
            ("x-user-limit-24hour-remaining", "0"),
            ("x-user-limit-24hour-reset", "1787270400"),
        ],
        "",
        RATE_LIMIT,
        Some(43_200_000),
    ),
    // <https://developer.xero.com/faq/limits>
    refusal(
        "xero",
        429,
        &[("Retry-After", "17"), ("X-Rate-Limit-Problem", "Minute"), ("X-MinLimit-Remaining", "0")],
        "",
        RATE_LIMIT,
        Some(17_000),
    ),
    refusal(
        "xero",
        429,
        &[("X-Rate-Limit-Problem", "Concurrent")],
        "",
        Outcome::Throttled(Throttle::Concurrency),
        None,
    ),
    refusal("binance", 418, &[("retry-after", "120")], "", RATE_LIMIT, Some(120_000)),
    refusal(
        "bluesky",
        429,
        &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1787227230")],
        r#"{"error":"RateLimitExceeded"}"#,
        RATE_LIMIT,
        Some(30_000),
    ),
    refusal(
        "mastodon",
        429,
        &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2026-08-20T12:05:00.000000Z")],
        r#"{"error":"Too many requests"}"#,
        RATE_LIMIT,
        Some(300_000),
    ),
    refusal("hubspot", 477, &[("retry-after", "3600")], "", Outcome::Transient, Some(3_600_000)),
];
