//! Reading a trace, a line at a time.

use std::fmt;
use std::io::{BufRead, Read};

use serde::{Deserialize, Serialize};

use super::error::Kind;
use super::{TraceEntry, TraceError, VERSION};

/// A line is not longer than this; what is written has some hundred bytes, and two
/// thousand with eight windows.
const MAX_LINE: u64 = 64 * 1024;

/// The first line of a trace.
#[derive(Deserialize, Serialize)]
pub(super) struct Header {
    pub(super) forbear_trace: u32,
    pub(super) started_unix_ms: u64,
}

/// Stands where entries could not be written in time.
#[derive(Deserialize, Serialize)]
pub(super) struct Lost {
    pub(super) lost: u64,
}

/// Reads a trace, one entry at a time and in constant memory.
///
/// Empty lines are skipped, and so are members of a line that are not known. After an
/// error there are no further entries.
#[must_use = "it reads nothing until it is iterated"]
pub struct TraceReader<R> {
    source: R,
    line: u64,
    buffer: Vec<u8>,
    started_unix_ms: u64,
    lost: u64,
    is_over: bool,
}

impl<R: BufRead> TraceReader<R> {
    /// Reads the header of the trace in `source`.
    ///
    /// # Errors
    ///
    /// If it has none, or is of another version, or cannot be read.
    pub fn new(source: R) -> Result<Self, TraceError> {
        let mut this = Self {
            source,
            line: 0,
            buffer: Vec::new(),
            started_unix_ms: 0,
            lost: 0,
            is_over: false,
        };
        if !this.next_line()? {
            return Err(TraceError::new(1, Kind::NoHeader));
        }
        let header: Header = serde_json::from_slice(&this.buffer)
            .map_err(|_| TraceError::new(this.line, Kind::NoHeader))?;
        if header.forbear_trace != VERSION {
            return Err(TraceError::new(this.line, Kind::Version(header.forbear_trace)));
        }
        this.started_unix_ms = header.started_unix_ms;
        Ok(this)
    }

    /// When the trace was started, by the wall clock: milliseconds since 1970.
    #[must_use]
    pub const fn started_unix_ms(&self) -> u64 {
        self.started_unix_ms
    }

    /// The number of the line that was read last, from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// How many entries, up to here, could not be written in time and are missing.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    fn next_entry(&mut self) -> Result<Option<TraceEntry>, TraceError> {
        while self.next_line()? {
            match serde_json::from_slice(&self.buffer) {
                Ok(entry) => return Ok(Some(entry)),
                Err(error) if error.is_eof() && !self.buffer.ends_with(b"\n") => {
                    return Err(self.error(Kind::CutOff));
                }
                Err(error) => match serde_json::from_slice(&self.buffer) {
                    Ok(Lost { lost }) => self.lost = self.lost.saturating_add(lost),
                    Err(_) => return Err(self.error(Kind::Json(error))),
                },
            }
        }
        Ok(None)
    }

    /// Reads the next line that is not empty; false at the end.
    fn next_line(&mut self) -> Result<bool, TraceError> {
        loop {
            self.buffer.clear();
            self.line += 1;
            let mut bounded = Read::take(&mut self.source, MAX_LINE + 1);
            let read = bounded.read_until(b'\n', &mut self.buffer);
            let read = read.map_err(|error| self.error(Kind::Io(error)))?;
            if read as u64 > MAX_LINE {
                return Err(self.error(Kind::TooLong(MAX_LINE)));
            }
            if read == 0 || !self.buffer.trim_ascii().is_empty() {
                return Ok(read > 0);
            }
        }
    }

    const fn error(&self, kind: Kind) -> TraceError {
        TraceError::new(self.line, kind)
    }
}

impl<R: BufRead> Iterator for TraceReader<R> {
    type Item = Result<TraceEntry, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.next_entry().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

impl<R> fmt::Debug for TraceReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceReader").field("line", &self.line).finish_non_exhaustive()
    }
}
