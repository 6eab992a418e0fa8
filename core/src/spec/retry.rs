//! The `[retry]` table.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use serde::de::{self, IntoDeserializer, MapAccess, Visitor, value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{BackoffSpec, BudgetSpec};
use crate::text::serde_duration;
use crate::{Beyond, HintRule, InvalidConfig, PolicyBuilder};

/// When and how often a failed request is tried again.
///
/// What is left out is as in [`Policy::recommended`](crate::Policy::recommended).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RetrySpec {
    /// Sends in all, the first included; at least 1, or "none" for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::attempts"))]
    pub max_attempts: Option<Bound<u32>>,
    /// Time for the whole call, such as "120s", or "none".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::duration_or_none"))]
    pub deadline: Option<Bound<DurationText>>,
    /// Time for each attempt, such as "30s", or "none"; one that has no answer by then is cut
    /// off where it can be, and counts as a transient failure.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "per_try_timeout",
        alias = "operation_attempt_timeout"
    )]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::duration_or_none"))]
    pub attempt_timeout: Option<Bound<DurationText>>,
    /// Time after which no retry is scheduled, though the last one may come later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed: Option<DurationText>,
    /// The most that the waits of a call add up to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_wait: Option<DurationText>,
    /// How long to wait before a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<BackoffSpec>,
    /// The share of the traffic that may be retries, or "none" for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::budget"))]
    pub budget: Option<Bound<BudgetSpec>>,
    /// What to make of the server's waits; "none" ignores them, as naive clients do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::hint"))]
    pub hint: Option<Bound<HintSpec>>,
}

impl RetrySpec {
    pub(super) fn apply(&self, mut builder: PolicyBuilder) -> Result<PolicyBuilder, InvalidConfig> {
        builder = match &self.max_attempts {
            None => builder,
            Some(Bound::None) => builder.unlimited_attempts(),
            Some(Bound::At(max)) => builder.max_attempts(*max),
        };
        builder = match &self.deadline {
            None => builder,
            Some(Bound::None) => builder.no_deadline(),
            Some(Bound::At(deadline)) => builder.deadline(deadline.0),
        };
        builder = match &self.attempt_timeout {
            None => builder,
            Some(Bound::None) => builder.no_attempt_timeout(),
            Some(Bound::At(timeout)) => builder.attempt_timeout(timeout.0),
        };
        if let Some(elapsed) = self.elapsed {
            builder = builder.elapsed(elapsed.0);
        }
        if let Some(total_wait) = self.total_wait {
            builder = builder.total_wait(total_wait.0);
        }
        if let Some(backoff) = &self.backoff {
            builder = builder.backoff(backoff.build()?);
        }
        builder = match &self.budget {
            None => builder,
            Some(Bound::None) => builder.no_budget(),
            Some(Bound::At(budget)) => budget.apply(builder)?,
        };
        Ok(match &self.hint {
            None => builder,
            Some(Bound::None) => builder.hint(HintRule::IGNORED),
            Some(Bound::At(hint)) => builder.hint(hint.build()?),
        })
    }
}

/// A value, or the word "none".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a bound is there or not")]
pub enum Bound<T> {
    /// No bound.
    None,
    /// This one.
    At(T),
}

impl<T: Serialize> Serialize for Bound<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str("none"),
            Self::At(value) => value.serialize(serializer),
        }
    }
}

// By hand and not `untagged`, which would lose both the place and the reason of
// an error inside the value.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Bound<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NoneOr<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for NoneOr<T> {
            type Value = Bound<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or \"none\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bound<T>, E> {
                if text == "none" {
                    return Ok(Bound::None);
                }
                T::deserialize(text.into_deserializer()).map(Bound::At)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Bound<T>, E> {
                T::deserialize(number.into_deserializer()).map(Bound::At)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Bound<T>, E> {
                T::deserialize(number.into_deserializer()).map(Bound::At)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Bound<T>, A::Error> {
                T::deserialize(value::MapAccessDeserializer::new(map)).map(Bound::At)
            }
        }

        deserializer.deserialize_any(NoneOr(PhantomData))
    }
}

/// A duration that is written as text.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct DurationText(
    /// The duration.
    #[serde(with = "serde_duration")]
    #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
    pub Duration,
);

/// What to make of the server's waits.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HintSpec {
    /// The longest wait that is accepted without question.
    #[serde(default = "default_cap", with = "serde_duration")]
    #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
    pub cap: Duration,
    /// What happens when the server asks for more.
    #[serde(default)]
    pub beyond: Beyond,
    /// Whether one caller's wait holds back all.
    #[serde(default = "yes")]
    pub shared: bool,
}

impl HintSpec {
    fn build(&self) -> Result<HintRule, InvalidConfig> {
        let rule = HintRule::new(self.cap, self.beyond)?;
        Ok(if self.shared { rule } else { rule.unshared() })
    }
}

const fn default_cap() -> Duration {
    HintRule::DEFAULT_CAP
}

const fn yes() -> bool {
    true
}
