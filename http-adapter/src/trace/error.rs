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
    Json(serde_json::Error),
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
            Kind::Json(error) => {
                // Its own line number counts within the line.
                let text = error.to_string();
                let place = format!(" at line {} column {}", error.line(), error.column());
                f.write_str(text.strip_suffix(&place).unwrap_or(&text))
            }
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
            Kind::Json(error) => Some(error),
            _ => None,
        }
    }
}
