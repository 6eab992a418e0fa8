//! Names of what is counted by.

use forbear_core::{Outcome, Throttle, WaitReason};

pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Throttled(kind) => match kind {
            Throttle::Overload => "overload",
            Throttle::Concurrency => "concurrency",
            Throttle::QuotaExhausted => "quota_exhausted",
            // A kind of a later core is told by its most common case.
            _ => "rate_limit",
        },
        Outcome::Transient => "transient",
        Outcome::Permanent => "permanent",
        _ => "ignored",
    }
}

pub(super) const fn wait(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::Backoff => "backoff",
        WaitReason::ServerHint => "server_hint",
        WaitReason::Cooldown => "cooldown",
        WaitReason::Limiter(name) => name,
        WaitReason::Line => "line",
        _ => "other",
    }
}
