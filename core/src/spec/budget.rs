//! The `budget` of a policy file.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor, value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::DurationText;
use crate::budget::{RetryBudget, RetryQuota, RetryThrottle, WindowedBudget};
use crate::{InvalidConfig, PolicyBuilder};

/// The share of the traffic that may be retries.
///
/// Without a `kind` it is a share: `{ ratio = 0.1, reserve = 10 }`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(remote = "Self", tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum BudgetSpec {
    /// Retries for each first send, without a clock.
    Share {
        /// Retries for each first send, 0 to 1000.
        ratio: f64,
        /// Retries that are free at the start.
        #[serde(default)]
        reserve: u32,
    },
    /// Retries for each first send of the last seconds, and some a second for free.
    Windowed {
        /// Retries for each first send, 0 to 1000.
        ratio: f64,
        /// Retries a second whatever the traffic.
        #[serde(default = "ten")]
        min_per_second: u32,
        /// How long a send counts, from 1 s to 60 s.
        #[serde(default = "ten_seconds")]
        window: DurationText,
    },
    /// Failures against successes, as in gRPC.
    Throttle {
        /// Failures that use it up, 1 to 1000.
        max_tokens: u32,
        /// What a success gives back of one, above 0.
        ratio: f64,
    },
    /// A price for each retry, as in the AWS SDKs.
    Quota {
        /// Tokens at the start, and at most.
        #[serde(default = "five_hundred")]
        capacity: u32,
        /// The price of a retry after a failure.
        #[serde(default = "fourteen")]
        transient: u32,
        /// The price of a retry after a refusal for load.
        #[serde(default = "five")]
        throttled: u32,
        /// What a first send earns that succeeds.
        #[serde(default = "one")]
        reward: f64,
    },
}

impl BudgetSpec {
    pub(super) fn apply(&self, builder: PolicyBuilder) -> Result<PolicyBuilder, InvalidConfig> {
        Ok(match *self {
            Self::Share { ratio, reserve } => builder.budget(RetryBudget::new(ratio, reserve)?),
            Self::Windowed { ratio, min_per_second, window } => {
                builder.budget(WindowedBudget::new(ratio, min_per_second, window.0)?)
            }
            Self::Throttle { max_tokens, ratio } => {
                builder.budget(RetryThrottle::new(max_tokens, ratio)?)
            }
            Self::Quota { capacity, transient, throttled, reward } => {
                let quota = RetryQuota::new(capacity).with_prices(transient, throttled);
                builder.budget(quota.with_reward(reward)?)
            }
        })
    }
}

impl Serialize for BudgetSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

// By hand, since a tag of serde has no default.
impl<'de> Deserialize<'de> for BudgetSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;

        impl<'de> Visitor<'de> for Table {
            type Value = BudgetSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table, such as { ratio = 0.1, reserve = 10 }")
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<BudgetSpec, A::Error> {
                let table = Kinded { table, has_kind: false, is_added: false };
                // The derived one.
                BudgetSpec::deserialize(value::MapAccessDeserializer::new(table))
            }
        }

        deserializer.deserialize_map(Table)
    }
}

/// A table, with `kind = "share"` at its end if it has no kind.
struct Kinded<A> {
    table: A,
    has_kind: bool,
    is_added: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Kinded<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let mut key = self.table.next_key::<String>()?;
        if key.is_none() && !self.has_kind {
            self.is_added = true;
            key = Some("kind".into());
        }
        let Some(key) = key else { return Ok(None) };
        self.has_kind |= key == "kind";
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        if self.is_added {
            return seed.deserialize("share".into_deserializer());
        }
        self.table.next_value_seed(seed)
    }
}

/// Finagle's, as is the window.
const fn ten() -> u32 {
    10
}

const fn ten_seconds() -> DurationText {
    DurationText(Duration::from_secs(10))
}

// The numbers of `RetryQuota::new`.
const fn five_hundred() -> u32 {
    500
}

const fn fourteen() -> u32 {
    14
}

const fn five() -> u32 {
    5
}

const fn one() -> f64 {
    1.0
}
