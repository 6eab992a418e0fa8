//! The reader: one pass over the fields, then the body, then the verdict.

use std::borrow::Cow;
use std::time::Duration;

use forbear_core::{Outcome, Throttle};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use crate::amount::Amount;
use crate::body::Body;
use crate::body::{MAX_BYTES, hint, signature};
use crate::clock::ServerClock;
use crate::dialect::Dialect;
use crate::dialect::table::PROFILES;
use crate::gather::Gathered;
use crate::head::Head;
use crate::reading::{LimitReading, Reading};
use crate::rule::Rule;
use crate::scope::ScopeSource;
use crate::tokens;
use crate::value::reset::ResetForm;
use crate::verdict::Evidence;
use crate::wait::WaitSource;
use crate::wall_clock;

/// Reads responses into rate signals.
///
/// Knows the dialects of some seventy vendors and of the IETF drafts without being told
/// which one it reads: names and sizes of numbers tell them apart. It holds what they do
/// not tell, and what a user adds.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_http::{Head, Reader};
///
/// let headers = [
///     ("Retry-After", "20"),
///     ("X-RateLimit-Limit", "5000"),
///     ("X-RateLimit-Remaining", "0"),
///     ("X-RateLimit-Reset", "1787227260"),
/// ];
/// let now = Duration::from_secs(1_787_227_200);
/// let reading = Reader::new().read(&Head::new(429, &headers), now);
///
/// assert!(reading.is_throttled());
/// assert_eq!(reading.retry_after(), Some(Duration::from_secs(20)));
/// let window = reading.limits().next().expect("one window");
/// assert_eq!(window.remaining, Some(0.into()));
/// assert_eq!(window.reset_after, Some(Duration::from_secs(60)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// Searched before the built-in ones.
    pub(crate) dialects: Vec<Dialect>,
    pub(crate) reset: ResetForm,
    reads_successes: bool,
    reads_usage: bool,
    /// Asked in this order, before the built-in ones.
    rules: Vec<Rule>,
}

