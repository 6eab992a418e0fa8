//! Opening a journal: a new one, or what a batch has left.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use fs4::{FileExt, TryLockError};

use super::record::{Again, Done, Header, Record};
use super::{Journal, VERSION, sealed, sync_directory};
use crate::{BatchError, ErrorKind};

/// The longest line; a record has two hundred octets.
const LONGEST: u64 = 1 << 16;

/// A journal and what it says.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) journal: Journal,
    /// The jobs that are over, in the order in which they ended.
    pub(crate) done: Vec<Done>,
    /// How many times jobs were sent that failed and are sent again.
    pub(crate) sent_before: BTreeMap<u64, u32>,
    /// Octets at the end that were cut off with the process that wrote them.
    pub(crate) torn: u64,
    /// Octets of the results that are known to be on the disk.
    pub(crate) synced: u64,
    /// Whether there was none before.
    pub(crate) is_new: bool,
}

/// Opens the journal of the batch that `header` names, or begins it, and locks it.
pub(crate) fn open(path: &Path, header: &Header) -> Result<Opened, BatchError> {
    let wrong =
        |doing: &str, error: &io::Error| BatchError::io(ErrorKind::Write, path, doing, error);
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(|error| wrong("cannot be opened for writing", &error))?;
    let is_file = file.metadata().map_err(|error| wrong("", &error))?.is_file();
    if !is_file {
        return Err(BatchError::new(ErrorKind::Journal, "must be a file").in_file(path));
    }
    FileExt::try_lock(&file).map_err(|error| match error {
        TryLockError::WouldBlock => {
            let message = "is held by another process, which works on this batch";
            BatchError::new(ErrorKind::Journal, message).in_file(path)
        }
        TryLockError::Error(error) => wrong("cannot be locked", &error),
    })?;
    let Contents { done, sent_before, synced, whole, len } = contents(path, &file, header)?;
    let mut journal = Journal { path: path.to_owned(), file, former: None };
    if whole < len {
        journal.truncate(whole).map_err(|error| wrong("cannot be cut", &error))?;
    }
    if whole == 0 {
        journal
            .append(header.line().as_bytes())
            .and_then(|()| journal.sync())
            .and_then(|()| sync_directory(path))
            .map_err(|error| wrong("cannot be written", &error))?;
    }
    Ok(Opened { journal, done, sent_before, synced, torn: len - whole, is_new: whole == 0 })
}

/// What the journal at `path` says, without a lock; nothing if there is none.
pub(crate) fn read(path: &Path, header: &Header) -> Result<Vec<Done>, BatchError> {
    match File::open(path) {
        Ok(file) => Ok(contents(path, &file, header)?.done),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(BatchError::io(ErrorKind::Journal, path, "", &error)),
    }
}

#[derive(Default)]
struct Contents {
    done: Vec<Done>,
    sent_before: BTreeMap<u64, u32>,
    synced: u64,
    /// Octets of whole lines.
    whole: u64,
    len: u64,
}

fn contents(path: &Path, mut file: &File, header: &Header) -> Result<Contents, BatchError> {
    let unreadable = |error: &io::Error| BatchError::io(ErrorKind::Journal, path, "", error);
    file.rewind().map_err(|error| unreadable(&error))?;
    let mut source = BufReader::with_capacity(1 << 16, file);
    let mut found = Contents::default();
    let (mut number, mut line, mut broken, mut first) = (0, Vec::new(), None, Vec::new());
    loop {
        line.clear();
        let read = source.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        let read = read.map_err(|error| unreadable(&error))? as u64;
        if read == 0 {
            // Half of a first line, or a file that is something else and must be kept.
            let is_begun = header.line().as_bytes().starts_with(&first);
            return if found.whole > 0 || is_begun { Ok(found) } else { Err(no_journal(path)) };
        }
        if number == 0 {
            first.clone_from(&line);
        }
        (number, found.len) = (number + 1, found.len + read);
        let text = line.strip_suffix(b"\n").and_then(sealed::unseal);
        match (text, broken) {
            (Some(_), Some(broken)) => return Err(damaged(path, broken)),
            (None, None) => broken = Some(number),
            (None, Some(_)) => {}
            (Some(text), None) if number == 1 => {
                check_header(path, text, header)?;
                found.whole = found.len;
            }
            (Some(text), None) => {
                let record = serde_json::from_slice(text).map_err(|error| {
                    let message = format!("is no record of this version: {error}");
                    BatchError::new(ErrorKind::Journal, message).at_line(path, number)
                })?;
                match record {
                    Record::Done(done) => found.done.push(done),
                    Record::Synced(len) => found.synced = len,
                    Record::Cut(len) => {
                        found.done.retain(|done| done.end() <= len);
                        found.synced = found.synced.min(len);
                    }
                    Record::Again(Again { job, sends }) => {
                        found.sent_before.insert(job, sends);
                    }
                }
                found.whole = found.len;
            }
        }
        if found.whole == 0 && number > 1 {
            return Err(no_journal(path));
        }
    }
}

/// A line in the middle is not what was written: no crash does that.
fn damaged(path: &Path, line: u64) -> BatchError {
    BatchError::new(ErrorKind::Journal, "does not have the checksum that it was written with")
        .at_line(path, line)
        .help("remove the line, and the job that it was about is sent again")
}

fn no_journal(path: &Path) -> BatchError {
    BatchError::new(ErrorKind::Journal, "is no journal of a batch").in_file(path)
}

fn check_header(path: &Path, text: &[u8], expected: &Header) -> Result<(), BatchError> {
    let wrong = |message: String| BatchError::new(ErrorKind::Journal, message).in_file(path);
    let found: serde_json::Value = serde_json::from_slice(text).map_err(|_| no_journal(path))?;
    let version = found.get("forbear_batch").and_then(serde_json::Value::as_u64);
    let version = version.ok_or_else(|| no_journal(path))?;
    if version != u64::from(VERSION) {
        return Err(wrong(format!("is of version {version} of the format, must be of {VERSION}")));
    }
    let found: Header = serde_json::from_value(found).map_err(|error| wrong(error.to_string()))?;
    if found.input != expected.input {
        let short = |sha256: &str| sha256.get(..12).unwrap_or(sha256).to_owned();
        return Err(wrong(format!(
            "is the journal of another input, of {} bytes with the SHA-256 {}..; this one has {} \
             bytes and {}..",
            found.input.bytes,
            short(&found.input.sha256),
            expected.input.bytes,
            short(&expected.input.sha256),
        ))
        .help("give the input that it was begun with, or another journal and other results"));
    }
    if found.name != expected.name {
        return Err(wrong(format!(
            "is the journal of the batch '{}', not of '{}'",
            found.name, expected.name
        ))
        .help("give the name that it was begun with, or another journal and other results"));
    }
    Ok(())
}
