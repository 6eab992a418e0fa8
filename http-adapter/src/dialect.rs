//! Dialects: how a vendor spells its counters. Rows of data, read by one code.
//!
//! Most vendors send `<prefix><role>` or `<prefix><role>-<dimension>` or
//! `<prefix><dimension>-<role>`, and differ in the prefix, in a few words and in what a
//! reset counts. A [`Dialect`] says just that. [`table`] has the rows that are built in,
//! [`field`] the fields that carry something else than one counter.

pub(crate) mod field;
#[cfg(feature = "toml")]
pub(crate) mod file;
pub(crate) mod known;
pub(crate) mod table;

use std::borrow::Cow;
use std::time::Duration;

use crate::value::duration::{DAY, HOUR, MINUTE, MONTH, WEEK, YEAR};
use crate::value::reset::ResetForm;

/// One vendor's counters: a prefix of field names and the words that follow it.
///
/// # Examples
///
/// An API that sends `X-Acme-Quota-Allowed`, `X-Acme-Quota-Remaining` and, in
/// milliseconds from now, `X-Acme-Quota-Reset`:
///
/// ```
/// use std::time::Duration;
/// use forbear_http::{CounterRole, Dialect, Head, Reader, ResetForm};
///
/// let acme = Dialect::counters("acme", "x-acme-quota-")
///     .words(&[("allowed", CounterRole::Limit)])
///     .reset(ResetForm::DeltaMillis)
///     .source("https://acme.example/docs/limits");
/// let reader = Reader::new().with_dialect(acme);
///
/// let headers = [
///     ("X-Acme-Quota-Allowed", "100"),
///     ("X-Acme-Quota-Remaining", "7"),
///     ("X-Acme-Quota-Reset", "1500"),
/// ];
/// let reading = reader.read(&Head::new(200, &headers), Duration::ZERO);
/// let window = reading.limits().next().expect("one window");
/// assert_eq!(window.remaining, Some(7.into()));
/// assert_eq!(window.reset_after, Some(Duration::from_millis(1_500)));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dialect {
    provider: &'static str,
    prefix: &'static str,
    source: &'static str,
    pub(crate) dimension: &'static str,
    words: &'static [(&'static str, CounterRole)],
    pub(crate) reset: ResetForm,
    pub(crate) window: Option<Duration>,
    pub(crate) naming: Naming,
    pub(crate) family: Family,
    pub(crate) shape: Shape,
}

impl Dialect {
    /// Counters named `prefix`, then a role and perhaps a dimension, in either order.
    ///
    /// The roles `limit`, `remaining`, `reset` and `used` are understood, and a trailing
    /// `second`, `minute`, `hour`, `day`, `week`, `month` or `year` as the window.
    /// `prefix` is in lower case and ends with its hyphen.
    #[must_use]
    pub const fn counters(provider: &'static str, prefix: &'static str) -> Self {
        Self {
            provider,
            prefix,
            source: "",
            dimension: REQUESTS,
            words: &[],
            reset: ResetForm::BySize,
            window: None,
            naming: Naming::Snake { kept: 0 },
            family: Family::Vendor,
            shape: Shape::Counters,
        }
    }

    /// Sets the words: what a field named `prefix` and the word, and nothing more, means.
    #[must_use]
    pub const fn words(mut self, words: &'static [(&'static str, CounterRole)]) -> Self {
        self.words = words;
        self
    }

    /// Sets what is counted where the name does not say; `requests` unless set.
    #[must_use]
    pub const fn dimension(mut self, name: &'static str) -> Self {
        self.dimension = name;
        self
    }

    /// Sets what a bare number in a reset means.
    #[must_use]
    pub const fn reset(mut self, form: ResetForm) -> Self {
        self.reset = form;
        self
    }

    /// Sets the length of the window, where the name of the vendor's fields implies it.
    #[must_use]
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = Some(window);
        self
    }

    /// Notes where this is documented.
    #[must_use]
    pub const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// Who sends it.
    #[must_use]
    pub const fn provider(&self) -> &'static str {
        self.provider
    }

    /// The prefix of the field names, in lower case.
    #[must_use]
    pub const fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// Where it is documented; empty if nobody said.
    #[must_use]
    pub const fn documented_at(&self) -> &'static str {
        self.source
    }

    /// Splits the rest of a lower-case name into its role, dimension and window.
    pub(crate) fn resolve<'n>(&self, rest: &'n str) -> Option<Resolved<'n>> {
        if let Some((_, role)) = self.words.iter().find(|(word, _)| *word == rest) {
            return Some(Resolved { role: *role, dimension: "", window: self.window });
        }
        let (role, dimension) = leading_role(rest).or_else(|| trailing_role(rest))?;
        if common_name(dimension).is_some() {
            return Some(Resolved { role, dimension, window: self.window });
        }
        let (dimension, named) = match self.naming {
            Naming::CountedWindows => (dimension, counted_window(dimension)),
            Naming::Snake { .. } | Naming::Verbatim { .. } => named_window(dimension),
        };
        Some(Resolved { role, dimension, window: named.or(self.window) })
    }
}

/// What is counted unless something else is named.
pub(crate) const REQUESTS: &str = "requests";

/// What a field says about a window.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "toml", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CounterRole {
    /// The quota.
    Limit,
    /// What is left of the quota.
    Remaining,
    /// What is used of the quota.
    Used,
    /// When the window starts again, in any form.
    Reset,
    /// The seconds until the window starts again: believed before [`Reset`](Self::Reset),
    /// because it needs no clock.
    ResetAfter,
    /// The same instant as [`Reset`](Self::Reset) in another form: read if nothing else is.
    ResetTime,
    /// The length of the window in seconds, or with a unit (`1s`).
    WindowSeconds,
    /// The length of the window in milliseconds.
    WindowMillis,
}

