//! Why a record cannot be read.

use std::fmt;

/// Why a text is not a record.
#[derive(Debug)]
pub struct RecordError(pub(super) Kind);

#[derive(Debug)]
pub(super) enum Kind {
    NotJson(serde_json::Error),
    NotAnObject(String),
    Missing(&'static str),
    Wrong { key: String, value: String, must: &'static str },
    NoStatusLine(String),
    NoColon { line: usize, text: String },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::NotJson(error) => write!(f, "record is not JSON: {error}"),
            Kind::NotAnObject(value) => write!(f, "record is {value}, must be an object"),
            Kind::Missing(key) => write!(f, "record has no `{key}`"),
            Kind::Wrong { key, value, must } => write!(f, "{key} is {value}, must be {must}"),
            Kind::NoStatusLine(text) => {
                write!(f, "response starts with {text:?} where a status line was expected")
            }
            Kind::NoColon { line, text } => {
                write!(f, "line {line} of the response is {text:?}, must have a colon")
            }
        }
    }
}

impl std::error::Error for RecordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::NotJson(error) => Some(error),
            _ => None,
        }
    }
}

/// The start of a text, for a message that stays one line.
pub(super) fn excerpt(text: &str) -> String {
    const CHARACTERS: usize = 40;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
