//! What is done, as a file that survives the process.
//!
//! One line for each job that is over, appended after its result is in the file of results.
//! A line has a checksum, so that a line that was cut off is known for one; the first names
//! the input. The format is described in `docs/BATCH.md` of the repository.

mod open;
mod record;
mod sealed;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

pub(crate) use self::{
    open::{Opened, open, read},
    record::{Done, Header, Record},
    sealed::checksum,
};

/// The version of the format that is written, and the only one that is read.
pub(crate) const VERSION: u32 = 1;

/// A journal that this process alone writes.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    /// Locked until it is dropped.
    file: File,
}

impl Journal {
    pub(crate) const fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Appends lines that are [sealed](Record::line) in one write.
    pub(crate) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.file.write_all(lines)
    }

    /// Waits until the disk has what was appended.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// How long it is.
    pub(crate) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Cuts off what was written last, as half of a line is.
    pub(crate) fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
}
