//! The `[cost]` table: what a call takes from the server's quotas.

use forbear_core::{Cost, Dimension};
use serde::{Deserialize, Serialize};

use super::dist::{Dist, Sampler};

/// What one call costs.
///
/// A call to a language model is charged what it may use at most, since the
/// server cannot know better when it admits it, and has used less when it ends.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CostSpec {
    /// Tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input_tokens: Option<Dist<u32>>,
    /// Tokens of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output_tokens: Option<Dist<u32>>,
    /// The most that the caller lets the answer have; what it is charged first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    /// Points, as of a query's complexity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    points: Option<Dist<u32>>,
}

/// Draws the costs of calls.
#[derive(Clone, Debug)]
pub(crate) struct Price {
    input: Sampler,
    output: Sampler,
    max: u32,
    points: Sampler,
}

impl CostSpec {
    /// Whether each call is one request and nothing else.
    pub(crate) const fn is_plain(&self) -> bool {
        self.input_tokens.is_none()
            && self.output_tokens.is_none()
            && self.max_tokens.is_none()
            && self.points.is_none()
    }

    pub(crate) fn price(&self) -> Price {
        let sampler =
            |dist: &Option<Dist<u32>>| dist.as_ref().map_or(Sampler::constant(0), Dist::sampler);
        Price {
            input: sampler(&self.input_tokens),
            output: sampler(&self.output_tokens),
            max: self.max_tokens.unwrap_or(u32::MAX),
            points: sampler(&self.points),
        }
    }
}

impl Price {
    /// What a call is expected to cost and what it does cost, by three words.
    pub(crate) fn draw(&self, words: [u64; 3]) -> (Cost, Cost) {
        let units =
            |sampler: &Sampler, word| u32::try_from(sampler.sample(word)).unwrap_or(u32::MAX);
        let input = units(&self.input, words[0]);
        let output = units(&self.output, words[1]).min(self.max);
        let reserved = if self.max == u32::MAX { output } else { self.max };
        let base = Cost::REQUEST
            .with(Dimension::InputTokens, input)
            .with(Dimension::Points, units(&self.points, words[2]));
        let cost = |output| {
            base.with(Dimension::OutputTokens, output)
                .with(Dimension::Tokens, input.saturating_add(output))
        };
        (cost(reserved), cost(output))
    }
}
