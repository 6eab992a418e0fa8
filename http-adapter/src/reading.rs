//! What was understood of a response.

use std::borrow::Cow;
use std::time::Duration;

use forbear_core::{Cost, Dimension, Outcome, Throttle};

use crate::amount::Amount;
use crate::dialect::REQUESTS;
use crate::list::List;

/// Windows kept in place; a typical response has one to six.
pub(crate) const INLINE_LIMITS: usize = 6;

pub(crate) type Limits<'a> = List<LimitReading<'a>, INLINE_LIMITS>;

/// What a response says about rates.
///
/// Borrows names from the response. Durations count from the receipt of the response,
/// keep the server's precision and saturate at 2^31 seconds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reading<'a> {
    pub(crate) status: u16,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) retryable: Option<bool>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) limits: Limits<'a>,
    pub(crate) scope: Option<Cow<'a, str>>,
    pub(crate) malformed: Vec<Cow<'a, str>>,
    pub(crate) usage: Option<Cost>,
    /// What a rule of the user's says.
    pub(crate) told: Option<Outcome>,
}

impl<'a> Reading<'a> {
    /// A reading that says nothing yet.
    #[inline]
    pub(crate) fn of_status(status: u16) -> Self {
        Self {
            status,
            throttle: None,
            retryable: None,
            retry_after: None,
            limits: Limits::new(),
            scope: None,
            malformed: Vec::new(),
            usage: None,
            told: None,
        }
    }

    /// The status code of the response.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether the server held this request back, whatever the status code says.
    ///
    /// `remaining: 0` on a success is not throttling: that request was served.
    #[must_use]
    pub const fn is_throttled(&self) -> bool {
        self.throttle.is_some()
    }

    /// Why the server held the request back, if it did.
    #[must_use]
    pub const fn throttle(&self) -> Option<Throttle> {
        self.throttle
    }

    /// Whether sending the same request again can help.
    ///
    /// `None` where the response does not say: successes, redirects, conflicts. It does
    /// not know the method: a 503 to a `POST` is retryable here, and the layer that knows
    /// the request decides.
    #[must_use]
    pub const fn retryable(&self) -> Option<bool> {
        self.retryable
    }

    /// The wait that the server asks for in so many words.
    ///
    /// Never copied from the reset of a window, which is in [`limits`](Self::limits).
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The windows that the server reports, at most 64.
    pub fn limits(&self) -> impl Iterator<Item = &LimitReading<'a>> {
        self.limits.iter()
    }

    /// Which bucket the server says the request counted against.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// What the request really cost, if the reader looks for it
    /// ([`with_usage`](crate::Reader::with_usage)) and the body says so.
    #[must_use]
    pub const fn usage(&self) -> Option<Cost> {
        self.usage
    }

    /// Names, in lower case and sorted, of fields that should have said something and
    /// said nothing usable; at most 64.
    pub fn malformed(&self) -> impl Iterator<Item = &str> {
        self.malformed.iter().map(AsRef::as_ref)
    }
}

/// One window of a limit. Each part is known or not.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LimitReading<'a> {
    /// What is counted (`requests`, `input_tokens`) or what the server calls the policy.
    pub name: Cow<'a, str>,
    /// What is counted, as a policy knows it; `None` if it is none of those, or if the
    /// window is that of one endpoint and says nothing about others.
    pub dimension: Option<Dimension>,
    /// The quota of a window.
    pub limit: Option<Amount>,
    /// What is left of it. May exceed `limit`: it is reported as sent.
    pub remaining: Option<Amount>,
    /// The time from receipt until the window starts again.
    pub reset_after: Option<Duration>,
    /// The length of the window.
    pub window: Option<Duration>,
}

impl<'a> LimitReading<'a> {
    /// A window of which only the name is known.
    ///
    /// A name that is a dimension's is taken for it.
    #[must_use]
    pub fn new(name: Cow<'a, str>) -> Self {
        let dimension = match name.as_ref() {
            REQUESTS => Some(Dimension::Requests),
            "tokens" => Some(Dimension::Tokens),
            "input_tokens" => Some(Dimension::InputTokens),
            "output_tokens" => Some(Dimension::OutputTokens),
            // Shopify, Linear and Binance.
            "query_cost" | "complexity" | "request_weight" => Some(Dimension::Points),
            _ => None,
        };
        Self { name, dimension, limit: None, remaining: None, reset_after: None, window: None }
    }

    pub(crate) const fn says_something(&self) -> bool {
        self.limit.is_some()
            || self.remaining.is_some()
            || self.reset_after.is_some()
            || self.window.is_some()
    }
}
