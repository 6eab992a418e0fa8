//! Why a trace cannot be read.

use std::{fmt, io};

use super::VERSION;

/// Why a trace cannot be read, and at which line.
#[derive(Debug)]
pub struct TraceError {
    line: u64,
    kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Io(io::Error),
    /// What is wrong, and the member that it is in.
    Json(serde_json::Error, String),
    Gzip,
    NoHeader,
    Version(u32),
    TooLong(u64),
    CutOff,
}

impl TraceError {
    pub(super) const fn new(line: u64, kind: Kind) -> Self {
        Self { line, kind }
    }

    /// The number of the line, from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Whether the last line has no line break and makes no sense: the process that
    /// wrote it was stopped in the middle, and all lines before it are whole.
    #[must_use]
    pub const fn is_cut_off(&self) -> bool {
        matches!(self.kind, Kind::CutOff)
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.kind {
            Kind::Io(error) => write!(f, "the trace cannot be read: {error}"),
            Kind::Json(error, member) => {
                // Its own line number counts within the line.
                let text = error.to_string();
                let column = error.column();
                let place = format!(" at line {} column {column}", error.line());
                let text = text.strip_suffix(&place).unwrap_or(&text);
                let is_named = text.starts_with(member.split('.').next().unwrap_or_default());
                if member == "." || is_named {
                    f.write_str(text)?;
                } else {
                    write!(f, "{member}: {text}")?;
                }
                // Where it is no JSON, the member is the last that was begun.
                if error.is_syntax() { write!(f, " in column {column}") } else { Ok(()) }
            }
            Kind::Gzip => f.write_str("the trace is compressed with gzip, must be plain text"),
            Kind::NoHeader => write!(
                f,
                "the trace does not begin with its header, such as \
                 {{\"forbear_trace\":{VERSION},\"started_unix_ms\":1787227200000}}"
            ),
            Kind::Version(version) => {
                write!(f, "forbear_trace is {version}, must be {VERSION}")
            }
            Kind::TooLong(max) => write!(f, "the line is longer than {max} bytes"),
            Kind::CutOff => f.write_str("the trace was cut off within its last line"),
        }
    }
}

impl std::error::Error for TraceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            Kind::Json(error, _) => Some(error),
            _ => None,
        }
    }
}
