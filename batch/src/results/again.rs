//! Taking failed jobs out of what is done, so that they are sent again.
//!
//! The results without theirs, and a journal that fits, are written beside the old ones.
//! When the disk has both, the new journal takes the place of the old one, which is the
//! moment from which these jobs are not done, and then the results. A process that is killed
//! between the two leaves results that do not fit the journal, beside those that do: the
//! next start tells them apart by their checksums.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Store;
use crate::journal::{Again, Done, Header, Journal, Opened, Record, sync_directory};
use crate::{BatchError, ErrorKind};

/// Makes jobs that failed undone, and takes out their results.
pub(crate) fn take_out_failed(
    store: Store,
    opened: Opened,
    header: &Header,
) -> Result<(Store, Opened), BatchError> {
    if opened.done.iter().all(|done| done.ok) {
        return Ok((store, opened));
    }
    let path = store.path().to_owned();
    rewrite(store, opened, header)
        .map_err(|error| BatchError::io(ErrorKind::Write, &path, "cannot be written anew", &error))
}

/// Ends what a process left that was killed while it took failed jobs out.
pub(super) fn settle(path: &Path, opened: &Opened) -> io::Result<()> {
    let [results, journal] = [path, opened.journal.path().as_path()].map(beside);
    if fits(&results, opened)? && !fits(path, opened)? {
        fs::rename(&results, path)?;
        sync_directory(path)?;
    }
    for left in [results, journal] {
        match fs::remove_file(left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether these are the results that the journal knows of, to the last octet.
fn fits(path: &Path, opened: &Opened) -> io::Result<bool> {
    if !path.is_file() {
        return Ok(false);
    }
    let mut store = Store::read_only(path)?;
    let end = opened.done.last().map_or(0, Done::end);
    Ok(store.len() == end && store.count_whole(&opened.done)? == opened.done.len())
}

fn rewrite(mut store: Store, mut opened: Opened, header: &Header) -> io::Result<(Store, Opened)> {
    let (path, journal) = (store.path().to_owned(), opened.journal.path().clone());
    let (results_beside, journal_beside) = (beside(&path), beside(&journal));
    let mut results = BufWriter::with_capacity(1 << 16, File::create_new(&results_beside)?);
    let (mut lines, mut end, mut result) = (header.line(), 0, Vec::new());
    let mut kept = Vec::with_capacity(opened.done.len());
    for done in opened.done {
        if !done.ok {
            let before = opened.sent_before.entry(done.job).or_default();
            *before = before.saturating_add(done.sends);
            continue;
        }
        store.read(done.at, done.len, &mut result)?;
        results.write_all(&result)?;
        let done = Done { at: end, ..done };
        end = done.end();
        lines.push_str(&Record::Done(done.clone()).line());
        kept.push(done);
    }
    for (&job, &sends) in &opened.sent_before {
        lines.push_str(&Record::Again(Again { job, sends }).line());
    }
    lines.push_str(&Record::Synced(end).line());
    results.into_inner()?.sync_all()?;
    let successor = Journal::successor(&journal_beside, lines.as_bytes())?;
    sync_directory(&journal)?;
    opened.journal = successor.take_place(opened.journal)?;
    fs::rename(&results_beside, &path)?;
    sync_directory(&path)?;
    (opened.done, opened.synced) = (kept, end);
    let store = Store::reopen(&path)?;
    Ok((store, opened))
}

/// Where the new file is until it takes the place of the one at `path`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".again");
    name.into()
}
