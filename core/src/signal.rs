//! What the server said, reduced to what a policy can use.

mod builtin;
mod quantity;
mod quota;
mod scope;

use core::fmt;
use core::time::Duration;

use crate::Cost;

pub use self::{
    quantity::Quantity,
    quota::{Quota, Quotas},
    scope::Scope,
};

/// How one request ended, as far as rate control is concerned.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Outcome {
    /// The server did the work.
    Success,
    /// The server refused for reasons of load.
    Throttled(Throttle),
    /// It failed in a way that may pass: a time-out, a reset, another 5xx.
    Transient,
    /// It failed in a way that a retry cannot cure.
    Permanent,
    /// It says nothing about the server: cancelled here before an answer.
    Ignored,
}

impl Outcome {
    /// Whether the same request may succeed later.
    ///
    /// ```
    /// use forbear_core::{Outcome, Throttle};
    ///
    /// assert!(Outcome::Throttled(Throttle::RateLimit).is_retryable());
    /// assert!(!Outcome::Throttled(Throttle::QuotaExhausted).is_retryable());
    /// ```
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Throttled(kind) => !matches!(kind, Throttle::QuotaExhausted),
            Self::Transient => true,
            Self::Success | Self::Permanent | Self::Ignored => false,
        }
    }

    /// Whether the server refused for reasons of load, of whatever kind.
    #[must_use]
    pub const fn is_throttled(self) -> bool {
        matches!(self, Self::Throttled(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "success",
            Self::Throttled(Throttle::RateLimit) => "throttled",
            Self::Throttled(Throttle::Overload) => "overloaded",
            Self::Throttled(Throttle::Concurrency) => "too many in flight",
            Self::Throttled(Throttle::QuotaExhausted) => "quota used up",
            Self::Transient => "transient failure",
            Self::Permanent => "permanent failure",
            Self::Ignored => "ignored",
        })
    }
}

/// Why the server refused.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Throttle {
    /// This client sent too much in too short a time.
    RateLimit,
    /// The server has too much to do, whoever sent it.
    Overload,
    /// This client has too many requests in flight.
    Concurrency,
    /// A quota is used up for good, such as a spending limit: waiting is no cure.
    QuotaExhausted,
}

/// A response, or an error, seen as a rate signal.
///
/// The boundary trait: an adapter implements it for its own types, the engine
/// calls [`observe`](Self::observe) once and keeps nothing else.
///
/// # Contract
///
/// * The same value gives the same answers.
/// * Nothing panics, whatever the peer sent. A hint that cannot be read is left
///   out; it never turns a success into a failure.
/// * `retry_after` is the server's explicit wait. The reset of a window is never
///   copied into it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::{Outcome, RateSignal, Throttle};
///
/// struct Busy { seconds: u64 }
///
/// impl RateSignal for Busy {
///     fn outcome(&self) -> Outcome {
///         Outcome::Throttled(Throttle::RateLimit)
///     }
///
///     fn retry_after(&self) -> Option<Duration> {
///         Some(Duration::from_secs(self.seconds))
///     }
/// }
///
/// assert_eq!(Busy { seconds: 3 }.observe().retry_after, Some(Duration::from_secs(3)));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether a retry can cure it",
    note = "implement `RateSignal` for it, or say what is retried with `.when(..)`, \
            `.retry_if(..)` or `.classify(..)`"
)]
pub trait RateSignal {
    /// How the request ended.
    fn outcome(&self) -> Outcome;

    /// How long the server asks us to wait, from the moment of receipt.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// The quotas that the server advertises.
    fn quotas(&self) -> Quotas {
        Quotas::NONE
    }

    /// Which of its buckets the server says this counted against.
    fn scope(&self) -> Option<Scope> {
        None
    }

    /// What the request really cost, where the response says so.
    fn usage(&self) -> Option<Cost> {
        None
    }

