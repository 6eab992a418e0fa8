//! Explicit waits, and which of several is believed.

use std::time::Duration;

/// Where an explicit wait was found; an earlier one beats a later one.
///
/// Precision twins come before what they refine (openai-python, cohere-python and the
/// Azure SDK read milliseconds first), headers before bodies, which may be truncated or
/// shaped by an attacker.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum WaitSource {
    GrpcPushback,
    MsRetryAfterMs,
    RetryAfterMs,
    AmzRetryAfter,
    RetryAfter,
    XRateLimitRetryAfter,
    XRetryIn,
    XRateLimitNext,
    NamedRetryAfter,
    RegainAccess,
    Body,
}

/// One place per source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits([Option<Duration>; WaitSource::Body as usize + 1]);

impl Waits {
    pub(crate) const fn new() -> Self {
        Self([None; WaitSource::Body as usize + 1])
    }

    /// Adds a wait. Of two from one source the longer one stands; says whether it does.
    pub(crate) fn add(&mut self, source: WaitSource, wait: Duration) -> bool {
        let place = &mut self.0[source as usize];
        let longer = place.is_none_or(|known| wait > known);
        if longer {
            *place = Some(wait);
        }
        longer
    }

    /// The wait of the first source that has one.
    pub(crate) fn first(&self) -> Option<Duration> {
        self.0.iter().flatten().next().copied()
    }

    /// Whether a header asks for a wait: the server knows that it refuses for now.
    ///
    /// Push-back has its own rule, and the time that Meta estimates is a gauge.
    pub(crate) fn has_header_hint(&self) -> bool {
        let headers = WaitSource::MsRetryAfterMs as usize..=WaitSource::NamedRetryAfter as usize;
        self.0[headers].iter().any(Option::is_some)
    }
}
