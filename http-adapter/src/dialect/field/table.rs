//! The rows of the single fields, by what they mean.

use super::{Field, Means, Pair, Side, WaitForm};
use crate::dialect::{CounterRole, Family, REQUESTS};
use crate::scope::ScopeSource;
use crate::wait::WaitSource;

const fn common(
    name: &'static str,
    family: Family,
    role: CounterRole,
    counted: &'static str,
) -> (&'static str, Means) {
    (name, Means::Common(family, role, counted))
}

/// Counters that so many responses carry that taking their names apart by a dialect is
/// the hottest code of a reading. Each says what its dialect would say.
pub(crate) const COMMON: &[(&str, Means)] = &[
    common("x-ratelimit-limit", Family::XRateLimit, CounterRole::Limit, REQUESTS),
    common("x-ratelimit-remaining", Family::XRateLimit, CounterRole::Remaining, REQUESTS),
    common("x-ratelimit-reset", Family::XRateLimit, CounterRole::Reset, REQUESTS),
    common("x-ratelimit-used", Family::XRateLimit, CounterRole::Used, REQUESTS),
    common("x-ratelimit-limit-requests", Family::XRateLimit, CounterRole::Limit, REQUESTS),
    common("x-ratelimit-remaining-requests", Family::XRateLimit, CounterRole::Remaining, REQUESTS),
    common("x-ratelimit-reset-requests", Family::XRateLimit, CounterRole::Reset, REQUESTS),
    common("x-ratelimit-limit-tokens", Family::XRateLimit, CounterRole::Limit, "tokens"),
    common("x-ratelimit-remaining-tokens", Family::XRateLimit, CounterRole::Remaining, "tokens"),
    common("x-ratelimit-reset-tokens", Family::XRateLimit, CounterRole::Reset, "tokens"),
    common("ratelimit-limit", Family::RateLimit, CounterRole::Limit, REQUESTS),
    common("ratelimit-remaining", Family::RateLimit, CounterRole::Remaining, REQUESTS),
    common("ratelimit-reset", Family::RateLimit, CounterRole::Reset, REQUESTS),
    common("x-rate-limit-limit", Family::XRateLimitDashed, CounterRole::Limit, REQUESTS),
    common("x-rate-limit-remaining", Family::XRateLimitDashed, CounterRole::Remaining, REQUESTS),
    common("x-rate-limit-reset", Family::XRateLimitDashed, CounterRole::Reset, REQUESTS),
    common("anthropic-ratelimit-requests-limit", Family::Vendor, CounterRole::Limit, REQUESTS),
    common(
        "anthropic-ratelimit-requests-remaining",
        Family::Vendor,
        CounterRole::Remaining,
        REQUESTS,
    ),
    common("anthropic-ratelimit-requests-reset", Family::Vendor, CounterRole::Reset, REQUESTS),
    common("anthropic-ratelimit-tokens-limit", Family::Vendor, CounterRole::Limit, "tokens"),
    common(
        "anthropic-ratelimit-tokens-remaining",
        Family::Vendor,
        CounterRole::Remaining,
        "tokens",
    ),
    common("anthropic-ratelimit-tokens-reset", Family::Vendor, CounterRole::Reset, "tokens"),
    common(
        "anthropic-ratelimit-input-tokens-limit",
        Family::Vendor,
        CounterRole::Limit,
        "input_tokens",
    ),
    common(
        "anthropic-ratelimit-input-tokens-remaining",
        Family::Vendor,
        CounterRole::Remaining,
        "input_tokens",
    ),
    common(
        "anthropic-ratelimit-input-tokens-reset",
        Family::Vendor,
        CounterRole::Reset,
        "input_tokens",
    ),
    common(
        "anthropic-ratelimit-output-tokens-limit",
        Family::Vendor,
        CounterRole::Limit,
        "output_tokens",
    ),
    common(
        "anthropic-ratelimit-output-tokens-remaining",
        Family::Vendor,
        CounterRole::Remaining,
        "output_tokens",
    ),
    common(
        "anthropic-ratelimit-output-tokens-reset",
        Family::Vendor,
        CounterRole::Reset,
        "output_tokens",
    ),
];