    /// The protocol's own code for the result, such as a status of HTTP.
    ///
    /// For those who read a report; nothing is decided by it.
    fn code(&self) -> Option<u16> {
        None
    }

    /// The time-out that ended it, where one here did: there was no answer for so long.
    ///
    /// For those who read a report; what is decided goes by the outcome.
    fn timed_out_after(&self) -> Option<Duration> {
        None
    }

    /// The same facts as plain data.
    fn observe(&self) -> Observation {
        Observation {
            outcome: self.outcome(),
            retry_after: self.retry_after(),
            quotas: self.quotas(),
            scope: self.scope(),
            usage: self.usage(),
            code: self.code(),
            timed_out_after: self.timed_out_after(),
        }
    }
}

// `RateSignal` stays usable as `dyn RateSignal`.
const _: Option<&dyn RateSignal> = None;

/// A [`RateSignal`] as plain, copyable, serializable data.
///
/// Everything behind the boundary works on this, which is what lets a recorded
/// trace be replayed in the simulator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Observation {
    /// How the request ended.
    pub outcome: Outcome,
    /// How long the server asks us to wait.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub retry_after: Option<Duration>,
    /// The quotas that the server advertises.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Quotas::is_empty"))]
    pub quotas: Quotas,
    /// Which bucket the request counted against.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub scope: Option<Scope>,
    /// What the request really cost.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub usage: Option<Cost>,
    /// The protocol's own code for the result; nothing is decided by it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub code: Option<u16>,
    /// The time-out here that ended it without an answer; nothing is decided by it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub timed_out_after: Option<Duration>,
}

impl Observation {
    /// An observation without hints.
    #[must_use]
    pub const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            retry_after: None,
            quotas: Quotas::NONE,
            scope: None,
            usage: None,
            code: None,
            timed_out_after: None,
        }
    }

    /// A success that says nothing more.
    pub const SUCCESS: &'static Self = &Self::new(Outcome::Success);

    /// A refusal for rate, with the wait that the server asked for.
    #[must_use]
    pub const fn throttled(retry_after: Option<Duration>) -> Self {
        let mut seen = Self::new(Outcome::Throttled(Throttle::RateLimit));
        seen.retry_after = retry_after;
        seen
    }

    /// An attempt that was ended here because there was no answer for so long: transient,
    /// as any that the server may or may not have served.
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::{Observation, Outcome};
    ///
    /// let seen = Observation::timed_out(Duration::from_secs(30));
    /// assert_eq!(seen.outcome, Outcome::Transient);
    /// assert_eq!(seen.timed_out_after, Some(Duration::from_secs(30)));
    /// ```
    #[must_use]
    pub const fn timed_out(after: Duration) -> Self {
        let mut seen = Self::new(Outcome::Transient);
        seen.timed_out_after = Some(after);
        seen
    }

    /// How long a policy waits at least before it sends again: as long as the server asks,
    /// or where a refusal names no wait, until what is used up
    /// [has refilled](Quotas::refill_in).
    ///
    /// Many servers name no wait, and mean the reset: GitHub ("you should not retry your
    /// request until after the time specified by the `x-ratelimit-reset` header",
    /// <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>), X,
    /// Twitch, Okta, Reddit, Bluesky. A send before it is refused for certain, and counted.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        // Asked of every answer: a success is told by its outcome alone.
        let will_be_served = self.outcome.is_throttled() && self.outcome.is_retryable();
        if self.retry_after.is_some() || !will_be_served {
            return self.retry_after;
        }
        self.quotas.refill_in()
    }
}

impl RateSignal for Observation {
    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn quotas(&self) -> Quotas {
        self.quotas
    }

    fn scope(&self) -> Option<Scope> {
        self.scope
    }

    fn usage(&self) -> Option<Cost> {
        self.usage
    }

    fn code(&self) -> Option<u16> {
        self.code
    }

    fn timed_out_after(&self) -> Option<Duration> {
        self.timed_out_after
    }

    fn observe(&self) -> Observation {
        *self
    }
}
