//! The whole policy file.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{HedgeSpec, LimitSpec, QueueSpec, RetrySpec};
use crate::{InvalidConfig, Policy, PolicyBuilder};

/// A policy file: what [`Policy`] is built from.
///
/// Everything may be left out; an empty file is [`Policy::recommended`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PolicySpec {
    /// What it is called in a comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When and how often a failed request is tried again.
    #[serde(default)]
    pub retry: RetrySpec,
    /// What holds requests back; every limit must admit a request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limit: Vec<LimitSpec>,
    /// How jobs that wait in a queue are ordered, in a batch and in the simulator; calls
    /// without a queue stand in line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueSpec>,
    /// When a read is sent a second time because its answer is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<HedgeSpec>,
}

impl PolicySpec {
    /// The policy that this file describes; [`queue`](Self::queue) is for drivers that
    /// have one.
    ///
    /// # Errors
    ///
    /// If a number is out of range, or two contradict each other.
    pub fn build(&self) -> Result<Policy, InvalidConfig> {
        self.builder()?.build()
    }

    /// The same as a builder, to add what no file can name: a limiter that needs a
    /// connection, an observer.
    ///
    /// # Errors
    ///
    /// If a number is out of range, or two contradict each other.
    ///
    /// ```
    /// use forbear_core::limiter::Concurrency;
    /// use forbear_core::spec::PolicySpec;
    ///
    /// let policy = PolicySpec::default().builder()?.limit(Concurrency::new(8)?).build()?;
    /// # let _ = policy;
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    pub fn builder(&self) -> Result<PolicyBuilder, InvalidConfig> {
        let mut builder = self.retry.apply(Policy::builder())?;
        for limit in &self.limit {
            builder = limit.apply(builder)?;
        }
        if let Some(hedge) = &self.hedge {
            builder = builder.hedging(hedge.build()?);
        }
        if let Some(queue) = &self.queue {
            builder = builder.queue(queue.build()?);
        }
        Ok(builder)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PolicySpec::deserialize(deserializer)?.build().map_err(serde::de::Error::custom)
    }
}
