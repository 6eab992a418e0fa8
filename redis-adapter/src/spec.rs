//! The table of a shared quota.

use std::time::Duration;

use forbear_core::InvalidConfig;
use forbear_core::text::serde_duration;
use serde::{Deserialize, Serialize};

use crate::{ConnectError, SharedLimitSpec, SharedQuota, SharedQuotaBuilder, WithoutRedis};

/// A shared quota as a table of a file.
///
/// A policy file has no such table, because a policy of it needs a connection; take the
/// table out and add its limiter.
///
/// # Examples
///
/// ```
/// use forbear_core::spec::PolicySpec;
/// use forbear_redis::SharedQuotaSpec;
///
/// let mut file: toml::Table = r#"
///     [retry]
///     max_attempts = 6
///
///     [shared]
///     name = "openai"
///     redis = "redis://127.0.0.1/"
///     without_redis = "closed"
///
///     [[shared.limit]]
///     kind = "rate"
///     rate = "500/min"
///     burst = 20
///
///     [[shared.limit]]
///     kind = "window"
///     dimension = "tokens"
///     rate = "90000/min"
/// "#.parse()?;
/// let shared = file.remove("shared").expect("the file has the table");
/// let shared: SharedQuotaSpec = shared.try_into()?;
/// let policy: PolicySpec = file.try_into()?;
/// # async fn join(shared: SharedQuotaSpec, policy: PolicySpec) -> Result<(), Box<dyn std::error::Error>> {
/// let quota = shared.connect().await?;
/// let policy = policy.builder()?.limit(quota.limiter()).build()?;
/// # let _ = policy;
/// # Ok(())
/// # }
/// # let _ = join;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SharedQuotaSpec {
    /// The name that all members have in common.
    pub name: String,
    /// The URL of the Redis.
    pub redis: String,
    /// The first part of each key; `forbear` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// How long a permit may be used; 1 s unless set.
    #[serde(default, with = "serde_duration::option", skip_serializing_if = "Option::is_none")]
    pub lease: Option<Duration>,
    /// How long a call of Redis may take; 250 ms unless set.
    #[serde(default, with = "serde_duration::option", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The longest time between two attempts to reach a Redis that fails; 1 s unless set.
    #[serde(default, with = "serde_duration::option", skip_serializing_if = "Option::is_none")]
    pub reconnect_within: Option<Duration>,
    /// What to do while Redis does not answer.
    #[serde(default)]
    pub without_redis: WithoutRedis,
    /// What the API allows; one to eight.
    pub limit: Vec<SharedLimitSpec>,
}

impl SharedQuotaSpec {
    /// The quota that this describes, to be joined.
    ///
    /// # Errors
    ///
    /// If a number of a limit is out of range.
    pub fn builder(&self) -> Result<SharedQuotaBuilder, InvalidConfig> {
        let mut builder = SharedQuota::builder(&self.name).without_redis(self.without_redis);
        for limit in &self.limit {
            builder = builder.limit(limit.limit()?);
        }
        if let Some(prefix) = &self.prefix {
            builder = builder.prefix(prefix);
        }
        if let Some(lease) = self.lease {
            builder = builder.lease(lease);
        }
        if let Some(timeout) = self.timeout {
            builder = builder.timeout(timeout);
        }
        Ok(match self.reconnect_within {
            Some(longest) => builder.reconnect_within(longest),
            None => builder,
        })
    }

    /// Joins the fleet.
    ///
    /// # Errors
    ///
    /// If a number or the URL is wrong, or Redis does not serve the quota in time.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub async fn connect(&self) -> Result<SharedQuota, ConnectError> {
        self.builder()?.connect(&self.redis).await
    }
}
