//! Single fields with a meaning of their own, one row each.
//!
//! Found by the length of the name and then by the name: a response is full of fields
//! that say nothing about rates, and most of them are refused by their length alone.

use crate::dialect::{CounterRole, Family};
use crate::scope::ScopeSource;
use crate::wait::WaitSource;

/// What a field says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Means {
    /// An explicit wait.
    Wait(WaitSource, WaitForm),
    /// `true` or `false`: whether to try again.
    Advice,
    /// The bucket.
    Scope(ScopeSource),
    /// `true`: the bucket is global.
    GlobalScope,
    /// The server sheds load.
    Overloaded,
    /// The code of an AWS error.
    AwsErrorType,
    /// `application/grpc` or not.
    ContentType,
    GrpcStatus,
    GrpcPushback,
    /// `RateLimit`, of draft 07 or later.
    RateLimit,
    /// `RateLimit-Policy`, of draft 05 or later.
    RateLimitPolicy,
    /// A counter without a suffix.
    Counter(Family, CounterRole),
    /// A rate in requests a second.
    RatePerSecond,
    /// `32/40`: used of a limit.
    Ratio,
    /// `api-usage=18/5000; per-app-api-usage=17/250(appName=x)`.
    NamedRatios,
    /// `b=per_hour;q=100;r=90;t=3600`, of a kind of bucket.
    Buckets(&'static str),
    /// `60:transaction:key, 2700:default;error:organization`.
    SentryGroups,
    /// A JSON object of percentages.
    UsageJson,
    /// The limits or the uses of windows told apart by place or by length.
    Paired(Pair, Side),
}

/// How a wait is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum WaitForm {
    Millis,
    RetryAfter,
    GoDuration,
    Instant,
}

/// Two fields that belong together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pair {
    Strava,
    StravaRead,
    RiotApp,
    RiotMethod,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Limit,
    Used,
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// In lower case.
    pub(crate) name: &'static str,
    pub(crate) means: Means,
    pub(crate) provider: &'static str,
    pub(crate) source: &'static str,
}

impl Means {
    /// Whether this is a counter, which a cache makes worthless (draft, section Caching).
    pub(crate) const fn is_counter(self) -> bool {
        matches!(
            self,
            Self::RateLimit
                | Self::RateLimitPolicy
                | Self::Counter(..)
                | Self::RatePerSecond
                | Self::Ratio
                | Self::NamedRatios
                | Self::Buckets(_)
                | Self::Paired(..)
        )
    }
}

/// The row of a lower-case name.
pub(crate) fn find(name: &str) -> Option<&'static Field> {
    let mut at = *FIRST_OF_LENGTH.get(name.len())?;
    while let Some(field) = FIELDS.get(usize::from(at)) {
        if field.name == name {
            return Some(field);
        }
        at = NEXT_OF_LENGTH[usize::from(at)];
    }
    None
}

const LONGEST: usize = 40;
const NONE: u8 = u8::MAX;
const INDEX: ([u8; LONGEST + 1], [u8; FIELDS.len()]) = index();
static FIRST_OF_LENGTH: [u8; LONGEST + 1] = INDEX.0;
static NEXT_OF_LENGTH: [u8; FIELDS.len()] = INDEX.1;

/// Chains the rows of each length, at compile time, so that the table can be sorted by
/// what the fields mean. A name longer than `LONGEST` does not compile.
#[expect(clippy::cast_possible_truncation, reason = "the table is far shorter than 255 rows")]
const fn index() -> ([u8; LONGEST + 1], [u8; FIELDS.len()]) {
    let mut first = [NONE; LONGEST + 1];
    let mut next = [NONE; FIELDS.len()];
    let mut at = FIELDS.len();
    while at > 0 {
        at -= 1;
        let length = FIELDS[at].name.len();
        next[at] = first[length];
        first[length] = at as u8;
    }
    (first, next)
}

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
