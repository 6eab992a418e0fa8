//! What a replay takes for granted.

use std::fmt;

/// One thing that a replay takes for granted, in a sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assumption(String);

impl Assumption {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The sentence, without a full stop.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
