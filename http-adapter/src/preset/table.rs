//! The presets, one row each. The policy files are in `presets/`.

use forbear_core::{Outcome, Throttle};
use http::Method;

use super::{Figure, Preset};
use crate::Rule;

macro_rules! preset {
    ($name:literal, $summary:literal, $figures:expr) => {
        Preset {
            name: $name,
            summary: $summary,
            policy: include_str!(concat!("../../presets/", $name, ".toml")),
            figures: $figures,
            idempotency_header: None,
            safe_methods: &[],
            rules: &[],
        }
    };
}

const OPENAI: &str = "https://platform.openai.com/docs/models/gpt-4o";
const ANTHROPIC: &str = "https://platform.claude.com/docs/en/api/rate-limits";
const GITHUB: &str =
    "https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api";
const STRIPE: &str = "https://docs.stripe.com/rate-limits";
const SLACK: &str = "https://api.slack.com/changelog/2018-03-great-rate-limits";
const DISCORD: &str = "https://docs.discord.com/developers/topics/rate-limits";
const SHOPIFY: &str = "https://shopify.dev/docs/api/admin-rest/usage/rate-limits";
const NOTION: &str = "https://developers.notion.com/reference/request-limits";
const AIRTABLE: &str = "https://support.airtable.com/docs/en/managing-api-call-limits-in-airtable";
const HUBSPOT: &str =
    "https://developers.hubspot.com/changelog/heads-up-new-and-improved-hubspot-api-limits";

const GITLAB: &str =
    "https://about.gitlab.com/blog/automation-check-in-and-rate-limit-changes-on-gitlab-dot-com";
const REDDIT: &str =
    "https://support.reddithelp.com/hc/en-us/articles/16160319875092-Reddit-Data-API-Wiki";
const ZENDESK: &str = "https://developer.zendesk.com/api-reference/introduction/rate-limits";
const GRAPH: &str = "https://learn.microsoft.com/graph/throttling-limits";

const AUTH0: &str = "https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy/rate-limit-configurations/free-public";
const SALESFORCE: &str = "https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-api.html";
const BLUESKY: &str = "https://docs.bsky.app/docs/advanced-guides/rate-limits";
const MASTODON: &str = "https://docs.joinmastodon.org/api/rate-limits/";
const XERO: &str = "https://developer.xero.com/faq/limits";
const BINANCE: &str =
    "https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md";

/// A lock that was held: the SDKs of both send again, `_should_retry` of
/// <https://github.com/openai/openai-python/blob/main/src/openai/_base_client.py> and of
/// <https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/_base_client.py>.
const HELD_LOCK: &[Rule] = &[Rule::new(Outcome::Transient).status(409)];

/// An object that another request has locked; Stripe's SDK sends again,
/// <https://github.com/stripe/stripe-ruby/releases/tag/v5.1.0> (#841).
const STRIPE_LOCK: &[Rule] =
    &[Rule::of_code(Outcome::Transient, 429, "error.code", "lock_timeout")];

/// An account on its way to another data centre, with a `Retry-After`,
/// <https://developers.hubspot.com/docs/api-reference/error-handling>.
const HUBSPOT_MIGRATION: &[Rule] = &[Rule::new(Outcome::Transient).status(477)];

/// An address that went on after a 429 is banned, with a `Retry-After`,
/// <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits>.
const BINANCE_BAN: &[Rule] = &[Rule::new(Outcome::Throttled(Throttle::RateLimit)).status(418)];

const POSTS: &[Method] = &[Method::POST];

const GPT_4O: &str = "gpt-4o in usage tier 1";
const SONNET_4: &str = "Claude Sonnet 4 in usage tier 1";
const GITHUB_TOKEN: &str = "a personal access token";

