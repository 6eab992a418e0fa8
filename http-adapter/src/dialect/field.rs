//! Single fields with a meaning of their own, one row each.
//!
//! Found by a hash of the name: a response is full of fields that say nothing about rates,
//! and most of them are refused by an empty bucket.

use crate::dialect::table::DIALECT_ROWS;
use crate::dialect::{CounterRole, Family, REQUESTS};
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
    /// A counter of a built-in dialect: what it says, of what.
    Common(Family, CounterRole, &'static str),
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
                | Self::Common(..)
                | Self::RatePerSecond
                | Self::Ratio
                | Self::NamedRatios
                | Self::Buckets(_)
                | Self::Paired(..)
        )
    }
}

/// Whether a row, or a built-in prefix, may be meant by `name`: `false` is certain.
///
/// By its first letter and its length, which refuses most fields in a dozen instructions.
pub(crate) fn may_be_known(name: &str) -> bool {
    let [letter, ..] = name.as_bytes() else { return false };
    LENGTHS[usize::from(letter & 31)] & (1 << name.len().min(63)) != 0
}

/// For each first letter, the lengths of the names that begin with it.
static LENGTHS: [u64; 32] = {
    let (rows, mut lengths) = (rows(), [0; 32]);
    let mut at = 0;
    while at < rows.len() {
        let name = rows[at].0.as_bytes();
        lengths[(name[0] & 31) as usize] |= 1 << name.len();
        at += 1;
    }
    at = 0;
    while at < DIALECT_ROWS.len() {
        let prefix = DIALECT_ROWS[at].prefix().as_bytes();
        // What follows a prefix may have any length, or none.
        lengths[(prefix[0] & 31) as usize] |= u64::MAX << prefix.len();
        at += 1;
    }
    lengths
};

/// What the field `name` means, in whatever case it is spelled.
#[inline]
pub(crate) fn find(name: &str) -> Option<&'static Means> {
    let mut at = FIRST_OF_HASH[hash(name.as_bytes())];
    while let Some((known, means)) = ROWS.get(usize::from(at)) {
        // Octet for octet first: a map holds names in lower case.
        if *known == name || known.eq_ignore_ascii_case(name) {
            return Some(means);
        }
        at = NEXT_OF_HASH[usize::from(at)];
    }
    None
}

/// The rows of both tables, without what only people read.
static ROWS: [(&str, Means); FIELDS.len() + COMMON.len()] = rows();

const fn rows() -> [(&'static str, Means); FIELDS.len() + COMMON.len()] {
    let mut rows = [("", Means::Advice); FIELDS.len() + COMMON.len()];
    let mut at = 0;
    while at < rows.len() {
        rows[at] = if at < FIELDS.len() {
            (FIELDS[at].name, FIELDS[at].means)
        } else {
            COMMON[at - FIELDS.len()]
        };
        at += 1;
    }
    rows
}

const NONE: u8 = u8::MAX;
const BUCKETS: usize = 256;
type Index = ([u8; BUCKETS], [u8; FIELDS.len() + COMMON.len()]);
static FIRST_OF_HASH: [u8; BUCKETS] = index().0;
static NEXT_OF_HASH: [u8; FIELDS.len() + COMMON.len()] = index().1;

/// A bucket by the length and three octets, in any case.
///
/// The multipliers are those of a random search for few rows that share a bucket. A
/// collision costs a comparison of lengths and no more.
const fn hash(name: &[u8]) -> usize {
    let length = name.len();
    if length == 0 {
        return 0;
    }
    // Bit 5 is the case of a letter, and set in digits and hyphens anyway.
    let (middle, early) = (name[length / 2] | 0x20, name[length / 4] | 0x20);
    let last = name[length - 1] | 0x20;
    let sum = length * 55 + middle as usize * 33 + last as usize * 5;
    (sum + early as usize * 97) % BUCKETS
}

/// Chains the rows of each bucket at compile time, so that the tables can be sorted by
/// what the fields mean.
#[expect(clippy::cast_possible_truncation, reason = "the tables are far shorter than 255 rows")]
const fn index() -> Index {
    let rows = rows();
    let mut first = [NONE; BUCKETS];
    let mut next = [NONE; FIELDS.len() + COMMON.len()];
    let mut at = rows.len();
    while at > 0 {
        at -= 1;
        let bucket = hash(rows[at].0.as_bytes());
        next[at] = first[bucket];
        first[bucket] = at as u8;
    }
    (first, next)
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::table::DIALECTS;
    use crate::dialect::{ResetForm, Shape, reading_name};

    #[test]
    fn every_row_is_found_in_any_case() {
        for (name, means) in ROWS {
            assert_eq!(find(name), Some(&means), "{name}");
            assert_eq!(find(&name.to_uppercase()), Some(&means), "{name}");
            assert_eq!(find(&format!("{name}s")), None, "{name}");
        }
        assert_eq!(find(""), None);
    }

    #[test]
    fn few_rows_share_a_bucket() {
        let shared = NEXT_OF_HASH.iter().filter(|next| **next != NONE).count();
        assert!(shared <= 9, "{shared}");
    }

    #[test]
    fn a_common_counter_means_what_its_dialect_says() {
        for (name, means) in COMMON {
            let dialect = DIALECTS.iter().find(|row| name.starts_with(row.prefix())).unwrap();
            let resolved = dialect.resolve(&name[dialect.prefix().len()..]).unwrap();
            let counted = match resolved.dimension {
                "" => dialect.dimension.into(),
                dimension => reading_name(dialect.naming, dimension),
            };
            let Means::Common(family, role, said) = *means else { panic!("{name}") };
            assert_eq!((family, role), (dialect.family, resolved.role), "{name}");
            assert_eq!((said, None), (counted.as_ref(), resolved.window), "{name}");
            let plain = (dialect.shape, dialect.reset) == (Shape::Counters, ResetForm::BySize);
            assert!(plain, "{name}");
        }
    }
}
