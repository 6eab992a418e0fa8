//! What a policy makes of the wait that a server asks for.

use core::time::Duration;

use crate::InvalidConfig;
use crate::time::nanos;

/// What a policy makes of the wait that a server asks for.
///
/// The hint ([`Observation::wait`](crate::Observation::wait)) is a floor under every delay,
/// never a ceiling. By default one
/// caller's hint holds back all callers of the engine, and a hint above ten
/// minutes ends the call at once, with the instant in the error: neither an early
/// retry nor a sleep without bound.
///
/// The ten minutes follow the IETF draft on `RateLimit` fields, which lets a
/// client act on its own beyond that
/// (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>,
/// section on security).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HintRule {
    /// Half the size of a `Duration`, and an engine has one.
    cap_ns: u64,
    beyond: Beyond,
    shared: bool,
    heard: bool,
}

/// What happens when the server asks for a longer wait than the cap.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a wait is either made or not")]
pub enum Beyond {
    /// The call ends at once.
    #[default]
    Stop,
    /// The call waits all the same, within its deadline.
    Park,
}

impl HintRule {
    /// No hint is heard and none is shared: how a naive client behaves.
    ///
    /// For baselines in comparisons. A client like this hammers a server that has
    /// said when to come back.
    pub const IGNORED: Self =
        Self { cap_ns: u64::MAX, beyond: Beyond::Park, shared: false, heard: false };

    /// The longest hint that is waited for without question.
    pub const DEFAULT_CAP: Duration = Duration::from_secs(600);

    /// Hints up to `cap` are waited for; what is longer is `beyond`.
    ///
    /// # Errors
    ///
    /// If `cap` is 0.
    pub fn new(cap: Duration, beyond: Beyond) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_no_time("cap", cap)?;
        Ok(Self { cap_ns: nanos(cap), beyond, ..Self::default() })
    }

    /// A hint holds back only the call that got it.
    #[must_use]
    pub const fn unshared(mut self) -> Self {
        self.shared = false;
        self
    }

    /// Whether one caller's hint holds back all callers of the engine.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.shared
    }

    /// Whether the call that got a hint waits for it.
    #[must_use]
    pub const fn is_heard(&self) -> bool {
        self.heard
    }

    pub(super) fn heard(&self, hint: Option<Duration>) -> Option<Duration> {
        hint.filter(|_| self.heard)
    }

    pub(super) fn refuses(&self, wait: Duration) -> bool {
        self.beyond == Beyond::Stop && nanos(wait) > self.cap_ns
    }
}

impl Default for HintRule {
    fn default() -> Self {
        Self { cap_ns: nanos(Self::DEFAULT_CAP), beyond: Beyond::Stop, shared: true, heard: true }
    }
}
