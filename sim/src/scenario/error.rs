//! Why a scenario cannot be used.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use super::Shipped;

/// A scenario that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ScenarioError(Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{error}")]
    Syntax { text: String, error: Box<toml::de::Error> },
    #[error("{key}={value}: {}", error.message())]
    Override { key: String, value: String, error: Box<toml::de::Error> },
    #[error("{key}: {reason}")]
    Key { key: String, reason: String },
    #[error("{key} is {value}, must be {must}")]
    Invalid { key: &'static str, value: String, must: &'static str },
    #[error("no scenario is called '{name}'; there are {known}")]
    Unknown { name: String, known: String },
}

impl ScenarioError {
    /// What the TOML reader said, with the place in [`text`](Self::text).
    #[must_use]
    pub fn toml(&self) -> Option<&toml::de::Error> {
        match &self.0 {
            Kind::Syntax { error, .. } => Some(error),
            _ => None,
        }
    }

    /// The text that the places of [`toml`](Self::toml) count in.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.0 {
            Kind::Syntax { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether there is no scenario of that name.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self.0, Kind::Unknown { .. })
    }

    pub(super) fn unreadable(path: &Path, error: io::Error) -> Self {
        Self(Kind::Unreadable { path: path.to_owned(), error })
    }

    pub(crate) fn syntax(text: &str, error: toml::de::Error) -> Self {
        Self(Kind::Syntax { text: text.to_owned(), error: Box::new(error) })
    }

    pub(super) fn replacing(key: &str, value: &str, error: toml::de::Error) -> Self {
        let (key, value) = (key.to_owned(), value.to_owned());
        Self(Kind::Override { key, value, error: Box::new(error) })
    }

    pub(crate) fn key(key: &str, reason: impl Display) -> Self {
        Self(Kind::Key { key: key.to_owned(), reason: reason.to_string() })
    }

    pub(super) fn invalid(key: &'static str, value: impl Display, must: &'static str) -> Self {
        Self(Kind::Invalid { key, value: value.to_string(), must })
    }

    pub(super) fn unknown(name: &str) -> Self {
        let known = Shipped::ALL.iter().map(|shipped| shipped.name).collect::<Vec<_>>().join(", ");
        Self(Kind::Unknown { name: name.to_owned(), known })
    }
}
