//! The `[[limit]]` tables.

use serde::{Deserialize, Serialize};

use crate::limiter::{Concurrency, Gcra, TokenBucket};
use crate::{Dimension, InvalidConfig, PolicyBuilder, Rate};

/// What holds requests back.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum LimitSpec {
    /// A rate, evenly spaced but for a burst.
    Gcra {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per time, such as "500/min".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
        /// Units at once after a pause; at least 1.
        #[serde(default = "one")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        burst: u32,
    },
    /// A bucket that refills at a rate.
    TokenBucket {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per time, such as "200000/min".
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        rate: Rate,
        /// What the bucket holds; at least 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        burst: u32,
        /// What it holds at the start; full unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        initial: Option<u32>,
    },
    /// A number of requests in flight.
    Concurrency {
        /// Requests in flight at once; at least 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        max: u32,
    },
}

impl LimitSpec {
    pub(super) fn apply(&self, builder: PolicyBuilder) -> Result<PolicyBuilder, InvalidConfig> {
        Ok(match *self {
            Self::Gcra { dimension, rate, burst } => {
                builder.limit(Gcra::per(rate).with_burst(burst)?.counting(dimension))
            }
            Self::TokenBucket { dimension, rate, burst, initial } => {
                let bucket = TokenBucket::new(rate, burst)?.counting(dimension);
                builder.limit(bucket.starting_at(initial.unwrap_or(burst)))
            }
            Self::Concurrency { max } => builder.limit(Concurrency::new(max)?),
        })
    }
}

const fn one() -> u32 {
    1
}
