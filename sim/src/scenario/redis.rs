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

/// More round trips than any connection costs.
const MOST_TRIPS: u32 = 100;

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
    /// How many of them a new connection costs: TCP, the greeting and a look at the keys, and
    /// one or two more with TLS.
    connect: u32,
    /// How long Redis, which does one thing after the other, works on a call or a connection.
    service: Dist<DurationText>,
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
    #[serde(default = "connect")]
    connect: u32,
    #[serde(default = "service")]
    service: Dist<DurationText>,
    #[serde(default = "lease", with = "serde_duration")]
    lease: Duration,
    #[serde(default = "timeout", with = "serde_duration")]
    timeout: Duration,
    limit: Vec<SharedLimitSpec>,
}

impl TryFrom<Unchecked> for RedisSpec {
    type Error = InvalidConfig;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidConfig> {
        let Unchecked { policies, round_trip, connect, service, lease, timeout, limit } = unchecked;
        if connect > MOST_TRIPS {
            return Err(InvalidConfig::new("connect", connect, "0 to 100"));
        }
        let spec = Self { policies, round_trip, connect, service, lease, timeout, limit };
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

    pub(crate) const fn connect(&self) -> u32 {
        self.connect
    }

    pub(crate) fn service(&self) -> Sampler {
        self.service.sampler()
    }

    /// What all clients together hold to.
    pub(crate) fn limits(&self) -> &[SharedLimitSpec] {
        &self.limit
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// Within one data centre, with what it takes Redis.
const fn round_trip() -> Dist<DurationText> {
    Dist::Constant(DurationText(Duration::from_millis(1)))
}

const fn connect() -> u32 {
    3
}

/// It is part of the time there and back.
const fn service() -> Dist<DurationText> {
    Dist::Constant(DurationText(Duration::ZERO))
}

const fn lease() -> Duration {
    Settings::DEFAULT_VALIDITY
}

const fn timeout() -> Duration {
    Settings::DEFAULT_TIMEOUT
}