/// In the order in which help lists them.
pub(super) const PRESETS: &[Preset] = &[
    preset!("recommended", "What suits most APIs; every key, with its default", &[]),
    preset!("batch", "A long job that must get through, however long it takes", &[]),
    Preset {
        // The same function sends a POST again after any 5xx.
        safe_methods: POSTS,
        rules: HELD_LOCK,
        ..preset!(
            "openai",
            "OpenAI, usage tier 1 for gpt-4o",
            &[
                Figure::new("500/min", "requests", GPT_4O, OPENAI).published("2025"),
                Figure::new("30000/min", "tokens", GPT_4O, OPENAI).published("2025"),
            ]
        )
    },
    Preset {
        // The same function sends a POST again after any 5xx.
        safe_methods: POSTS,
        rules: HELD_LOCK,
        ..preset!(
            "anthropic",
            "Anthropic, lowest tier for Claude Sonnet 4",
            &[
                Figure::new("50/min", "requests", SONNET_4, ANTHROPIC).published("2025"),
                Figure::new("30000/min", "input tokens", SONNET_4, ANTHROPIC).published("2025"),
                Figure::new("8000/min", "output tokens", SONNET_4, ANTHROPIC).published("2025"),
            ]
        )
    },
    preset!(
        "github",
        "GitHub's REST API with a token",
        &[
            Figure::new("5000/h", "requests", GITHUB_TOKEN, GITHUB),
            Figure::new("900/min", "points of one endpoint", "any token", GITHUB),
            Figure::new("100", "in flight", "any token", GITHUB),
        ]
    ),
    Preset {
        // <https://docs.stripe.com/api/idempotent_requests>.
        idempotency_header: Some("Idempotency-Key"),
        rules: STRIPE_LOCK,
        ..preset!(
            "stripe",
            "Stripe in live mode",
            &[Figure::new("25/s", "requests to one endpoint", "live mode", STRIPE)]
        )
    },
    preset!(
        "slack",
        "Slack's Web API, one method of tier 3",
        &[Figure::new("50/min", "requests", "one method of tier 3, one workspace", SLACK)
            .published("2018-03-05")]
    ),
    preset!(
        "discord",
        "A bot of Discord's REST API",
        &[Figure::new("50/s", "requests", "one bot, all routes", DISCORD)]
    ),
    preset!(
        "shopify",
        "Shopify's REST Admin API, standard plan",
        // The page calls the API legacy as of 2024-10-01.
        &[Figure::new("2/s", "requests", "one app in one store, standard plan", SHOPIFY)
            .published("2024-10")]
    ),
    preset!(
        "notion",
        "Notion, one integration",
        &[Figure::new("3/s", "requests", "one integration, any plan", NOTION)]
    ),
    preset!(
        "airtable",
        "Airtable, one base",
        &[Figure::new("5/s", "requests", "one base, any plan", AIRTABLE).published("2024-11-04")]
    ),
    Preset {
        rules: HUBSPOT_MIGRATION,
        ..preset!(
            "hubspot",
            "HubSpot, an app with OAuth in one account",
            &[Figure::new("100/10s", "requests", "one app with OAuth in one account", HUBSPOT)]
        )
    },
    preset!(
        "gitlab",
        "GitLab.com's API, one user",
        &[Figure::new("2000/min", "requests", "one user, the API", GITLAB).published("2020-12-17")]
    ),
    preset!(
        "reddit",
        "Reddit's Data API with OAuth",
        &[Figure::new("100/min", "requests", "one OAuth client id, free access", REDDIT)
            .published("2023-07")]
    ),
    preset!(
        "zendesk",
        "Zendesk's Support API, Suite Team",
        &[Figure::new("200/min", "requests", "one account, Suite Team", ZENDESK)]
    ),
    preset!(
        "microsoft-graph",
        "Microsoft Graph, one app",
        &[Figure::new("130000/10s", "requests", "one app, all tenants and services", GRAPH)
            .published("2025-01-14")]
    ),
    preset!("azure-openai", "Azure OpenAI; the deployment's limits are learned", &[]),
    preset!("groq", "GroqCloud; the model's limits are learned", &[]),
    preset!("mistral", "Mistral; the plan's limits are learned", &[]),
    preset!("gemini", "Gemini; waits as long as RetryInfo says", &[]),
    preset!("okta", "Okta; the endpoint's limits are learned", &[]),
    preset!("twitch", "Twitch's Helix API; the bucket is learned", &[]),
    preset!("linear", "Linear; both buckets are learned", &[]),
    preset!("atlassian", "Jira and Confluence; all windows are learned", &[]),
    preset!(
        "auth0",
        "Auth0's Management API, free subscription",
        &[Figure::new("2/s", "requests", "one tenant, free subscription", AUTH0)]
    ),
    preset!(
        "salesforce",
        "Salesforce's REST API, a production org; the day's requests are learned",
        &[Figure::new("25", "in flight", "a production org or sandbox, 20 s and more", SALESFORCE)]
    ),
    preset!("docker-hub", "Docker Hub; the account's pulls are learned", &[]),
    Preset {
        rules: BINANCE_BAN,
        ..preset!(
            "binance",
            "Binance's spot API, weights as points",
            &[Figure::new("6000/min", "points", "one address", BINANCE)]
        )
    },
    preset!(
        "bluesky",
        "A PDS of Bluesky, one address",
        &[Figure::new("3000/5min", "requests", "one address", BLUESKY)]
    ),
    preset!("x", "X's API; the windows of endpoints and the day are learned", &[]),
    preset!(
        "xero",
        "Xero's API, one organisation",
        &[
            Figure::new("60/min", "requests", "one organisation and app", XERO),
            Figure::new("5", "in flight", "one organisation and app", XERO),
        ]
    ),
    preset!(
        "mastodon",
        "A server of Mastodon, one account",
        &[Figure::new("300/5min", "requests", "one account, as servers are set up", MASTODON)]
    ),
];
