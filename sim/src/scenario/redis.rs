//! The `[redis]` table: a quota that clients share, and the store that they share it in.

use std::collections::BTreeMap;
use std::time::Duration;

use forbear_core::InvalidConfig;
use forbear_core::spec::DurationText;
use forbear_core::text::serde_duration;
use forbear_redis::model::Settings;
use forbear_redis::{SharedLimit, SharedLimitSpec, WithoutRedis};
use serde::{Deserialize, Serialize};

use super::dist::{Dist, Sampler};

/// A quota that clients share in Redis, by the rules of `forbear-redis`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, try_from = "Unchecked")]
pub(crate) struct RedisSpec {
    /// Which policies share it, by their names, and what a client does under them while it
    /// cannot reach Redis. Under other policies, and in a group that has a policy of its own,
    /// nobody shares.
    policies: BTreeMap<String, WithoutRedis>,
    /// The time to Redis and back; half of it each way.
    round_trip: Dist<DurationText>,
    /// How long a permit may be used.
    #[serde(with = "serde_duration")]
    lease: Duration,
    /// How long a client waits for an answer of Redis.
    #[serde(with = "serde_duration")]
    timeout: Duration,
    /// What all clients together hold to.
    limit: Vec<SharedLimitSpec>,
}

/// As the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    policies: BTreeMap<String, WithoutRedis>,
    #[serde(default = "round_trip")]
    round_trip: Dist<DurationText>,
    #[serde(default = "lease", with = "serde_duration")]
    lease: Duration,
    #[serde(default = "timeout", with = "serde_duration")]
    timeout: Duration,
    limit: Vec<SharedLimitSpec>,
}

impl TryFrom<Unchecked> for RedisSpec {
    type Error = InvalidConfig;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidConfig> {
        let Unchecked { policies, round_trip, lease, timeout, limit } = unchecked;
        let spec = Self { policies, round_trip, lease, timeout, limit };
        spec.settings(WithoutRedis::default())?;
        Ok(spec)
    }
}

impl RedisSpec {
    /// What a client does without Redis under the policy of this name, if it shares.
    pub(crate) fn rule(&self, policy: &str) -> Option<WithoutRedis> {
        self.policies.get(policy).copied()
    }

    /// What a member goes by.
    pub(crate) fn settings(&self, rule: WithoutRedis) -> Result<Settings, InvalidConfig> {
        let limits = self.limit.iter().map(SharedLimitSpec::limit);
        let limits: Vec<SharedLimit> = limits.collect::<Result<_, _>>()?;
        Settings::new(&limits)?.without_redis(rule).with_times(self.lease, self.timeout)
    }

    pub(crate) fn round_trip(&self) -> Sampler {
        self.round_trip.sampler()
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// Within one data centre, with what it takes Redis.
const fn round_trip() -> Dist<DurationText> {
    Dist::Constant(DurationText(Duration::from_millis(1)))
}

const fn lease() -> Duration {
    Settings::DEFAULT_VALIDITY
}

const fn timeout() -> Duration {
    Settings::DEFAULT_TIMEOUT
}