impl Reader {
    /// A reader of everything that explains itself.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            dialects: Vec::new(),
            reset: ResetForm::BySize,
            reads_successes: false,
            reads_usage: false,
            rules: Vec::new(),
        }
    }

    /// A reader that also knows what only the provider's name can tell.
    ///
    /// An unknown provider is no error: most need no profile.
    #[must_use]
    pub fn for_provider(provider: &str) -> Self {
        let profile = PROFILES.iter().find(|row| row.provider.eq_ignore_ascii_case(provider));
        let Some(profile) = profile else { return Self::new() };
        let reader = Self::new().with_reset(profile.reset);
        if profile.throttles_in_successes { reader.with_bodies_of_successes() } else { reader }
    }

    /// Adds a dialect, before the built-in ones.
    #[must_use]
    pub fn with_dialect(mut self, dialect: Dialect) -> Self {
        self.dialects.push(dialect);
        self
    }

    /// Sets what a bare number in a reset means, where the dialect does not say.
    #[must_use]
    pub const fn with_reset(mut self, form: ResetForm) -> Self {
        self.reset = form;
        self
    }

    /// Adds a rule of the user's own, after those that it has and before the built-in ones.
    ///
    /// It decides what a response means, and nothing else: the waits, the windows and the
    /// scope are read as ever, and the layer's rules about what is safe to send again stand.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Asks the layer for the bodies of successes too, if they are JSON of at most 64 KiB.
    ///
    /// For APIs that refuse with a 200: Slack, Kraken, Bybit, and GraphQL at GitHub, Shopify
    /// and others. [`for_provider`](Self::for_provider) asks for it where every call of the
    /// provider may be answered so.
    #[must_use]
    pub const fn with_bodies_of_successes(mut self) -> Self {
        self.reads_successes = true;
        self
    }

    /// Looks for what a request to a language model really cost, in the body of its answer.
    ///
    /// In the forms of `OpenAI`, Anthropic and Gemini and of those who speak like them. Of an
    /// estimate ([`estimated_token_cost`](crate::estimated_token_cost)) the difference is
    /// then given back or charged. The layer reads JSON of at most 64 KiB for it; an event
    /// stream is handed on unread, and its estimate stands.
    #[must_use]
    pub const fn with_usage(mut self) -> Self {
        self.reads_usage = true;
        self
    }

    /// Whether the body of a response may say what its head does not.
    pub(crate) fn wants_body(&self, status: u16, headers: &HeaderMap) -> bool {
        let is_readable = !headers.contains_key(CONTENT_ENCODING);
        is_readable && (status >= 400 || (self.reads_any_success() && is_short_json(headers)))
    }

    const fn reads_any_success(&self) -> bool {
        self.reads_successes || self.reads_usage
    }

    /// Reads a response.
    ///
    /// `now_unix` is the wall clock at receipt, since the Unix epoch. It is used only if
    /// the response has no usable `Date`: server and client clocks differ, and an hour of
    /// skew would be an hour of waiting or none at all.
    // Inlined, so that the reading is made where the caller has it and not copied there.
    #[inline]
    #[must_use]
    pub fn read<'a>(&self, head: &Head<'a>, now_unix: Duration) -> Reading<'a> {
        let mut reading = Reading::of_status(head.status);
        self.read_into(head, now_unix, &mut reading);
        reading
    }

    /// Reads a response that was received just now, by the wall clock; see
    /// [`read`](Self::read).
    ///
    /// For a client of one's own; the layer does so by itself.
    #[must_use]
    pub fn read_now<'a>(&self, head: &Head<'a>) -> Reading<'a> {
        self.read(head, wall_clock::now())
    }

    /// Fills a reading where it stays: it is worth a dozen fields of copying.
    #[inline(never)]
    fn read_into<'a>(&self, head: &Head<'a>, now_unix: Duration, reading: &mut Reading<'a>) {
        let clock = ServerClock::of(head, now_unix);
        let mut gathered = Gathered::new();
        gathered.read(head, self, &clock);
        let body = head.body.map(Body::parse).unwrap_or_default();
        let body_window = body.json().filter(|_| !clock.is_cached).and_then(hint::query_cost);
        if let Some(window) = body_window {
            gathered.sheet().push_whole(window);
        }

        gathered.settle_into(&mut reading.limits);
        let is_empty = |window: &LimitReading<'_>| window.remaining.is_some_and(Amount::is_zero);
        let evidence = Evidence {
            status: head.status,
            has_wait: gathered.waits.has_header_hint(),
            has_empty_window: reading.limits.iter().any(is_empty),
            advice: gathered.advice,
            grpc: gathered.grpc,
            signs: gathered.signs,
            signature: signature::find(head.status, &body),
        };
        let told = self.rules.iter().find(|rule| rule.holds(head, &body)).map(Rule::outcome);
        let throttle = match told {
            None => evidence.throttle(),
            Some(Outcome::Throttled(kind)) => Some(kind),
            Some(_) => None,
        };

        // A body is believed only on a response that is known to be an error.
        let error = body.json().filter(|_| head.status >= 400 || throttle.is_some());
        if let Some(wait) = error.and_then(|error| hint::wait(error, clock.base)) {
            gathered.waits.add(WaitSource::Body, wait);
        }
        if let Some(bucket) = error.and_then(hint::scope) {
            gathered.scope.offer(ScopeSource::Body, Cow::Owned(bucket.to_owned()));
        }

        if self.reads_usage {
            reading.usage = body.json().and_then(tokens::usage);
        }
        reading.scope = gathered.scope.into_text();
        reading.told = told;
        if let Some(outcome) = told {
            reading.throttle = throttle;
            reading.retryable = retryable(outcome);
        } else {
            reading.throttle = throttle.map(|kind| refined(kind, reading.scope.as_deref()));
            reading.retryable = evidence.retryable(throttle);
        }
        reading.retry_after = gathered.waits.first();
        reading.malformed = gathered.failures.into_names(head);
    }
}

/// Whether the fields announce JSON that is not longer than what is looked at.
///
/// An event stream is no JSON: it is handed on as it comes.
pub(crate) fn is_short_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_json = text(CONTENT_TYPE).is_some_and(|media_type| {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let is_json = |end: &str| essence.to_ascii_lowercase().ends_with(end);
        is_json("/json") || is_json("+json")
    });
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse().ok());
    is_json && length.is_none_or(|length: usize| length <= MAX_BYTES)
}

/// Whether another attempt can help where a rule says what happened.
const fn retryable(told: Outcome) -> Option<bool> {
    match told {
        Outcome::Success | Outcome::Ignored => None,
        _ => Some(told.is_retryable()),
    }
}

/// A scope may tell concurrency from rate, as Stripe's `endpoint-concurrency` does.
fn refined(kind: Throttle, scope: Option<&str>) -> Throttle {
    let says_so = |part: &[u8]| part.eq_ignore_ascii_case(b"concurren");
    let is_concurrency = scope.is_some_and(|scope| scope.as_bytes().windows(9).any(says_so));
    if kind == Throttle::RateLimit && is_concurrency { Throttle::Concurrency } else { kind }
}