/// How the dimension becomes the name of a reading.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Naming {
    /// Hyphens become underscores; the last `kept` octets of the prefix belong to it.
    Snake { kept: usize },
    /// As spelled, in lower case; the last `kept` octets of the prefix belong to it.
    Verbatim { kept: usize },
    /// As `Snake`, and a trailing `5h` or `7d` names the window and stays in the name.
    CountedWindows,
}

/// Fields that describe the same windows in several generations, best first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Family {
    /// `RateLimit` and `RateLimit-Policy` as structured fields.
    Structured,
    /// `RateLimit-*`.
    RateLimit,
    /// `X-RateLimit-*`.
    XRateLimit,
    /// `X-Rate-Limit-*`.
    XRateLimitDashed,
    /// A vendor's own, which duplicates nothing.
    Vendor,
}

impl Family {
    /// All families, in the order in which they are believed.
    pub(crate) const BEST_FIRST: [Self; 5] =
        [Self::Structured, Self::RateLimit, Self::XRateLimit, Self::XRateLimitDashed, Self::Vendor];
}

/// What kind of field a prefix introduces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// One counter a field.
    Counters,
    /// `<prefix><endpoint>: total=100; remaining=99; resets=41`.
    Endpoint,
    /// `<prefix><dimension>: 11999`.
    RemainingOf,
    /// `<prefix>10s: 5`: used in a window, of a limit that is not told.
    UsedIn,
    /// `<prefix><name>: 3`: an explicit wait of the throttler of that name.
    NamedWait,
}

/// A field name after its prefix, taken apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Resolved<'n> {
    pub(crate) role: CounterRole,
    /// Empty for the dialect's default.
    pub(crate) dimension: &'n str,
    pub(crate) window: Option<Duration>,
}

const TRAILING: [(&str, CounterRole); 5] = [
    ("-limit", CounterRole::Limit),
    ("-remaining", CounterRole::Remaining),
    ("-reset", CounterRole::Reset),
    // Trello's words, <https://developer.atlassian.com/cloud/trello/guides/rest-api/rate-limits>.
    ("-max", CounterRole::Limit),
    ("-interval-ms", CounterRole::WindowMillis),
];

/// Spelled out and not a table, so that each comparison is with a constant: this is the
/// hottest code of a response with six counters.
fn leading_role(rest: &str) -> Option<(CounterRole, &str)> {
    let (role, more) = if let Some(more) = rest.strip_prefix("remaining") {
        (CounterRole::Remaining, more)
    } else if let Some(more) = rest.strip_prefix("limit") {
        (CounterRole::Limit, more)
    } else if let Some(more) = rest.strip_prefix("reset") {
        (CounterRole::Reset, more)
    } else {
        (CounterRole::Used, rest.strip_prefix("used")?)
    };
    if more.is_empty() { Some((role, "")) } else { Some((role, more.strip_prefix('-')?)) }
}

fn trailing_role(rest: &str) -> Option<(CounterRole, &str)> {
    TRAILING.iter().find_map(|(word, role)| Some((*role, rest.strip_suffix(word)?)))
}

/// Splits `tokens-minute` or `tokens-5-minute` into the dimension and the window.
fn named_window(dimension: &str) -> (&str, Option<Duration>) {
    let (before, last) = dimension.rsplit_once('-').unwrap_or(("", dimension));
    let one = match last {
        "second" => Duration::from_secs(1),
        "minute" => MINUTE,
        // Tumblr, <https://www.tumblr.com/docs/en/api/v2>, joins the two words.
        "hour" | "perhour" => HOUR,
        "day" | "perday" => DAY,
        "week" => WEEK,
        "month" => MONTH,
        "year" => YEAR,
        _ => return (dimension, None),
    };
    let (more, number) = before.rsplit_once('-').unwrap_or(("", before));
    let (before, window) = match number.parse() {
        Ok(count @ 1..) => (more, one.saturating_mul(count)),
        _ => (before, one),
    };
    // `X-RateLimit-Limit-Per-Minute` counts nothing that is called `per`.
    let before = before.strip_suffix("-per").unwrap_or(before);
    (if before == "per" { "" } else { before }, Some(window))
}

fn counted_window(dimension: &str) -> Option<Duration> {
    interval(dimension.rsplit('-').next()?)
}

/// Reads a number and a unit letter: `1m`, `10s`, `5h`, `7d`.
pub(crate) fn interval(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
    let one = match unit {
        's' => Duration::from_secs(1),
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        _ => return None,
    };
    (count > 0).then(|| one.saturating_mul(count))
}

/// The name of a reading, borrowed where it is spelled like the field.
pub(crate) fn reading_name(naming: Naming, raw: &str) -> Cow<'_, str> {
    let snake = !matches!(naming, Naming::Verbatim { .. });
    if let Some(name) = common_name(raw).filter(|_| snake) {
        return Cow::Borrowed(name);
    }
    let must_change = |byte: u8| byte.is_ascii_uppercase() || (snake && byte == b'-');
    if !raw.bytes().any(must_change) {
        return Cow::Borrowed(raw);
    }
    let lower = raw.to_ascii_lowercase();
    Cow::Owned(if snake { lower.replace('-', "_") } else { lower })
}

/// The name of a dimension that is met so often that it is worth no allocation.
fn common_name(dimension: &str) -> Option<&'static str> {
    Some(match dimension {
        // Mistral, <https://docs.mistral.ai>: `x-ratelimit-limit-req-minute`.
        "" | REQUESTS | "req" => REQUESTS,
        "tokens" => "tokens",
        "input-tokens" => "input_tokens",
        "output-tokens" => "output_tokens",
        "project-tokens" => "project_tokens",
        _ => return None,
    })
}
