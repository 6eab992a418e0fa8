//! The `backoff` of a policy file.

mod build;

use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) use self::build::Clamp;
use super::synonyms::Renamed;
use super::{DurationText, JitterSpec};
use crate::backoff::Factor;

/// How long to wait before a retry; `n` is 1 for the first.
///
/// Where there are `min` and `max`, the jitter keeps to them too. Keys may have the names
/// of other libraries: `initial_interval` for `base`, `multiplier` for `factor`, `cap` for
/// `max` and so on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
// `Self`, so that what is derived is called by what is below, which renames keys.
#[serde(remote = "Self", tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum BackoffSpec {
    /// The same delay every time.
    Constant {
        /// The delay.
        #[serde(alias = "base")]
        delay: DurationText,
        /// How it is spread.
        #[serde(default)]
        jitter: JitterSpec,
    },
    /// `base + step * (n - 1)`.
    Linear {
        /// The first delay.
        base: DurationText,
        /// How much longer each delay is than the one before; `base` unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<DurationText>,
        /// The shortest delay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<DurationText>,
        /// The longest delay; none unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<DurationText>,
        /// How it is spread.
        #[serde(default)]
        jitter: JitterSpec,
    },
    /// `base * factor^(n - 1)`.
    Exponential {
        /// The first delay.
        base: DurationText,
        /// How much longer each delay is than the one before.
        #[serde(default = "doubling")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        factor: Factor,
        /// The shortest delay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<DurationText>,
        /// The longest delay; none unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<DurationText>,
        /// How it is spread.
        #[serde(default)]
        jitter: JitterSpec,
    },
    /// `base` times 1, 1, 2, 3, 5, 8.
    Fibonacci {
        /// The first delay.
        base: DurationText,
        /// Leaves out the second 1: 1, 2, 3, 5, 8.
        #[serde(default)]
        distinct: bool,
        /// The shortest delay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<DurationText>,
        /// The longest delay; none unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<DurationText>,
        /// How it is spread.
        #[serde(default)]
        jitter: JitterSpec,
    },
    /// `base * n^exponent`.
    Polynomial {
        /// The first delay.
        base: DurationText,
        /// The power; 2 unless set.
        #[serde(default = "two")]
        exponent: u32,
        /// The shortest delay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<DurationText>,
        /// The longest delay; none unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<DurationText>,
        /// How it is spread.
        #[serde(default)]
        jitter: JitterSpec,
    },
    /// `base * e^(-rate * (n - 1))`: ever shorter.
    ExponentialDecay {
        /// The first delay.
        base: DurationText,
        /// How fast; 1 unless set.
        #[serde(default = "one")]
        rate: f64,
        /// The shortest delay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<DurationText>,
        /// The longest delay; none unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<DurationText>,
        /// How it is spread.
        #[serde(default)]
        jitter: JitterSpec,
    },
    /// Uniform from `min` to `max`, whatever the retry.
    Uniform {
        /// The shortest delay; 0 unless set.
        #[serde(default = "zero")]
        min: DurationText,
        /// The longest delay.
        max: DurationText,
    },
    /// Uniform from `base` to three times the previous delay.
    Decorrelated {
        /// The shortest delay.
        #[serde(alias = "min")]
        base: DurationText,
        /// The longest delay; none unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<DurationText>,
        /// What `max` cuts: the range that is drawn from, or what was drawn.
        #[serde(default, skip_serializing_if = "Cut::is_range")]
        cut: Cut,
    },
    /// The steps of a smooth curve at random points, as in Polly; around `base` at first.
    DecorrelatedV2 {
        /// The median of the first delay, near enough.
        base: DurationText,
        /// The longest delay; none unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<DurationText>,
    },
    /// These delays, one after the other; the last repeats.
    List {
        /// The delays; at least one.
        #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
        delays: Vec<DurationText>,
        /// How it is spread.
        #[serde(default)]
        jitter: JitterSpec,
    },
    /// One strategy after the other, each counting its own retries; the last goes on.
    Chain {
        /// The steps; at least one.
        #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
        steps: Vec<StepSpec>,
    },
    /// The delays of several strategies, added up.
    Sum {
        /// The parts; at least one.
        #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
        parts: Vec<Self>,
    },
}

/// What other libraries call the keys.
const NAMES: &[(&str, &[&str])] = &[
    ("base", &["initial", "initial_delay", "initial_interval", "start", "unit"]),
    ("delay", &["wait", "interval"]),
    ("delays", &["values"]),
    ("exponent", &["degree", "power"]),
    ("factor", &["multiplier", "exp_base"]),
    ("max", &["max_delay", "max_interval", "cap", "high"]),
    ("min", &["min_delay", "floor", "low"]),
    ("rate", &["decay"]),
    ("step", &["increment", "offset"]),
];

impl<'de> Deserialize<'de> for BackoffSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(Renamed { inner: deserializer, names: NAMES })
    }
}

impl Serialize for BackoffSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// What the longest delay of a decorrelated jitter cuts.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a cut is before the draw or after it")]
pub enum Cut {
    /// The range, so that callers stay spread out at the longest delay.
    #[default]
    Range,
    /// The delay that was drawn, as the form that AWS published: up to two thirds of
    /// the callers meet at the longest delay.
    Draw,
}

impl Cut {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    const fn is_range(&self) -> bool {
        matches!(self, Self::Range)
    }
}

/// One strategy of a chain.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepSpec {
    /// For how many retries, unless it is the last; 1 unless set.
    #[serde(default = "once")]
    pub retries: u32,
    /// The strategy.
    #[serde(flatten)]
    pub backoff: BackoffSpec,
}

const fn doubling() -> Factor {
    Factor::TWO
}

const fn once() -> u32 {
    1
}

const fn two() -> u32 {
    2
}

const fn one() -> f64 {
    1.0
}

const fn zero() -> DurationText {
    DurationText(Duration::ZERO)
}
