//! The bridge to the engine: a reading is a [`RateSignal`].

use std::time::Duration;

use forbear_core::{Cost, Outcome, Quantity, Quota, Quotas, RateSignal, Scope, Throttle};

use crate::amount::Amount;
use crate::reading::{LimitReading, Reading};

/// What the engine may know of the response.
///
/// The method of the request is not known here: a 503 is [`Outcome::Transient`] whatever
/// was asked, and the layer that sent it knows whether it may be repeated.
impl RateSignal for Reading<'_> {
    fn outcome(&self) -> Outcome {
        if let Some(told) = self.told {
            return told;
        }
        let is_served = self.status() < 400;
        match (self.throttle(), self.retryable()) {
            // Sentry serves this request and limits the next: the quotas tell.
            (Some(_), None) if is_served => Outcome::Success,
            // A server that forbids the retry is one that no waiting cures.
            (Some(_), Some(false)) => Outcome::Throttled(Throttle::QuotaExhausted),
            (Some(kind), _) => Outcome::Throttled(kind),
            (None, Some(true)) => Outcome::Transient,
            (None, advice) => match self.status() {
                100..=399 => Outcome::Success,
                // Of the 5xx that nobody retries by default, nothing is known.
                500..=599 if advice.is_none() => Outcome::Transient,
                // A conflict is here too: the same request has no reason to fare better.
                400..=599 => Outcome::Permanent,
                _ => Outcome::Ignored,
            },
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn quotas(&self) -> Quotas {
        self.limits().map(quota).collect()
    }

    fn scope(&self) -> Option<Scope> {
        Some(Scope::new(Reading::scope(self)?))
    }

    fn usage(&self) -> Option<Cost> {
        self.usage
    }

    /// The status.
    fn code(&self) -> Option<u16> {
        Some(self.status())
    }
}

fn quota(window: &LimitReading<'_>) -> Quota {
    let mut quota = Quota::new(window.dimension);
    if let Some(limit) = window.limit {
        quota = quota.with_limit(quantity(limit));
    }
    if let Some(remaining) = window.remaining {
        quota = quota.with_remaining(quantity(remaining));
    }
    if let Some(left) = window.reset_after {
        quota = quota.with_resets_in(left);
    }
    if let Some(length) = window.window {
        quota = quota.with_window(length);
    }
    quota
}

/// In millionths, rounded down.
const fn quantity(amount: Amount) -> Quantity {
    let whole = Quantity::from_units(amount.whole()).as_micros();
    Quantity::from_micros(whole.saturating_add((amount.nanos() / 1_000) as u64))
}
