//! What a ledger goes by.

use std::time::Duration;

use forbear_core::InvalidConfig;
use forbear_core::text::format_duration;

use super::MAX_LIMITS;
use crate::limit::Shape;
use crate::{SharedLimit, WithoutRedis};

/// What a ledger goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) limits: Vec<Shape>,
    /// How long a permit may be used.
    pub(crate) validity: Duration,
    pub(crate) without_redis: WithoutRedis,
    pub(crate) shares_cooldown: bool,
    pub(crate) longest_cooldown: Duration,
    reconnect_within: Duration,
}

impl Settings {
    /// How long a permit may be used unless said otherwise.
    pub const DEFAULT_VALIDITY: Duration = Duration::from_secs(1);
    /// How long one call of Redis may take unless said otherwise: many round trips of one
    /// continent, and short beside the lease.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_millis(250);
    /// The longest time between two attempts to reach a Redis that fails, unless said
    /// otherwise: as long as a permit may be used.
    pub const DEFAULT_RECONNECT: Duration = Duration::from_secs(1);
    /// The longest wait that is shared: a day, after which daily quotas are reset.
    pub(crate) const LONGEST_COOLDOWN: Duration = Duration::from_secs(86_400);
    /// Members that are not heard of for this long are not counted.
    pub(super) const PRESENCE_NS: u64 = 30_000_000_000;
    /// The time between two calls, unless more or less is needed. Ten milliseconds are
    /// a few round trips in one data centre, and 100 calls a second.
    const PACE_NS: u64 = 10_000_000;
    /// Where many members wait, each asks that much less often: 500 calls a second of
    /// the whole fleet.
    const PACE_PER_WAITING_NS: u64 = 2_000_000;
    /// The same for attempts to reach a Redis that fails: 500 connections a second.
    const RECONNECT_PER_MEMBER: Duration = Duration::from_millis(2);
    const SLOWEST_PACE_NS: u64 = 100_000_000;
    /// Tokio's timer is no finer.
    const FASTEST_PACE_NS: u64 = 1_000_000;

    /// Those of a quota with these limits.
    ///
    /// # Errors
    ///
    /// If there is no limit, or more than eight, or one of them does not fit.
    pub fn new(limits: &[SharedLimit]) -> Result<Self, InvalidConfig> {
        if limits.is_empty() || limits.len() > MAX_LIMITS {
            return Err(InvalidConfig::new("limits", limits.len(), "1 to 8"));
        }
        Ok(Self {
            limits: limits.iter().map(SharedLimit::shape).collect::<Result<_, _>>()?,
            validity: Self::DEFAULT_VALIDITY,
            without_redis: WithoutRedis::default(),
            shares_cooldown: true,
            longest_cooldown: Self::LONGEST_COOLDOWN,
            reconnect_within: Self::DEFAULT_RECONNECT,
        })
    }

    /// With this rule for a time without Redis.
    #[must_use]
    pub const fn without_redis(mut self, rule: WithoutRedis) -> Self {
        self.without_redis = rule;
        self
    }

    /// With permits that may be used for `lease`, and calls of Redis that take `timeout` at
    /// most.
    ///
    /// # Errors
    ///
    /// If the lease is not from 100 ms to a minute, or the timeout 0 or half a lease or more.
    pub fn with_times(mut self, lease: Duration, timeout: Duration) -> Result<Self, InvalidConfig> {
        if lease < Duration::from_millis(100) || lease > Duration::from_secs(60) {
            return refuse("lease", lease, "from 100ms to 1m");
        }
        if timeout.is_zero() || timeout >= lease / 2 {
            return refuse("timeout", timeout, "longer than 0 and less than half the lease");
        }
        self.validity = lease;
        Ok(self)
    }

    /// With at most so long between two attempts to reach a Redis that fails.
    ///
    /// # Errors
    ///
    /// If it is not from 50 ms to a minute.
    pub fn reconnecting_within(mut self, longest: Duration) -> Result<Self, InvalidConfig> {
        if longest < Duration::from_millis(50) || longest > Duration::from_secs(60) {
            return refuse("reconnect_within", longest, "from 50ms to 1m");
        }
        self.reconnect_within = longest;
        Ok(self)
    }

    /// With waits that hold back this member alone.
    #[must_use]
    pub const fn own_cooldown(mut self) -> Self {
        self.shares_cooldown = false;
        self
    }

    /// The longest time between two attempts to reach a Redis that fails, in a fleet of so
    /// many.
    pub(super) fn longest_delay(&self, members: u32) -> Duration {
        self.reconnect_within.max(Self::RECONNECT_PER_MEMBER.saturating_mul(members))
    }

    pub(super) fn validity_ns(&self) -> u64 {
        u64::try_from(self.validity.as_nanos()).unwrap_or(u64::MAX)
    }

    /// How long Redis holds what a member holds.
    pub(super) fn validity_at_redis_us(&self) -> u64 {
        let ns = self.validity_ns();
        // A thousandth for uneven clocks (crystals differ by less than a tenth of that),
        // and ten milliseconds for a driver that asks about the moment at which a job was
        // due, as a queue does that makes up for late timers: 5 ms unless said otherwise.
        (ns + ns / 1000).div_ceil(1000) + 10_000
    }

    /// How long a lease may lie unused before it goes back.
    pub(super) fn idle_ns(&self) -> u64 {
        self.validity_ns() / 4
    }

    /// The time between two calls where `waiting` members wait.
    pub(super) fn pace_ns(&self, waiting: u32) -> u64 {
        let crowd = Self::PACE_PER_WAITING_NS.saturating_mul(u64::from(waiting));
        let pace = Self::PACE_NS.max(crowd).min(Self::SLOWEST_PACE_NS);
        // A small burst has to be fetched before it overflows.
        let fill = self.limits.iter().map(|shape| shape.earns_part_ns(8)).min().unwrap_or(pace);
        pace.min(fill).max(Self::FASTEST_PACE_NS)
    }
}

fn refuse<T>(
    parameter: &'static str,
    value: Duration,
    must: &'static str,
) -> Result<T, InvalidConfig> {
    Err(InvalidConfig::new(parameter, format_duration(value), must))
}
