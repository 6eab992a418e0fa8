//! Waits, buckets and counters in the bodies of errors.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use crate::amount::Amount;
use crate::body::json;
use crate::reading::LimitReading;
use crate::value::civil::UnixTime;
use crate::value::duration::{self, MAX, SECOND_NS};
use crate::value::reset::{self, ResetForm};

/// A wait at a known place of an error's body.
struct Hint {
    at: &'static [&'static str],
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    /// A number of seconds, or a string of one.
    Seconds,
    /// The JSON form of a protobuf duration, `"3.5s"`.
    ProtoDuration,
    /// `EService:Throttled: <unix seconds>`.
    KrakenText,
}

/// The places, best first. Prose ("try again in 20s") is never read.
const HINTS: &[Hint] = &[
    // Discord, <https://discord.com/developers/docs/topics/rate-limits>; Asana, once.
    Hint { at: &["retry_after"], form: Form::Seconds },
    // Telegram, <https://core.telegram.org/bots/api#responseparameters>.
    Hint { at: &["parameters", "retry_after"], form: Form::Seconds },
    // Dropbox, <https://www.dropbox.com/developers/documentation/http>.
    Hint { at: &["error", "retry_after"], form: Form::Seconds },
    // Notion, <https://developers.notion.com/reference/request-limits>; a string.
    Hint { at: &["additional_data", "retry_after"], form: Form::Seconds },
    // Google's RetryInfo, <https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto>.
    Hint { at: &["error", "details", "retryDelay"], form: Form::ProtoDuration },
    // Kraken, <https://docs.kraken.com/api/docs/guides/spot-errors>.
    Hint { at: &["error"], form: Form::KrakenText },
];

/// The wait that an error's body names, if it does; `base` is the server's clock.
pub(crate) fn wait(body: &Value, base: UnixTime) -> Option<Duration> {
    let read = |hint: &Hint| match hint.form {
        Form::KrakenText => json::first_at(body, hint.at, |value| hint.form.read(value, base)),
        // Of one error among several, but one wait of it: a list of waits is no number.
        Form::Seconds | Form::ProtoDuration => {
            let (key, parents) = hint.at.split_last()?;
            json::first_at(body, parents, |parent| hint.form.read(parent.get(key)?, base))
        }
    };
    HINTS.iter().find_map(read).or_else(|| Shopify::of(body)?.wait())
}

impl Form {
    fn read(self, value: &Value, base: UnixTime) -> Option<Duration> {
        match self {
            Self::Seconds => json::wait(value, SECOND_NS),
            Self::ProtoDuration => {
                duration::decimal(value.as_str()?.strip_suffix('s')?.as_bytes(), SECOND_NS)
            }
            Self::KrakenText => {
                let instant = value.as_str()?.strip_prefix("EService:Throttled:")?.trim();
                reset::parse(instant.as_bytes(), ResetForm::EpochSeconds, base)
            }
        }
    }
}

/// Where a body names the bucket, best first.
const SCOPES: [&[&str]; 4] = [
    // HubSpot, <https://developers.hubspot.com/docs/api/usage-details>.
    &["policyName"],
    // Notion, <https://developers.notion.com/reference/request-limits>.
    &["rate_limit_reason"],
    &["additional_data", "rate_limit_reason"],
    // Google's QuotaFailure.
    &["error", "details", "violations", "quotaId"],
];

/// Salesforce's code names the bucket: all requests of the organization.
const SALESFORCE_LIMIT: &str = "REQUEST_LIMIT_EXCEEDED";

/// The bucket that an error's body names, if it does.
pub(crate) fn scope(body: &Value) -> Option<&str> {
    let named = SCOPES.iter().find_map(|path| json::first_at(body, path, Value::as_str));
    named.or_else(|| {
        let code = json::first_at(body, &["errorCode"], Value::as_str);
        code.filter(|code| *code == SALESFORCE_LIMIT)
    })
}

/// The bucket of query cost that Shopify's GraphQL reports, if the body has one.
pub(crate) fn query_cost(body: &Value) -> Option<LimitReading<'static>> {
    let shopify = Shopify::of(body)?;
    Some(LimitReading {
        limit: shopify.maximum,
        remaining: shopify.available,
        ..LimitReading::new(Cow::Borrowed("query_cost"))
    })
}

/// `extensions.cost` of <https://shopify.dev/docs/api/usage/limits>: a leaky bucket, told
/// by its size, its level and the rate that it drains at.
struct Shopify {
    requested: Option<Amount>,
    maximum: Option<Amount>,
    available: Option<Amount>,
    restore_rate: Option<Amount>,
}

impl Shopify {
    fn of(body: &Value) -> Option<Self> {
        let cost = body.get("extensions")?.get("cost")?;
        let status = cost.get("throttleStatus")?;
        let amount = |of: &Value, key: &str| of.get(key).and_then(json::amount);
        Some(Self {
            requested: amount(cost, "requestedQueryCost"),
            maximum: amount(status, "maximumAvailable"),
            available: amount(status, "currentlyAvailable"),
            restore_rate: amount(status, "restoreRate"),
        })
    }

    /// The time until the query fits: `(requested - available) / restore rate`, rounded up.
    fn wait(&self) -> Option<Duration> {
        let nanos = |amount: Amount| {
            u128::from(amount.whole()) * 1_000_000_000 + u128::from(amount.nanos())
        };
        let missing = nanos(self.requested?.saturating_sub(self.available?));
        let rate = nanos(self.restore_rate?);
        // At most 2^94 * 10^9, below 2^124.
        let wait_ns = (missing * 1_000_000_000).checked_add(rate.checked_sub(1)?)? / rate;
        Some(u64::try_from(wait_ns).map_or(MAX, Duration::from_nanos).min(MAX))
    }
}
