//! A name that is no preset's.

use std::error::Error;
use std::fmt;

use super::Preset;

/// No preset has this name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownPreset {
    name: String,
}

impl UnknownPreset {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned() }
    }
}

/// Such as `no preset is called 'gitlub', must be one of recommended, batch, openai ...`.
impl fmt::Display for UnknownPreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no preset is called '{}', must be one of ", self.name)?;
        let mut separator = "";
        for preset in Preset::all() {
            write!(f, "{separator}{}", preset.name())?;
            separator = ", ";
        }
        Ok(())
    }
}

impl Error for UnknownPreset {}
