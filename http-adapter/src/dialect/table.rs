//! The dialects that are built in, one row each.
//!
//! A prefix comes before the prefixes of itself. The hot one of each letter comes first.

use std::time::Duration;

use crate::dialect::{CounterRole, Dialect, Family, Naming, Shape};
use crate::value::duration::{DAY, MINUTE};
use crate::value::reset::ResetForm;

const HUBSPOT: &str = "https://developers.hubspot.com/docs/api/usage-details";
const X_DAY: &str = "https://github.com/plhery/node-twitter-api-v2/issues/553";
const BIGCOMMERCE: &str =
    "https://docs.bigcommerce.com/developer/docs/overview/api-fundamentals/rate-limits";
const XERO: &str = "https://developer.xero.com/faq/limits";
const ETSY: &str = "https://developers.etsy.com/documentation/essentials/rate-limits";
const SECOND: Duration = Duration::from_secs(1);

/// All built-in dialects.
pub(crate) static DIALECTS: &[Dialect] = DIALECT_ROWS;

/// The same for tables that are made of it at compile time.
pub(super) const DIALECT_ROWS: &[Dialect] = &[
    Dialect::counters("OpenAI, GitHub, Envoy and most others", "x-ratelimit-")
        .in_family(Family::XRateLimit)
        .words(&[
            // Datadog and Ensembl: the window.
            ("period", CounterRole::WindowSeconds),
            // Discord: the delta twin of the reset.
            ("reset-after", CounterRole::ResetAfter),
            // Spring Cloud Gateway: the size of the token bucket.
            ("burst-capacity", CounterRole::Limit),
            // Composio, <https://docs.composio.dev/reference/rate-limits>.
            ("window-size", CounterRole::WindowSeconds),
            // Tradier, <https://documentation.tradier.com/brokerage-api/overview/rate-limiting>.
            ("allowed", CounterRole::Limit),
            ("available", CounterRole::Remaining),
            ("expiry", CounterRole::Reset),
        ])
        .source("https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"),
    Dialect::counters("Trello", "x-rate-limit-api-")
        .named(Naming::Verbatim { kept: "api-".len() })
        .source("https://developer.atlassian.com/cloud/trello/guides/rest-api/rate-limits"),
    Dialect::counters("BigCommerce", "x-rate-limit-requests-")
        .in_family(Family::XRateLimitDashed)
        .words(&[("quota", CounterRole::Limit), ("left", CounterRole::Remaining)])
        .source(BIGCOMMERCE),
    Dialect::counters("BigCommerce", "x-rate-limit-time-")
        .in_family(Family::XRateLimitDashed)
        .words(&[("reset-ms", CounterRole::Reset), ("window-ms", CounterRole::WindowMillis)])
        .reset(ResetForm::DeltaMillis)
        .source(BIGCOMMERCE),
    Dialect::counters("X, Okta, Naver, Zendesk", "x-rate-limit-")
        .in_family(Family::XRateLimitDashed)
        .words(&[
            // Crossref, <https://www.crossref.org/documentation/retrieve-metadata/rest-api/>.
            ("interval", CounterRole::WindowSeconds),
        ])
        .source("https://docs.x.com/x-api/fundamentals/rate-limits"),
    // X's caps of a day, beside the window of the endpoint.
    Dialect::counters("X, an app's day", "x-app-limit-24hour-").window(DAY).source(X_DAY),
    Dialect::counters("X, a user's day", "x-user-limit-24hour-").window(DAY).source(X_DAY),
    Dialect::counters("IETF drafts 00 to 06, GitLab, Twitch, Bluesky", "ratelimit-")
        .in_family(Family::RateLimit)
        .words(&[
            // GitLab: the reset again, as an HTTP-date.
            ("resettime", CounterRole::ResetTime),
            // Agent.ai: the same, as RFC 3339, <https://docs.agent.ai/ratelimits>.
            ("reset-date", CounterRole::ResetTime),
            // Yelp, <https://docs.developer.yelp.com/docs/fusion-rate-limiting>.
            ("dailylimit", CounterRole::Limit),
        ])
        .source("https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06"),
    Dialect::counters("Anthropic", "anthropic-ratelimit-")
        .named(Naming::CountedWindows)
        .source("https://docs.anthropic.com/en/api/rate-limits"),
    Dialect::counters("Anthropic, priority tier", "anthropic-priority-")
        .named(Naming::Snake { kept: "priority-".len() })
        .source("https://docs.anthropic.com/en/api/service-tiers"),
    Dialect::counters("Mistral", "x-ratelimitbysize-")
        .dimension("tokens")
        .source("https://docs.mistral.ai"),
    Dialect::counters("Mistral", "ratelimitbysize-").dimension("tokens").source("https://docs.mistral.ai"),
    Dialect::counters("Together", "x-tokenlimit-")
        .dimension("tokens")
        .source("https://docs.together.ai/docs/rate-limits"),
    Dialect::counters("HubSpot, the day", "x-hubspot-ratelimit-daily")
        .words(&[("", CounterRole::Limit), ("-remaining", CounterRole::Remaining)])
        .window(DAY)
        .source(HUBSPOT),
    Dialect::counters("HubSpot, the second", "x-hubspot-ratelimit-secondly")
        .words(&[("", CounterRole::Limit), ("-remaining", CounterRole::Remaining)])
        .window(SECOND)
        .source(HUBSPOT),
    Dialect::counters("HubSpot", "x-hubspot-ratelimit-")
        .words(&[
            ("max", CounterRole::Limit),
            ("interval-milliseconds", CounterRole::WindowMillis),
        ])
        .source(HUBSPOT),
    Dialect::counters("Xendit", "rate-limit-")
        .in_family(Family::XRateLimitDashed)
        .source("https://docs.xendit.co/apidocs/rate-limits"),
    Dialect::counters("Xero, the day", "x-daylimit-").window(DAY).source(XERO),
    Dialect::counters("Xero, the minute", "x-minlimit-").window(MINUTE).source(XERO),
    // All customers of an app together: another bucket than the minute's.
    Dialect::counters("Xero, the app's minute", "x-appminlimit-")
        .dimension("app_requests")
        .window(MINUTE)
        .source(XERO),
    Dialect::counters("Docusign, the burst", "x-burstlimit-")
        .dimension("burst")
        .source("https://developers.docusign.com/platform/resource-limits"),
    Dialect::counters("Etsy", "x-limit-per-second")
        .words(&[("", CounterRole::Limit)])
        .window(SECOND)
        .source(ETSY),
    Dialect::counters("Etsy", "x-remaining-this-second")
        .words(&[("", CounterRole::Remaining)])
        .window(SECOND)
        .source(ETSY),
    Dialect::counters("Etsy", "x-limit-per-day")
        .words(&[("", CounterRole::Limit)])
        .window(DAY)
        .source(ETSY),
    Dialect::counters("Etsy", "x-remaining-today")
        .words(&[("", CounterRole::Remaining)])
        .window(DAY)
        .source(ETSY),
    Dialect::counters("KuCoin", "gw-ratelimit-")
        .reset(ResetForm::DeltaMillis)
        .source("https://www.kucoin.com/docs-new/rate-limit"),
    Dialect::counters("Gate", "x-gate-ratelimit-")
        .words(&[
            ("requests-remain", CounterRole::Remaining),
            ("reset-timestamp", CounterRole::Reset),
        ])
        .source("https://www.gate.com/docs/developers/apiv4/en/#frequency-limit-rule"),
    Dialect::counters("Contentful", "x-contentful-ratelimit-")
        .source("https://www.contentful.com/developers/docs/references/content-management-api"),
    // Trial keys only, and not on refusals.
    Dialect::counters("Cohere", "x-trial-endpoint-call-")
        .dimension("trial_endpoint_calls")
        .source("https://github.com/elastic/elasticsearch/blob/main/x-pack/plugin/inference/src/main/java/org/elasticsearch/xpack/inference/services/cohere/CohereResponseHandler.java"),
    Dialect::counters("Brevo", "x-sib-ratelimit-")
        .source("https://developers.brevo.com/docs/limit-headers"),
    Dialect::counters("Sentry API", "x-sentry-rate-limit-")
        .source("https://docs.sentry.io/api/ratelimits"),
    Dialect::counters("Bybit", "x-bapi-")
        .words(&[
            ("limit-status", CounterRole::Remaining),
            ("limit-reset-timestamp", CounterRole::Reset),
        ])
        .source("https://bybit-exchange.github.io/docs/v5/rate-limit"),
    Dialect::counters("Jumpseller", "jumpseller-perminuteratelimit-")
        .window(MINUTE)
        .source("https://jumpseller.com/support/api"),
    Dialect::counters("Jumpseller", "jumpseller-persecondratelimit-")
        .window(SECOND)
        .source("https://jumpseller.com/support/api"),
    Dialect::counters("Zendesk", "zendesk-ratelimit-")
        .shaped(Shape::Endpoint)
        .named(Naming::Verbatim { kept: 0 })
        .source("https://developer.zendesk.com/api-reference/introduction/rate-limits"),
    Dialect::counters("Azure Resource Manager", "x-ms-ratelimit-remaining-")
        .shaped(Shape::RemainingOf)
        .named(Naming::Verbatim { kept: 0 })
        .source("https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling"),
    Dialect::counters("Binance", "x-mbx-used-weight-")
        .shaped(Shape::UsedIn)
        .dimension("request_weight")
        .source("https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md"),
    Dialect::counters("Binance", "x-mbx-order-count-")
        .shaped(Shape::UsedIn)
        .dimension("orders")
        .source("https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md"),
    Dialect::counters("NestJS", "retry-after-")
        .shaped(Shape::NamedWait)
        .named(Naming::Verbatim { kept: 0 })
        .source("https://github.com/nestjs/throttler/blob/master/src/throttler.guard.ts"),
];

