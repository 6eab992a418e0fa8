//! Signatures: codes in a body that mean throttling under a status that does not.
//!
//! Rows of data. A status other than 429 throttles only by a row here or by a header.

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::body::{Body, json};
use forbear_core::Throttle;

/// What a code means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// The server held the request back.
    Throttled(Throttle),
    /// A lock is held, which no waiting for a window cures.
    LockHeld,
}

/// A code at a place, under some statuses.
struct Signature {
    statuses: Statuses,
    at: &'static [&'static str],
    is: Is,
    verdict: Verdict,
}

enum Statuses {
    These(&'static [u16]),
    Errors,
}

enum Is {
    OneOf(&'static [&'static str]),
    /// An AWS code, perhaps `namespace#Code` or `Code:uri`.
    AwsCode,
    Number(RangeInclusive<i64>),
    Starts(&'static str),
    Ends(&'static str),
    /// Without regard to case.
    Contains(&'static str),
}

const LIMITED: Verdict = Verdict::Throttled(Throttle::RateLimit);
const OVERLOADED: Verdict = Verdict::Throttled(Throttle::Overload);
const EXHAUSTED: Verdict = Verdict::Throttled(Throttle::QuotaExhausted);

const OK: Statuses = Statuses::These(&[200]);
const BAD_REQUEST: Statuses = Statuses::These(&[400]);
const FORBIDDEN: Statuses = Statuses::These(&[403]);
const TOO_MANY: Statuses = Statuses::These(&[429]);
const UNAVAILABLE: Statuses = Statuses::These(&[503]);

const fn row(
    statuses: Statuses,
    at: &'static [&'static str],
    is: Is,
    verdict: Verdict,
) -> Signature {
    Signature { statuses, at, is, verdict }
}

/// All signatures. Exhausted quotas come first: they decide the kind.
const SIGNATURES: &[Signature] = &[
    // OpenAI, <https://platform.openai.com/docs/guides/error-codes>: billing.
    row(TOO_MANY, &["error", "code"], Is::OneOf(&["insufficient_quota"]), EXHAUSTED),
    row(TOO_MANY, &["error", "type"], Is::OneOf(&["insufficient_quota"]), EXHAUSTED),
    // Anthropic, <https://docs.anthropic.com/en/api/errors>: the monthly cap.
    row(
        TOO_MANY,
        &["error", "details", "error_code"],
        Is::OneOf(&["enforced_spend_limit_reached"]),
        EXHAUSTED,
    ),
    // Airtable, <https://airtable.com/developers/web/api/rate-limits>: the monthly quota.
    row(
        TOO_MANY,
        &["errors", "error"],
        Is::OneOf(&["PUBLIC_API_BILLING_LIMIT_EXCEEDED"]),
        EXHAUSTED,
    ),
    // Notion: blocked, not slowed down.
    row(
        TOO_MANY,
        &["additional_data", "rate_limit_reason"],
        Is::OneOf(&["public_api_request_blocked"]),
        EXHAUSTED,
    ),
    // Google, <https://developers.google.com/workspace/drive/api/guides/handle-errors>.
    row(
        Statuses::These(&[403, 429]),
        &["error", "errors", "reason"],
        Is::OneOf(&["dailyLimitExceeded", "quotaExceeded"]),
        EXHAUSTED,
    ),
    row(
        FORBIDDEN,
        &["error", "errors", "reason"],
        Is::OneOf(&["rateLimitExceeded", "userRateLimitExceeded"]),
        LIMITED,
    ),
    // Stripe, <https://docs.stripe.com/rate-limits>: an object lock is no rate limit.
    row(TOO_MANY, &["error", "code"], Is::OneOf(&["lock_timeout"]), Verdict::LockHeld),
    row(BAD_REQUEST, &["error", "code"], Is::OneOf(&["rate_limit"]), LIMITED),
    row(BAD_REQUEST, &["error", "type"], Is::OneOf(&["rate_limit"]), LIMITED),
    // Google Maps, <https://developers.google.com/maps/documentation/geocoding/requests-geocoding>.
    row(OK, &["status"], Is::OneOf(&["OVER_DAILY_LIMIT"]), EXHAUSTED),
    row(OK, &["status"], Is::OneOf(&["OVER_QUERY_LIMIT"]), LIMITED),
    // Slack, <https://docs.slack.dev/apis/web-api/rate-limits>.
    row(OK, &["error"], Is::OneOf(&["ratelimited"]), LIMITED),
    // GitHub's GraphQL, and Shopify's, and Linear's.
    row(OK, &["errors", "type"], Is::OneOf(&["RATE_LIMITED", "RATE_LIMIT"]), LIMITED),
    row(OK, &["errors", "extensions", "code"], Is::OneOf(&["THROTTLED"]), LIMITED),
    row(BAD_REQUEST, &["errors", "extensions", "code"], Is::OneOf(&["RATELIMITED"]), LIMITED),
    // GitHub, as go-github and octokit tell a limit from a missing permission.
    row(FORBIDDEN, &["message"], Is::Contains("rate limit exceeded"), LIMITED),
    row(FORBIDDEN, &["message"], Is::Contains("secondary rate"), LIMITED),
    row(FORBIDDEN, &["message"], Is::Contains("abuse detection"), LIMITED),
    row(FORBIDDEN, &["documentation_url"], Is::Contains("rate-limit"), LIMITED),
    // Kraken, <https://docs.kraken.com/api/docs/guides/spot-errors>.
    row(OK, &["error"], Is::Starts("EAPI:Rate limit exceeded"), LIMITED),
    row(OK, &["error"], Is::Starts("EOrder:Rate limit exceeded"), LIMITED),
    row(OK, &["error"], Is::Starts("EService:Throttled"), LIMITED),
    // Bybit, <https://bybit-exchange.github.io/docs/v5/rate-limit>.
    row(OK, &["retCode"], Is::Number(10_006..=10_006), LIMITED),
    // MediaWiki, <https://www.mediawiki.org/wiki/API:Etiquette>.
    row(OK, &["error", "code"], Is::OneOf(&["ratelimited"]), LIMITED),
    row(OK, &["errors", "code"], Is::OneOf(&["ratelimited"]), LIMITED),
    row(OK, &["error", "code"], Is::OneOf(&["maxlag"]), OVERLOADED),
    row(OK, &["errors", "code"], Is::OneOf(&["maxlag"]), OVERLOADED),
    // OpenRouter, in the body of a stream that began well.
    row(OK, &["error", "code"], Is::Number(429..=429), LIMITED),
    // AWS, in all its encodings.
    row(Statuses::Errors, &["__type"], Is::AwsCode, LIMITED),
    row(Statuses::Errors, &["code"], Is::AwsCode, LIMITED),
    row(Statuses::Errors, &["Code"], Is::AwsCode, LIMITED),
    // Meta, <https://developers.facebook.com/docs/graph-api/overview/rate-limiting>.
    row(Statuses::These(&[400, 403]), &["error", "code"], Is::Number(4..=4), LIMITED),
    row(Statuses::These(&[400, 403]), &["error", "code"], Is::Number(17..=17), LIMITED),
    row(Statuses::These(&[400, 403]), &["error", "code"], Is::Number(32..=32), LIMITED),
    row(Statuses::These(&[400, 403]), &["error", "code"], Is::Number(613..=613), LIMITED),
    row(Statuses::These(&[400, 403]), &["error", "code"], Is::Number(80_000..=80_014), LIMITED),
    // Salesforce.
    row(FORBIDDEN, &["errorCode"], Is::OneOf(&["REQUEST_LIMIT_EXCEEDED"]), LIMITED),
    // Binance: 418 is the ban that follows ignored 429s.
    row(Statuses::These(&[400, 418]), &["code"], Is::Number(-1_003..=-1_003), LIMITED),
    row(BAD_REQUEST, &["code"], Is::Number(-1_015..=-1_015), LIMITED),
    // Together: capacity of a model, shared by all.
    row(UNAVAILABLE, &["error", "type"], Is::OneOf(&["dynamic_request_limited"]), OVERLOADED),
    // The draft's problem type for a server that is short of capacity.
    row(UNAVAILABLE, &["type"], Is::Ends("#temporary-reduced-capacity"), OVERLOADED),
];

/// Bybit's limit by address answers a 403 in plain text.
const BYBIT_TEXT: &[u8] = b"access too frequent";

/// The throttling codes of the AWS SDKs, the same in botocore (`retries/standard.py`) and
/// smithy-rs (`aws-runtime/src/retries/classifiers.rs`).
const AWS_CODES: [&str; 14] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

/// What the body of a response with `status` means, if a signature knows it.
pub(crate) fn find(status: u16, body: &Body<'_>) -> Option<Verdict> {
    match body {
        Body::Nothing => None,
        Body::Json(value) => SIGNATURES
            .iter()
            .filter(|row| row.statuses.have(status))
            .find(|row| json::any_at(value, row.at, &mut |value| row.is.satisfied_by(value)))
            .map(|row| row.verdict),
        Body::Text(text) => {
            let is_bybit = status == 403 && contains(text, BYBIT_TEXT);
            let is_aws = status >= 400 && xml_code(text).is_some_and(is_aws_code);
            (is_bybit || is_aws).then_some(LIMITED)
        }
    }
}

/// Whether an AWS error code means throttling; `namespace#Code:uri` is cut to the code.
pub(crate) fn is_aws_code(code: &str) -> bool {
    let code = code.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    AWS_CODES.contains(&code.trim())
}

/// The first `<Code>` of an XML error.
///
/// Searched, not parsed: the element has no attributes in S3 and EC2, and a parser would
/// be a dependency for one word.
fn xml_code(text: &[u8]) -> Option<&str> {
    let start = position(text, b"<Code>")? + b"<Code>".len();
    let rest = &text[start..];
    let end = rest.iter().position(|&byte| byte == b'<')?;
    std::str::from_utf8(&rest[..end]).ok()
}

fn contains(text: &[u8], pattern: &[u8]) -> bool {
    position(text, pattern).is_some()
}

fn position(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window.eq_ignore_ascii_case(pattern))
}

impl Statuses {
    fn have(&self, status: u16) -> bool {
        match self {
            Self::These(statuses) => statuses.contains(&status),
            Self::Errors => status >= 400,
        }
    }
}

impl Is {
    fn satisfied_by(&self, value: &Value) -> bool {
        if let Self::Number(range) = self {
            return value.as_i64().is_some_and(|number| range.contains(&number));
        }
        let Some(text) = value.as_str() else { return false };
        match self {
            Self::OneOf(words) => words.contains(&text),
            Self::AwsCode => is_aws_code(text),
            Self::Starts(start) => text.starts_with(start),
            Self::Ends(end) => text.ends_with(end),
            Self::Contains(part) => contains(text.as_bytes(), part.as_bytes()),
            Self::Number(_) => false,
        }
    }
}
