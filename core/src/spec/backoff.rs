//! The `backoff` of a policy file.

use alloc::sync::Arc;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::InvalidConfig;
use crate::backoff::{BackoffStrategy, Constant, DecorrelatedJitter, Exponential, Factor};
use crate::text::{format_duration, serde_duration};

/// How long to wait before a retry.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum BackoffSpec {
    /// The same delay every time.
    Constant {
        /// The delay.
        #[serde(with = "serde_duration")]
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        delay: Duration,
        /// How it is spread.
        #[serde(default)]
        jitter: JitterSpec,
    },
    /// `base * factor^(n - 1)`, no longer than `max`.
    Exponential {
        /// The first delay.
        #[serde(with = "serde_duration")]
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        base: Duration,
        /// How much longer each delay is than the one before.
        #[serde(default = "doubling")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        factor: Factor,
        /// The longest delay.
        #[serde(default = "minute", with = "serde_duration")]
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        max: Duration,
        /// How it is spread.
        #[serde(default)]
        jitter: JitterSpec,
    },
    /// Uniform from `base` to three times the previous delay, no longer than `max`.
    Decorrelated {
        /// The shortest delay.
        #[serde(with = "serde_duration")]
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        base: Duration,
        /// The longest delay.
        #[serde(default = "minute", with = "serde_duration")]
        #[cfg_attr(feature = "schema", schemars(with = "alloc::string::String"))]
        max: Duration,
    },
}

/// How delays are spread, so that callers refused together do not return together.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JitterSpec {
    /// Not at all.
    #[default]
    None,
    /// Uniform from 0 to the delay.
    Full,
    /// Uniform from half the delay to the delay.
    Equal,
}

impl BackoffSpec {
    /// The strategy that this describes.
    ///
    /// # Errors
    ///
    /// If a number is out of range, or `base` is above `max`.
    pub fn build(&self) -> Result<Arc<dyn BackoffStrategy>, InvalidConfig> {
        Ok(match *self {
            Self::Constant { delay, jitter } => jitter.applied_to(Constant::new(delay)),
            Self::Exponential { base, factor, max, jitter } => {
                if base > max {
                    let must = "no longer than max";
                    return Err(InvalidConfig::new("base", format_duration(base), must));
                }
                jitter.applied_to(Exponential::new(base).by(factor).capped_at(max))
            }
            Self::Decorrelated { base, max } => Arc::new(DecorrelatedJitter::new(base, max)?),
        })
    }
}

impl JitterSpec {
    fn applied_to(self, backoff: impl BackoffStrategy + 'static) -> Arc<dyn BackoffStrategy> {
        match self {
            Self::None => Arc::new(backoff),
            Self::Full => Arc::new(backoff.full_jitter()),
            Self::Equal => Arc::new(backoff.equal_jitter()),
        }
    }
}

const fn doubling() -> Factor {
    Factor::TWO
}

const fn minute() -> Duration {
    Duration::from_secs(60)
}