/// Whether a built-in prefix may introduce `name`: `false` is certain, `true` is not.
///
/// By the first seven octets, in any case. It spares the fields that say nothing about
/// rates, such as `x-request-id`, a comparison with each prefix.
pub(crate) fn may_have_dialect(name: &str) -> bool {
    let Some(head) = name.as_bytes().first_chunk() else { return false };
    let (word, bit) = head_bit(*head);
    HEADS[word] & bit != 0
}

/// The bits of all prefixes.
static HEADS: [u64; 4] = {
    let (mut bits, mut at) = ([0; 4], 0);
    while at < DIALECT_ROWS.len() {
        let Some(head) = DIALECT_ROWS[at].prefix().as_bytes().first_chunk() else {
            panic!("a prefix has seven octets and more");
        };
        let (word, bit) = head_bit(*head);
        bits[word] |= bit;
        at += 1;
    }
    bits
};

/// One of 256 bits for the head of a name: Knuth's multiplicative hash, "The Art of
/// Computer Programming", volume 3, section 6.4. Bit 5 of an octet is its case.
const fn head_bit(head: [u8; 7]) -> (usize, u64) {
    let ([first @ .., _, _, _], [_, _, _, last @ ..]) = (head, head);
    let (first, last) = (u32::from_le_bytes(first), u32::from_le_bytes(last));
    let both = (first | 0x2020_2020) ^ (last | 0x2020_2020).rotate_left(15);
    let hash = both.wrapping_mul(2_654_435_769);
    ((hash >> 30) as usize, 1 << ((hash >> 24) & 63))
}

