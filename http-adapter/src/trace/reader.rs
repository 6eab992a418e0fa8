//! Reading a trace, a line at a time.

use std::fmt;
use std::io::{BufRead, Read};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::error::Kind;
use super::{TraceEntry, TraceError, VERSION};

/// A line is not longer than this; what is written has some hundred bytes, and two
/// thousand with eight windows.
const MAX_LINE: u64 = 64 * 1024;

/// What editors of some systems put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a file begins with that was compressed (RFC 1952 section 2.3.1).
const GZIP: &[u8] = b"\x1f\x8b";

/// The first line of a trace.
#[derive(Deserialize, Serialize)]
pub(super) struct Header {
    pub(super) forbear_trace: u32,
    pub(super) started_unix_ms: u64,
}

/// A line that is meant to be a header, whatever is wrong with its values.
#[derive(Deserialize)]
struct AnyHeader {
    #[serde(rename = "forbear_trace")]
    _version: IgnoredAny,
}

/// Stands where entries could not be written in time.
#[derive(Deserialize, Serialize)]
pub(super) struct Lost {
    pub(super) lost: u64,
}

/// Reads a trace, one entry at a time and in constant memory.
///
/// Empty lines are skipped, and so are members of a line that are not known. Traces that
/// were put one after another are read as such: [`part`](Self::part) counts their headers.
/// After an error there are no further entries, unless one asks to
/// [`resume`](Self::resume).
#[must_use = "it reads nothing until it is iterated"]
pub struct TraceReader<R> {
    source: R,
    line: u64,
    buffer: Vec<u8>,
    started_unix_ms: u64,
    lost: u64,
    part: u32,
    is_over: bool,
    /// What has to be passed over before the next entry.
    passes: Passes,
}

/// What cannot be read and is passed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Passes {
    /// Nothing.
    Nothing,
    /// The rest of a line that is too long.
    RestOfLine,
    /// All lines of a part of another version.
    Part,
    /// All that follows: the source is broken.
    Everything,
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
            part: 1,
            is_over: false,
            passes: Passes::Nothing,
        };
        if !this.next_line()? {
            return Err(TraceError::new(1, Kind::NoHeader));
        }
        if this.buffer.starts_with(GZIP) {
            return Err(this.error(Kind::Gzip));
        }
        if this.buffer.starts_with(BYTE_ORDER_MARK) {
            this.buffer.drain(..BYTE_ORDER_MARK.len());
        }
        let header: Header = serde_json::from_slice(&this.buffer).map_err(|error| {
            let is_header = serde_json::from_slice::<AnyHeader>(&this.buffer).is_ok();
            let kind = if is_header { this.json::<Header>(error) } else { Kind::NoHeader };
            this.error(kind)
        })?;
        if header.forbear_trace != VERSION {
            return Err(TraceError::new(this.line, Kind::Version(header.forbear_trace)));
        }
        this.started_unix_ms = header.started_unix_ms;
        Ok(this)
    }

    /// When the trace was started, by the wall clock: milliseconds since 1970; of several
    /// parts the one that is being read.
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

    /// The number of the part that is being read, from 1: each begins with a header, and
    /// the times and the numbers of calls begin anew with it.
    #[must_use]
    pub const fn part(&self) -> u32 {
        self.part
    }

    /// Goes on after an error, with the next line; after a header of another version, with
    /// the next header of this one.
    ///
    /// There is nothing more after the source itself could not be read.
    ///
    /// ```
    /// use forbear_http::trace::TraceReader;
    ///
    /// let text = r#"{"forbear_trace":1,"started_unix_ms":1787227200000}
    /// {"call":1,"arr
    /// {"call":2,"arrived_ns":7,"cost":{"requests":1},"end":"budget","ended_ns":9}
    /// "#;
    /// let mut trace = TraceReader::new(text.as_bytes())?;
    /// assert_eq!(trace.next().unwrap().unwrap_err().line(), 2);
    /// assert!(trace.next().is_none());
    /// trace.resume();
    /// assert_eq!(trace.next().unwrap()?.call, 2);
    /// # Ok::<(), forbear_http::trace::TraceError>(())
    /// ```
    pub fn resume(&mut self) {
        self.is_over = self.passes == Passes::Everything;
    }

    fn next_entry(&mut self) -> Result<Option<TraceEntry>, TraceError> {
        while self.next_line()? {
            if self.passes == Passes::Part && !self.begins_part() {
                continue;
            }
            match serde_json::from_slice(&self.buffer) {
                Ok(entry) => return Ok(Some(entry)),
                Err(error) if error.is_eof() && !self.buffer.ends_with(b"\n") => {
                    return Err(self.error(Kind::CutOff));
                }
                Err(error) => match serde_json::from_slice(&self.buffer) {
                    Ok(Lost { lost }) => self.lost = self.lost.saturating_add(lost),
                    Err(_) if self.begins_part() => self.begin_part()?,
                    Err(_) => return Err(self.error(self.json::<TraceEntry>(error))),
                },
            }
        }
        Ok(None)
    }

    /// Whether the line is a header.
    fn begins_part(&self) -> bool {
        serde_json::from_slice::<Header>(&self.buffer).is_ok()
    }

    /// Reads the header in the line.
    fn begin_part(&mut self) -> Result<(), TraceError> {
        let header: Header = serde_json::from_slice(&self.buffer)
            .map_err(|error| self.error(self.json::<Header>(error)))?;
        if header.forbear_trace != VERSION {
            self.passes = Passes::Part;
            return Err(self.error(Kind::Version(header.forbear_trace)));
        }
        self.passes = Passes::Nothing;
        self.started_unix_ms = header.started_unix_ms;
        self.part = self.part.saturating_add(1);
        Ok(())
    }

    /// Reads the next line that is not empty; false at the end.
    fn next_line(&mut self) -> Result<bool, TraceError> {
        loop {
            self.buffer.clear();
            self.line += u64::from(self.passes != Passes::RestOfLine);
            let mut bounded = Read::take(&mut self.source, MAX_LINE + 1);
            let read = bounded.read_until(b'\n', &mut self.buffer);
            let read = read.map_err(|error| {
                self.passes = Passes::Everything;
                self.error(Kind::Io(error))
            })?;
            if self.passes == Passes::RestOfLine {
                if read == 0 || self.buffer.ends_with(b"\n") {
                    self.passes = Passes::Nothing;
                }
                continue;
            }
            if read as u64 > MAX_LINE {
                if self.passes == Passes::Nothing && !self.buffer.ends_with(b"\n") {
                    self.passes = Passes::RestOfLine;
                }
                return Err(self.error(Kind::TooLong(MAX_LINE)));
            }
            if read == 0 || !self.buffer.trim_ascii().is_empty() {
                return Ok(read > 0);
            }
        }
    }

    /// What is wrong with the line, and with which of its members.
    fn json<'a, T: Deserialize<'a>>(&'a self, error: serde_json::Error) -> Kind {
        // Read once more, since a path costs what only an error is worth.
        let mut text = serde_json::Deserializer::from_slice(&self.buffer);
        let read: Result<T, _> = serde_path_to_error::deserialize(&mut text);
        Kind::Json(error, read.err().map_or_else(String::new, |error| error.path().to_string()))
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
