//! Why a batch cannot go on, where, and what would help.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why a batch cannot begin or go on.
///
/// Nothing that was recorded is lost by any of these: the same batch, started again when
/// the cause is gone, goes on where this one ended.
///
/// # Examples
///
/// ```
/// use forbear_batch::{Batch, ErrorKind};
///
/// let error = Batch::new("no-such-file.jsonl", "results.jsonl").scan().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Input);
/// assert_eq!(error.to_string(), "no-such-file.jsonl: no such file or directory");
/// ```
#[derive(Debug)]
pub struct BatchError(Box<Inner>);

/// What an error is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting of the batch: an address, a header field, the policy.
    Settings,
    /// The file of requests.
    Input,
    /// The journal cannot be used: it is another batch's, damaged, or held by a process.
    Journal,
    /// A journal or a file of results cannot be written, as when the disk is full.
    Write,
    /// The server cannot be reached, or answers everything in the same way: what is left
    /// would fare no better.
    Stopped,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    place: Option<(PathBuf, Option<u64>)>,
    message: String,
    help: Option<String>,
}

impl BatchError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, place: None, message: message.into(), help: None }))
    }

    pub(crate) fn settings(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Settings, message)
    }

    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        self.0.place = Some((path.to_owned(), None));
        self
    }

    pub(crate) fn at_line(mut self, path: &Path, line: u64) -> Self {
        self.0.place = Some((path.to_owned(), Some(line)));
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// `path` cannot be read or written.
    pub(crate) fn io(kind: ErrorKind, path: &Path, doing: &str, error: &io::Error) -> Self {
        let message = match doing {
            "" => reason(error),
            doing => format!("{doing}: {}", reason(error)),
        };
        Self::new(kind, message).in_file(path)
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file that it is about.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.place.as_ref().map(|(path, _)| path.as_path())
    }

    /// The line of that file, from 1.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.0.place.as_ref()?.1
    }

    /// The error without its place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What would help.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.place {
            Some((path, Some(line))) => write!(f, "{}:{line}: ", path.display())?,
            Some((path, None)) => write!(f, "{}: ", path.display())?,
            None => {}
        }
        f.write_str(&self.0.message)
    }
}

impl Error for BatchError {}

/// Why a file cannot be read or written, in a few words.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "is a directory, must be a file".into(),
        io::ErrorKind::StorageFull => "no space is left on the device".into(),
        _ => error.to_string(),
    }
}