/// Providers whose fields mean something that the fields alone cannot say.
///
/// Rare: a provider gets a row only if reading it without one is wrong.
pub(crate) const PROFILES: &[Profile] = &[
    Profile {
        provider: "prisjakt",
        reset: ResetForm::DeltaMillis,
        throttles_in_successes: false,
        // `X-Rate-Limit-Reset: 600000` is ten minutes: as seconds it would be a week.
        source: "https://developer.prisjakt.nu",
    },
    refusing_with_200("slack", "https://docs.slack.dev/apis/web-api/rate-limits"),
    refusing_with_200("kraken", "https://docs.kraken.com/api/docs/guides/spot-errors"),
    refusing_with_200("bybit", "https://bybit-exchange.github.io/docs/v5/rate-limit"),
    refusing_with_200("mediawiki", "https://www.mediawiki.org/wiki/API:Etiquette"),
    refusing_with_200("shopify", "https://shopify.dev/docs/api/usage/limits"),
];

/// What is known of a provider beforehand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profile {
    pub(crate) provider: &'static str,
    pub(crate) reset: ResetForm,
    /// Any of its calls may be refused in the body of a 200.
    pub(crate) throttles_in_successes: bool,
    pub(crate) source: &'static str,
}

const fn refusing_with_200(provider: &'static str, source: &'static str) -> Profile {
    Profile { provider, reset: ResetForm::BySize, throttles_in_successes: true, source }
}

/// What only the built-in rows need.
impl Dialect {
    const fn in_family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    const fn named(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    const fn shaped(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }
}
