//! What is wrong with a line of the input.

use std::fmt;

/// A line of the input that is no job: it is left out, and the rest goes on.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Complaint {
    /// Its number, from 1.
    pub line: u64,
    /// The column, from 1 in octets, where that is known.
    pub column: Option<u64>,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl Complaint {
    pub(crate) fn new(line: u64, message: impl Into<String>) -> Self {
        Self { line, column: None, message: message.into() }
    }

    /// What serde says, with the place apart.
    pub(crate) fn json(line: u64, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // Serde counts lines of its own text, which is one line of the input.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = text.strip_suffix(&place).unwrap_or(&text).to_owned();
        let column = (error.column() > 0).then_some(error.column() as u64);
        Self { line, column, message }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "line {}, column {column}: {}", self.line, self.message),
            None => write!(f, "line {}: {}", self.line, self.message),
        }
    }
}
