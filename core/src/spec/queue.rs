//! The `[queue]` table.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::DurationText;
use crate::queue::{Order, Overflow, QueueConfig};
use crate::text::format_duration;
use crate::{Dimension, InvalidConfig};

/// How jobs are ordered that wait in a queue, as those of a batch and of the simulator's
/// clients do.
///
/// Calls that are made without a queue stand in line in the order in which they come,
/// whatever is said here.
///
/// # Examples
///
/// ```
/// use forbear_core::spec::PolicySpec;
///
/// let spec: PolicySpec = toml::from_str(r#"
///     [queue]
///     capacity = 10000
///     overflow = "block"
///     lanes    = 3
///     ageing   = "10s"
///     count    = "tokens"
///     weights  = { research = 1, product = 4 }
/// "#)?;
/// let queue = spec.queue.unwrap();
/// assert_eq!((queue.weight_of("product"), queue.weight_of("other")), (4, 1));
/// let config = queue.build().unwrap();
/// # let _ = config;
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QueueSpec {
    /// Jobs that are queued at most; 100,000 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub capacity: Option<u32>,
    /// What happens to a job that comes to a full queue.
    #[serde(default)]
    pub overflow: Overflow,
    /// Who has an equal right to the next turn, or one by weight.
    #[serde(default)]
    pub fairness: Fairness,
    /// What the shares of tenants count.
    #[serde(default)]
    pub count: Dimension,
    /// Weights of tenants by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, u32>,
    /// Which job of a tenant goes first.
    #[serde(default)]
    pub order: Order,
    /// Priorities: a number of lanes, of which the first that has a job goes first; or a
    /// list of weights, by which lanes take turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::lanes"))]
    pub lanes: Option<LanesSpec>,
    /// A lane that waited for this long goes first, once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ageing: Option<DurationText>,
}

/// Who has an equal right to the next turn.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fairness {
    /// Each tenant, in proportion to its weight.
    #[default]
    Tenant,
    /// Each job: whoever comes first goes first, however many others has its tenant.
    None,
}

/// How many lanes there are, or what they weigh.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "lanes are strict or weighted")]
pub enum LanesSpec {
    /// This many, of which the first that has a job goes first.
    Strict(u8),
    /// One a weight.
    Weighted(Vec<u32>),
}

impl QueueSpec {
    /// The settings that this describes.
    ///
    /// # Errors
    ///
    /// If a number is out of range, or two contradict each other.
    pub fn build(&self) -> Result<QueueConfig, InvalidConfig> {
        let mut config = QueueConfig::new().overflow(self.overflow).order(self.order);
        config = config.counting(self.count);
        if self.fairness == Fairness::None {
            config = config.regardless_of_tenants();
        }
        if let Some(capacity) = self.capacity {
            config = config.capacity(capacity)?;
        }
        config = match &self.lanes {
            None => config,
            Some(LanesSpec::Strict(lanes)) => config.strict_lanes(*lanes)?,
            Some(LanesSpec::Weighted(weights)) => config.weighted_lanes(weights)?,
        };
        if let Some(ageing) = self.ageing {
            InvalidConfig::refuse_no_time("ageing", ageing.0)?;
            if self.lanes() < 2 {
                let must = "left out where there is one lane";
                return Err(InvalidConfig::new("ageing", format_duration(ageing.0), must));
            }
            config = config.ageing(ageing.0);
        }
        if let Some((name, weight)) = self.weights.iter().find(|&(_, &weight)| weight == 0) {
            let must = "at least 1 for each tenant";
            return Err(InvalidConfig::new("weights", format!("{name} = {weight}"), must));
        }
        if self.fairness == Fairness::None
            && let Some((name, weight)) = self.weights.first_key_value()
        {
            let must = "left out where fairness is none";
            return Err(InvalidConfig::new("weights", format!("{name} = {weight}"), must));
        }
        Ok(config)
    }

    /// The weight of the tenant of this name: 1 unless it is set.
    #[must_use]
    pub fn weight_of(&self, tenant: &str) -> u32 {
        self.weights.get(tenant).copied().unwrap_or(1)
    }

    /// How many lanes there are.
    #[must_use]
    pub fn lanes(&self) -> usize {
        match &self.lanes {
            None => 1,
            Some(LanesSpec::Strict(lanes)) => usize::from(*lanes),
            Some(LanesSpec::Weighted(weights)) => weights.len(),
        }
    }
}

impl Serialize for LanesSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Strict(lanes) => lanes.serialize(serializer),
            Self::Weighted(weights) => weights.serialize(serializer),
        }
    }
}

// By hand and not `untagged`, which would lose the reason of an error inside.
impl<'de> Deserialize<'de> for LanesSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrWeights;

        impl<'de> Visitor<'de> for NumberOrWeights {
            type Value = LanesSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of lanes from 1 to 255, or a list of weights such as [4, 1]")
            }

            fn visit_u64<E: de::Error>(self, lanes: u64) -> Result<LanesSpec, E> {
                let wrong = || E::invalid_value(de::Unexpected::Unsigned(lanes), &self);
                u8::try_from(lanes).map(LanesSpec::Strict).map_err(|_| wrong())
            }

            fn visit_i64<E: de::Error>(self, lanes: i64) -> Result<LanesSpec, E> {
                let wrong = || E::invalid_value(de::Unexpected::Signed(lanes), &self);
                u8::try_from(lanes).map(LanesSpec::Strict).map_err(|_| wrong())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<LanesSpec, A::Error> {
                let mut weights = Vec::new();
                while let Some(weight) = list.next_element()? {
                    weights.push(weight);
                }
                Ok(LanesSpec::Weighted(weights))
            }
        }

        deserializer.deserialize_any(NumberOrWeights)
    }
}
