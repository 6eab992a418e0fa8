//! The scope: which bucket the server says the request counted against.

use std::borrow::Cow;

/// Where a scope was found; an earlier one beats a later one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum ScopeSource {
    /// `X-RateLimit-Scope` (Discord).
    XRateLimitScope,
    /// `X-Rate-Limit-Type` (Riot).
    XRateLimitTypeDashed,
    /// `RateLimit-Reason` (Jira).
    RateLimitReason,
    /// `Stripe-Rate-Limited-Reason`.
    StripeReason,
    /// `RateLimit-Name` (GitLab).
    RateLimitName,
    /// `X-RateLimit-Name` (Datadog).
    XRateLimitName,
    /// `X-RateLimit-Type` (Zoom).
    XRateLimitType,
    /// `X-Rate-Limit-Problem` (Xero).
    RateLimitProblem,
    /// `X-Figma-Rate-Limit-Type`.
    FigmaType,
    /// `X-RateLimit-Resource` (GitHub).
    XRateLimitResource,
    /// `X-RateLimit-Endpoint-Name` (Linear).
    EndpointName,
    /// `Docker-RateLimit-Source`.
    DockerSource,
    /// `X-RateLimit-Bucket` (Discord).
    XRateLimitBucket,
    /// The `type` of a Meta usage header.
    MetaType,
    /// The suffix of `Retry-After-<name>` (`NestJS`).
    RetryAfterSuffix,
    /// A member of the body.
    Body,
    /// `X-RateLimit-Global: true` (Discord).
    Global,
}

/// The best scope so far.
#[derive(Clone, Debug)]
pub(crate) struct Scope<'a>(Option<(ScopeSource, Cow<'a, str>)>);

impl<'a> Scope<'a> {
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Offers a scope: kept if nothing better, and nothing as good, was there before.
    pub(crate) fn offer(&mut self, source: ScopeSource, text: Cow<'a, str>) {
        if !text.is_empty() && self.0.as_ref().is_none_or(|(known, _)| source < *known) {
            self.0 = Some((source, text));
        }
    }

    /// Forgets what `source` gave.
    pub(crate) fn withdraw(&mut self, source: ScopeSource) {
        self.0.take_if(|(known, _)| *known == source);
    }

    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        self.0.map(|(_, text)| text)
    }
}
