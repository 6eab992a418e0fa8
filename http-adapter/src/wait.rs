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

/// The wait of the best source so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    best: Option<(WaitSource, Duration)>,
    /// The longest of `Retry-After-<name>`, which names the bucket even if it is not best.
    named: Option<Duration>,
    has_header_hint: bool,
}

impl Waits {
    pub(crate) const fn new() -> Self {
        Self { best: None, named: None, has_header_hint: false }
    }

    /// Adds a wait. Of two from one source the longer one stands.
    pub(crate) fn add(&mut self, source: WaitSource, wait: Duration) {
        let is_better = |(known, longest)| source < known || (source == known && wait > longest);
        if self.best.is_none_or(is_better) {
            self.best = Some((source, wait));
        }
        let headers = WaitSource::MsRetryAfterMs..=WaitSource::NamedRetryAfter;
        self.has_header_hint |= headers.contains(&source);
    }

    /// Adds the wait of one throttler of several; says whether it is the longest of them.
    pub(crate) fn add_named(&mut self, wait: Duration) -> bool {
        self.add(WaitSource::NamedRetryAfter, wait);
        let is_longest = self.named.is_none_or(|known| wait > known);
        self.named = self.named.max(Some(wait));
        is_longest
    }

    /// The wait of the best source, if there is one.
    pub(crate) fn first(&self) -> Option<Duration> {
        self.best.map(|(_, wait)| wait)
    }

    /// Whether a header asks for a wait: the server knows that it refuses for now.
    ///
    /// Push-back has its own rule, and the time that Meta estimates is a gauge.
    pub(crate) const fn has_header_hint(&self) -> bool {
        self.has_header_hint
    }
}