const fn wait(
    name: &'static str,
    source: WaitSource,
    form: WaitForm,
    provider: &'static str,
    at: &'static str,
) -> Field {
    Field { name, means: Means::Wait(source, form), provider, source: at }
}

const fn scope(
    name: &'static str,
    source: ScopeSource,
    provider: &'static str,
    at: &'static str,
) -> Field {
    Field { name, means: Means::Scope(source), provider, source: at }
}

const fn field(
    name: &'static str,
    means: Means,
    provider: &'static str,
    at: &'static str,
) -> Field {
    Field { name, means, provider, source: at }
}

const RFC9110: &str = "https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3";
const OPENAI: &str = "https://github.com/openai/openai-python/blob/main/src/openai/_base_client.py";
const AZURE: &str = "https://github.com/Azure/azure-sdk-for-rust";
const SMITHY: &str = "https://github.com/smithy-lang/smithy-rs";
const DRAFT: &str = "https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers";
const GRPC: &str = "https://github.com/grpc/proposal/blob/master/A6-client-retries.md";
const DISCORD: &str = "https://discord.com/developers/docs/topics/rate-limits";
const STRIPE: &str = "https://docs.stripe.com/rate-limits";
const RIOT: &str = "https://developer.riotgames.com/docs/portal#web-apis_rate-limiting";
const STRAVA: &str = "https://developers.strava.com/docs/rate-limits";
const META: &str = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting";
const AUTH0: &str = "https://github.com/auth0/auth0-java";

