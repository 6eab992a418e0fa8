//! What one request takes from each quota.

use core::fmt;

/// What a quota counts.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "each is a slot of `Cost`, whose size is fixed")]
#[repr(u8)]
pub enum Dimension {
    /// Requests.
    #[default]
    Requests,
    /// Tokens of a language model, in and out.
    Tokens,
    /// Tokens of the prompt.
    InputTokens,
    /// Tokens of the answer.
    OutputTokens,
    /// Points, as of a query's complexity.
    Points,
    /// A quota of the user's own.
    Custom1,
    /// Another of the user's own.
    Custom2,
    /// A third of the user's own.
    Custom3,
}

impl Dimension {
    /// Every dimension, in the order of [`Cost`].
    pub const ALL: [Self; 8] = [
        Self::Requests,
        Self::Tokens,
        Self::InputTokens,
        Self::OutputTokens,
        Self::Points,
        Self::Custom1,
        Self::Custom2,
        Self::Custom3,
    ];

    /// Its name in a policy file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
            Self::Points => "points",
            Self::Custom1 => "custom_1",
            Self::Custom2 => "custom_2",
            Self::Custom3 => "custom_3",
        }
    }

    /// The dimension of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == name)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many units one request takes, in each [`Dimension`].
///
/// A limiter looks at its own dimension alone. A cost of zero there is admitted
/// without waiting, as for a conditional request that the server does not count.
///
/// ```
/// use forbear_core::{Cost, Dimension};
///
/// let cost = Cost::REQUEST.with(Dimension::Tokens, 1200);
/// assert_eq!(cost.get(Dimension::Requests), 1);
/// assert_eq!(cost.get(Dimension::Tokens), 1200);
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Cost([u32; Dimension::ALL.len()]);

impl Cost {
    /// One request, and nothing else.
    pub const REQUEST: Self = Self([1, 0, 0, 0, 0, 0, 0, 0]);

    /// Nothing at all.
    pub const ZERO: Self = Self([0; Dimension::ALL.len()]);

    /// The units in `dimension`.
    #[must_use]
    pub const fn get(&self, dimension: Dimension) -> u32 {
        self.0[dimension as usize]
    }

    /// The same cost with `units` in `dimension`.
    #[must_use]
    pub const fn with(mut self, dimension: Dimension, units: u32) -> Self {
        self.0[dimension as usize] = units;
        self
    }
}

/// One request.
impl Default for Cost {
    fn default() -> Self {
        Self::REQUEST
    }
}

impl fmt::Debug for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = Dimension::ALL.into_iter().filter(|&dimension| self.get(dimension) > 0);
        f.debug_map()
            .entries(used.map(|dimension| (dimension.name(), self.get(dimension))))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_has_a_slot_and_a_name() {
        for (slot, dimension) in Dimension::ALL.into_iter().enumerate() {
            assert_eq!(dimension as usize, slot);
            assert_eq!(Dimension::from_name(dimension.name()), Some(dimension));
        }
        assert_eq!(Dimension::from_name("request"), None);
    }
}
