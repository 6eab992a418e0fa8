//! The table of a shared quota.

use std::time::Duration;

use forbear_core::text::serde_duration;
use forbear_core::{Dimension, InvalidConfig, Rate};
use serde::{Deserialize, Serialize};

use crate::{ConnectError, SharedLimit, SharedQuota, SharedQuotaBuilder, WithoutRedis};

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
    /// What to do while Redis does not answer.
    #[serde(default)]
    pub without_redis: WithoutRedis,
    /// What the API allows; one to eight.
    pub limit: Vec<SharedLimitSpec>,
}

/// One limit of a [`SharedQuotaSpec`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum SharedLimitSpec {
    /// A rate with a burst.
    Rate {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per time, such as "500/min".
        rate: Rate,
        /// Units at once; what one second earns unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        burst: Option<u32>,
    },
    /// So many in any window, wherever it begins.
    Window {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per window, such as "60/min".
        rate: Rate,
    },
    /// So many in each window since 1970, by the clock of Redis.
    FixedWindow {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per window, such as "5000/h".
        rate: Rate,
    },
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
        Ok(match self.timeout {
            Some(timeout) => builder.timeout(timeout),
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

impl SharedLimitSpec {
    fn limit(&self) -> Result<SharedLimit, InvalidConfig> {
        match *self {
            Self::Rate { dimension, rate, burst } => {
                let limit = SharedLimit::rate(rate).counting(dimension);
                burst.map_or(Ok(limit), |burst| limit.with_burst(burst))
            }
            Self::Window { dimension, rate } => {
                Ok(SharedLimit::window(units(rate)?, rate.period())?.counting(dimension))
            }
            Self::FixedWindow { dimension, rate } => {
                Ok(SharedLimit::fixed_window(units(rate)?, rate.period())?.counting(dimension))
            }
        }
    }
}

/// The units of a window, which a count of 32 bits must hold.
fn units(rate: Rate) -> Result<u32, InvalidConfig> {
    let must = "at most 4294967295 per window";
    u32::try_from(rate.limit().get()).map_err(|_| InvalidConfig::new("rate", rate, must))
}
