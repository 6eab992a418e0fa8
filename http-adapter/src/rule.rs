//! Verdicts of the user's own: by status, header field and code in the body.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use forbear_core::Outcome;
use serde_json::Value;

use crate::body::{Body, json};
use crate::head::Head;

/// What a response means, whatever the built-in rules make of it.
///
/// A rule holds for a response if all of its conditions do; one without any holds for
/// every response. Of the rules of a reader the first that holds decides
/// ([`Reader::with_rule`](crate::Reader::with_rule)).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::{Outcome, RateSignal, Throttle};
/// use forbear_http::{Head, Reader, Rule};
///
/// let reader = Reader::new()
///     // Out of credit: waiting is no cure.
///     .with_rule(
///         Rule::new(Outcome::Throttled(Throttle::QuotaExhausted))
///             .status(402)
///             .body_code("error.code", "out_of_credit"),
///     )
///     // A database that is read before it has caught up.
///     .with_rule(Rule::new(Outcome::Transient).status(404))
///     .with_rule(Rule::new(Outcome::Throttled(Throttle::Overload)).header("x-shed", "true"));
///
/// let outcome = |head: Head<'_>| reader.read(&head, Duration::ZERO).outcome();
/// let none: [(&str, &str); 0] = [];
/// assert_eq!(outcome(Head::new(404, &none)), Outcome::Transient);
/// assert_eq!(
///     outcome(Head::new(402, &none).with_body(br#"{"error":{"code":"out_of_credit"}}"#)),
///     Outcome::Throttled(Throttle::QuotaExhausted)
/// );
/// assert_eq!(outcome(Head::new(402, &none)), Outcome::Permanent);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    outcome: Outcome,
    /// The first and the last.
    statuses: Option<(u16, u16)>,
    /// Name and value.
    field: Option<(Cow<'static, str>, Cow<'static, str>)>,
    /// Path and code.
    body: Option<(Cow<'static, str>, Cow<'static, str>)>,
}

impl Rule {
    /// A rule for every response: it means `outcome`.
    #[must_use]
    pub const fn new(outcome: Outcome) -> Self {
        Self { outcome, statuses: None, field: None, body: None }
    }

    /// Holds only for this status.
    #[must_use]
    pub const fn status(self, status: u16) -> Self {
        self.between(status, status)
    }

    /// Holds only for these statuses.
    #[must_use]
    pub const fn statuses(self, statuses: RangeInclusive<u16>) -> Self {
        let (first, last) = (*statuses.start(), *statuses.end());
        self.between(first, last)
    }

    const fn between(mut self, first: u16, last: u16) -> Self {
        self.statuses = Some((first, last));
        self
    }

    /// Holds only if a line of the field `name` has this value, both without regard to
    /// case and to space around the value.
    #[must_use]
    pub fn header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.field = Some((name.into(), value.into()));
        self
    }

    /// Holds only if the body is JSON of at most 64 KiB with this string, or this number,
    /// at `path`.
    ///
    /// A path is the names of members with dots between them, `error.code`; an array on
    /// the way stands for each of its elements. The layer reads bodies of errors; for
    /// those of successes see
    /// [`with_bodies_of_successes`](crate::Reader::with_bodies_of_successes).
    #[must_use]
    pub fn body_code(
        mut self,
        path: impl Into<Cow<'static, str>>,
        code: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.body = Some((path.into(), code.into()));
        self
    }

    /// A row of a table: this status with this code at `path`.
    pub(crate) const fn of_code(
        outcome: Outcome,
        status: u16,
        path: &'static str,
        code: &'static str,
    ) -> Self {
        let body = Some((Cow::Borrowed(path), Cow::Borrowed(code)));
        Self { outcome, statuses: Some((status, status)), field: None, body }
    }

    /// What a response means that it holds for.
    pub(crate) const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether all of its conditions do.
    pub(crate) fn holds(&self, head: &Head<'_>, body: &Body<'_>) -> bool {
        self.statuses.is_none_or(|(first, last)| (first..=last).contains(&head.status))
            && self.field.as_ref().is_none_or(|(name, value)| has_line(head, name, value))
            && self.body.as_ref().is_none_or(|(path, code)| has_code(body, path, code))
    }
}

fn has_line(head: &Head<'_>, name: &str, value: &str) -> bool {
    let wanted = value.trim().as_bytes();
    let mut is_there = false;
    head.fields.for_each(&mut |other, value| {
        is_there |=
            other.eq_ignore_ascii_case(name) && value.trim_ascii().eq_ignore_ascii_case(wanted);
    });
    is_there
}

fn has_code(body: &Body<'_>, path: &str, code: &str) -> bool {
    let Some(body) = body.json() else { return false };
    let path: Vec<_> = path.split('.').collect();
    json::any_at(body, &path, &mut |value| match value {
        Value::String(text) => text == code,
        Value::Number(number) => number.to_string() == code,
        _ => false,
    })
}
