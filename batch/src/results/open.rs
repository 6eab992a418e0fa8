//! Bringing the results into agreement with the journal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Store, again};
use crate::journal::{Done, Opened, Record};
use crate::{BatchError, ErrorKind};

/// Opens the file of results that belongs to a journal; what that knows nothing of is cut off.
///
/// Returns how many results were lost with the power: they are not done after all.
pub(crate) fn open(path: &Path, opened: &mut Opened) -> Result<(Store, u64), BatchError> {
    let wrong = |error: &io::Error| BatchError::io(ErrorKind::Write, path, "", error);
    let is_there = fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
    if opened.is_new && is_there {
        return Err(not_of_this_batch(path, opened.journal.path()));
    }
    opened.done.sort_unstable_by_key(|done| done.at);
    again::settle(path, opened).map_err(|error| wrong(&error))?;
    let mut store = Store::open(path)?;
    let whole = store.count_whole(&opened.done).map_err(|error| wrong(&error))?;
    if let Some(missing) = opened.done.get(whole)
        && missing.end() <= opened.synced
    {
        let lost = opened.done.len() - whole;
        let message =
            format!("lacks the result of line {}, and is not as it was left", missing.job);
        return Err(BatchError::new(ErrorKind::Journal, message).in_file(path).help(format!(
            "restore the file; or remove it and {} to send all again, these {lost} and the others",
            opened.journal.path().display()
        )));
    }
    let len = opened.done[..whole].last().map_or(0, Done::end);
    let lost = (opened.done.len() - whole) as u64;
    if store.len() > len {
        store.truncate(len).map_err(|error| wrong(&error))?;
    }
    if lost > 0 {
        opened.done.truncate(whole);
        let line = Record::Cut(len).line();
        opened.journal.append(line.as_bytes()).map_err(|error| {
            BatchError::io(ErrorKind::Write, opened.journal.path(), "cannot be written", &error)
        })?;
    }
    Ok((store, lost))
}

/// Where results are kept: in `out` itself, if that is or will be a file, and else beside
/// the journal.
pub(crate) fn kept_in(out: &Path, is_ordered: bool, journal: &Path) -> PathBuf {
    let is_file = fs::metadata(out).map_or(true, |metadata| metadata.is_file());
    if is_file && !is_ordered && out != Path::new("-") {
        return out.to_owned();
    }
    let mut name = journal.as_os_str().to_owned();
    name.push(".results");
    name.into()
}

/// Opens what results are copied to, from its beginning.
pub(crate) fn copied_to(out: &Path) -> Result<Box<dyn Write + Send>, BatchError> {
    if out == Path::new("-") {
        let stdout = stdout()
            .map_err(|error| BatchError::io(ErrorKind::Write, out, "cannot be written", &error))?;
        return Ok(Box::new(BufWriter::new(stdout)));
    }
    let is_file = fs::metadata(out).map_or(true, |metadata| metadata.is_file());
    let file = if is_file { File::create(out) } else { OpenOptions::new().write(true).open(out) };
    let file =
        file.map_err(|error| BatchError::io(ErrorKind::Write, out, "cannot be written", &error))?;
    Ok(Box::new(BufWriter::new(file)))
}

/// Standard output, whoever holds the lock of this process on it: results are written from
/// a thread of their own.
#[cfg(unix)]
fn stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

/// Standard output, whoever holds the lock of this process on it: results are written from
/// a thread of their own.
#[cfg(windows)]
fn stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdout().as_handle().try_clone_to_owned().map(File::from)
}

/// A file of results is there, and no journal that knows of them.
pub(crate) fn not_of_this_batch(out: &Path, journal: &Path) -> BatchError {
    let message = format!("has results already, which {} knows nothing of", journal.display());
    BatchError::new(ErrorKind::Journal, message)
        .in_file(out)
        .help("name another file for the results, or the journal that belongs to these")
}