/// All single fields.
pub(crate) const FIELDS: &[Field] = &[
    // Explicit waits.
    wait("retry-after", WaitSource::RetryAfter, WaitForm::RetryAfter, "RFC 9110", RFC9110),
    wait("retry-after-ms", WaitSource::RetryAfterMs, WaitForm::Millis, "OpenAI", OPENAI),
    wait("x-ms-retry-after-ms", WaitSource::MsRetryAfterMs, WaitForm::Millis, "Azure", AZURE),
    wait("x-amz-retry-after", WaitSource::AmzRetryAfter, WaitForm::Millis, "AWS", SMITHY),
    wait(
        "x-ratelimit-retry-after",
        WaitSource::XRateLimitRetryAfter,
        WaitForm::RetryAfter,
        "MailerLite",
        "https://developers-classic.mailerlite.com/docs/api-rate-limits",
    ),
    wait(
        "x-retry-in",
        WaitSource::XRetryIn,
        WaitForm::GoDuration,
        "Traefik",
        "https://doc.traefik.io/traefik/middlewares/http/ratelimit",
    ),
    wait(
        "x-ratelimit-next",
        WaitSource::XRateLimitNext,
        WaitForm::Instant,
        "Akamai",
        "https://techdocs.akamai.com/msl/reference/resource-limiting",
    ),
    // Whether to try again, and what went wrong.
    field("x-should-retry", Means::Advice, "OpenAI, Anthropic", OPENAI),
    field("stripe-should-retry", Means::Advice, "Stripe", STRIPE),
    field(
        "x-envoy-overloaded",
        Means::Overloaded,
        "Envoy",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter",
    ),
    field("x-amzn-errortype", Means::AwsErrorType, "AWS", SMITHY),
    field("content-type", Means::ContentType, "gRPC", GRPC),
    field("grpc-status", Means::GrpcStatus, "gRPC", GRPC),
    field("grpc-retry-pushback-ms", Means::GrpcPushback, "gRPC", GRPC),
    // The bucket that the request counted against.
    scope("x-ratelimit-scope", ScopeSource::XRateLimitScope, "Discord", DISCORD),
    scope("x-rate-limit-type", ScopeSource::XRateLimitTypeDashed, "Riot", RIOT),
    scope(
        "ratelimit-reason",
        ScopeSource::RateLimitReason,
        "Jira",
        "https://developer.atlassian.com/cloud/jira/platform/rate-limiting",
    ),
    scope("stripe-rate-limited-reason", ScopeSource::StripeReason, "Stripe", STRIPE),
    scope(
        "ratelimit-name",
        ScopeSource::RateLimitName,
        "GitLab",
        "https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits",
    ),
    scope(
        "x-ratelimit-name",
        ScopeSource::XRateLimitName,
        "Datadog",
        "https://docs.datadoghq.com/api/latest/rate-limits",
    ),
    scope(
        "x-ratelimit-type",
        ScopeSource::XRateLimitType,
        "Zoom",
        "https://developers.zoom.us/docs/api/rate-limits",
    ),
    scope(
        "x-rate-limit-problem",
        ScopeSource::RateLimitProblem,
        "Xero",
        "https://developer.xero.com/documentation/guides/oauth2/limits",
    ),
    scope(
        "x-figma-rate-limit-type",
        ScopeSource::FigmaType,
        "Figma",
        "https://developers.figma.com/docs/rest-api/rate-limits",
    ),
    scope(
        "x-ratelimit-resource",
        ScopeSource::XRateLimitResource,
        "GitHub",
        "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api",
    ),
    scope(
        "x-ratelimit-endpoint-name",
        ScopeSource::EndpointName,
        "Linear",
        "https://linear.app/developers/rate-limiting",
    ),
    scope(
        "docker-ratelimit-source",
        ScopeSource::DockerSource,
        "Docker Hub",
        "https://docs.docker.com/docker-hub/usage/pulls",
    ),
    scope("x-ratelimit-bucket", ScopeSource::XRateLimitBucket, "Discord", DISCORD),
    field("x-ratelimit-global", Means::GlobalScope, "Discord", DISCORD),
    // Structured fields.
    field("ratelimit", Means::RateLimit, "IETF drafts 07 and later", DRAFT),
    field("ratelimit-policy", Means::RateLimitPolicy, "IETF drafts 05 and later", DRAFT),
    // Counters that are no `<prefix><role>`.
    field(
        "x-rate-limit",
        Means::Counter(Family::XRateLimitDashed, CounterRole::Limit),
        "Zendesk, Naver",
        "https://developer.zendesk.com/api-reference/introduction/rate-limits",
    ),
    field(
        "x-amzn-ratelimit-limit",
        Means::RatePerSecond,
        "Amazon Selling Partner API",
        "https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits",
    ),
    field(
        "x-shopify-shop-api-call-limit",
        Means::Ratio,
        "Shopify",
        "https://shopify.dev/docs/api/usage/rate-limits",
    ),
    field(
        "sforce-limit-info",
        Means::NamedRatios,
        "Salesforce",
        "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm",
    ),
    field("auth0-client-quota-limit", Means::Buckets("client"), "Auth0", AUTH0),
    field("auth0-organization-quota-limit", Means::Buckets("organization"), "Auth0", AUTH0),
    field(
        "x-sentry-rate-limits",
        Means::SentryGroups,
        "Sentry ingest",
        "https://develop.sentry.dev/sdk/expected-features/rate-limiting",
    ),
    field("x-app-usage", Means::UsageJson, "Meta", META),
    field("x-page-usage", Means::UsageJson, "Meta", META),
    field("x-ad-account-usage", Means::UsageJson, "Meta", META),
    field("x-business-use-case-usage", Means::UsageJson, "Meta", META),
    field("x-ratelimit-usage", Means::Paired(Pair::Strava, Side::Used), "Strava", STRAVA),
    field("x-readratelimit-limit", Means::Paired(Pair::StravaRead, Side::Limit), "Strava", STRAVA),
    field("x-readratelimit-usage", Means::Paired(Pair::StravaRead, Side::Used), "Strava", STRAVA),
    field("x-app-rate-limit", Means::Paired(Pair::RiotApp, Side::Limit), "Riot", RIOT),
    field("x-app-rate-limit-count", Means::Paired(Pair::RiotApp, Side::Used), "Riot", RIOT),
    field("x-method-rate-limit", Means::Paired(Pair::RiotMethod, Side::Limit), "Riot", RIOT),
    field("x-method-rate-limit-count", Means::Paired(Pair::RiotMethod, Side::Used), "Riot", RIOT),
];
