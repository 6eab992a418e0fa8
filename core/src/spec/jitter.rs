//! The `jitter` of a policy file.

use alloc::format;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use serde::de::{self, MapAccess, Visitor, value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::DurationText;
use super::backoff::Clamp;
use crate::InvalidConfig;
use crate::backoff::{BackoffStrategy, Ratio};
use crate::text::parse_duration;

/// How delays are spread, so that callers refused together do not return together.
///
/// A word (`"full"`), a share of the delay (`0.25`), a time that is added at most
/// (`"500ms"`), or a table (`{ kind = "proportional", ratio = 0.25, sides = "up" }`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum JitterSpec {
    /// Not at all.
    #[default]
    None,
    /// Uniform from 0, or the shortest delay, to the delay.
    Full,
    /// Uniform from half the delay to the delay.
    Equal,
    /// Uniform from the base to three times the previous delay. It goes with an
    /// exponential only, whose factor it replaces.
    Decorrelated,
    /// Uniform over the delay and a share of it.
    Proportional {
        /// The share, from 0 to 1.
        ratio: Ratio,
        /// Where it goes.
        sides: Sides,
    },
    /// Uniform over the delay and a time below and above.
    Absolute {
        /// The time on either side.
        spread: Duration,
    },
    /// Uniform from the delay to a time above it.
    Additive {
        /// The most that is added.
        max: Duration,
    },
    /// Uniform from a shortest delay to the delay.
    Bounded {
        /// The shortest delay.
        min: Duration,
    },
}

/// The sides of a delay to which a jitter goes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "below the delay only is full or equal jitter")]
pub enum Sides {
    /// Below and above.
    #[default]
    Both,
    /// Above only.
    Up,
}

impl JitterSpec {
    /// `schedule` within `clamp`, spread.
    pub(super) fn around(
        self,
        schedule: Arc<dyn BackoffStrategy>,
        clamp: Clamp,
    ) -> Result<Arc<dyn BackoffStrategy>, InvalidConfig> {
        let mut inner = schedule;
        if clamp.max < Duration::MAX {
            inner = Arc::new(inner.capped_at(clamp.max));
        }
        // What is added to a delay is added before the minimum is looked at, as
        // tenacity has it; other jitters draw from the minimum upwards.
        let floor_last = matches!(self, Self::Additive { .. } | Self::Absolute { .. });
        if !clamp.min.is_zero() && !floor_last {
            inner = Arc::new(inner.at_least(clamp.min));
        }
        inner = match self {
            Self::None => inner,
            Self::Full => Arc::new(inner.full_jitter()),
            Self::Equal => Arc::new(inner.equal_jitter()),
            Self::Decorrelated => {
                let must = "another kind, since decorrelated goes with exponential only";
                return Err(InvalidConfig::new("jitter", "decorrelated", must));
            }
            Self::Proportional { ratio, sides: Sides::Both } => {
                Arc::new(inner.proportional_jitter(ratio))
            }
            Self::Proportional { ratio, sides: Sides::Up } => Arc::new(inner.upward_jitter(ratio)),
            Self::Absolute { spread } => Arc::new(inner.absolute_jitter(spread)),
            Self::Additive { max } => Arc::new(inner.additive_jitter(max)),
            Self::Bounded { min } => {
                if min > clamp.max {
                    let min = crate::text::format_duration(min);
                    return Err(InvalidConfig::new("jitter.min", min, "no longer than max"));
                }
                Arc::new(inner.bounded_jitter(min))
            }
        };
        if !clamp.min.is_zero() && floor_last {
            inner = Arc::new(inner.at_least(clamp.min));
        }
        Ok(inner)
    }
}

/// A jitter as a table.
#[derive(Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Table {
    None {},
    Full {},
    Equal {},
    Decorrelated {},
    Proportional {
        #[serde(default = "half", alias = "factor")]
        #[cfg_attr(feature = "schema", schemars(with = "f64", range(min = 0.0, max = 1.0)))]
        ratio: Ratio,
        #[serde(default)]
        sides: Sides,
    },
    Absolute {
        #[serde(alias = "max")]
        spread: DurationText,
    },
    Additive {
        max: DurationText,
    },
    Bounded {
        min: DurationText,
    },
}

impl From<Table> for JitterSpec {
    fn from(table: Table) -> Self {
        match table {
            Table::None {} => Self::None,
            Table::Full {} => Self::Full,
            Table::Equal {} => Self::Equal,
            Table::Decorrelated {} => Self::Decorrelated,
            Table::Proportional { ratio, sides } => Self::Proportional { ratio, sides },
            Table::Absolute { spread } => Self::Absolute { spread: spread.0 },
            Table::Additive { max } => Self::Additive { max: max.0 },
            Table::Bounded { min } => Self::Bounded { min: min.0 },
        }
    }
}

impl Serialize for JitterSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let table = match *self {
            Self::None => return serializer.serialize_str("none"),
            Self::Full => return serializer.serialize_str("full"),
            Self::Equal => return serializer.serialize_str("equal"),
            Self::Decorrelated => return serializer.serialize_str("decorrelated"),
            Self::Proportional { ratio, sides } => Table::Proportional { ratio, sides },
            Self::Absolute { spread } => Table::Absolute { spread: DurationText(spread) },
            Self::Additive { max } => Table::Additive { max: DurationText(max) },
            Self::Bounded { min } => Table::Bounded { min: DurationText(min) },
        };
        table.serialize(serializer)
    }
}

/// The jitters that a word is enough for.
const WORDS: [&str; 5] = ["none", "full", "equal", "decorrelated", "proportional"];

// By hand and not `untagged`, which would lose the reason of an error.
impl<'de> Deserialize<'de> for JitterSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyForm;

        impl<'de> Visitor<'de> for AnyForm {
            type Value = JitterSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a word such as \"full\", a ratio from 0 to 1, a duration to add, \
                     or a table with a kind",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<JitterSpec, E> {
                Ok(match text {
                    "none" => JitterSpec::None,
                    "full" => JitterSpec::Full,
                    "equal" => JitterSpec::Equal,
                    "decorrelated" => JitterSpec::Decorrelated,
                    "proportional" => {
                        JitterSpec::Proportional { ratio: Ratio::HALF, sides: Sides::Both }
                    }
                    time if time.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                        JitterSpec::Additive { max: parse_duration(time).map_err(E::custom)? }
                    }
                    word => return Err(E::unknown_variant(word, &WORDS)),
                })
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<JitterSpec, E> {
                let ratio = Ratio::new(number).map_err(|error| {
                    E::custom(format!("jitter: {error}, or a word such as \"full\""))
                })?;
                Ok(JitterSpec::Proportional { ratio, sides: Sides::Both })
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<JitterSpec, E> {
                // 0 and 1 are the whole numbers that are shares.
                self.visit_f64(i32::try_from(number).map_or(f64::NAN, f64::from))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<JitterSpec, E> {
                self.visit_f64(u32::try_from(number).map_or(f64::NAN, f64::from))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<JitterSpec, A::Error> {
                Table::deserialize(value::MapAccessDeserializer::new(map)).map(JitterSpec::from)
            }
        }

        deserializer.deserialize_any(AnyForm)
    }
}

const fn half() -> Ratio {
    Ratio::HALF
}
