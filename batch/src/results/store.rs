//! The file in which results are kept.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::journal::{Done, checksum};
use crate::{BatchError, ErrorKind};

/// Results in the order in which they came.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    file: File,
    len: u64,
}

impl Store {
    /// Opens the file at `path`, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, BatchError> {
        let wrong =
            |error: &io::Error| BatchError::io(ErrorKind::Write, path, "cannot be written", error);
        let file = OpenOptions::new().read(true).append(true).create(true).open(path);
        file.and_then(|file| Self::of(path, file)).map_err(|error| wrong(&error))
    }

    /// Opens the file at `path` again, which this process wrote.
    pub(super) fn reopen(path: &Path) -> io::Result<Self> {
        Self::of(path, OpenOptions::new().read(true).append(true).open(path)?)
    }

    /// Opens the file at `path` for a look.
    pub(super) fn read_only(path: &Path) -> io::Result<Self> {
        Self::of(path, File::open(path)?)
    }

    fn of(path: &Path, file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, len })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// How many of the `done`, which are in the order of their places, are there as they
    /// were written.
    pub(crate) fn count_whole(&mut self, done: &[Done]) -> io::Result<usize> {
        self.file.rewind()?;
        let mut source = BufReader::with_capacity(1 << 16, &self.file);
        let (mut at, mut result) = (0, Vec::new());
        for (count, record) in done.iter().enumerate() {
            if record.at != at || record.end() > self.len {
                return Ok(count);
            }
            result.resize(record.len as usize, 0);
            source.read_exact(&mut result)?;
            if checksum(&result) != record.sum {
                return Ok(count);
            }
            at = record.end();
        }
        Ok(done.len())
    }

    /// Cuts off what lies beyond `len`.
    pub(crate) fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        self.len = len;
        Ok(())
    }

    /// Appends results; cut off again if there is no room for all of them.
    pub(crate) fn append(&mut self, results: &[u8]) -> io::Result<()> {
        match self.file.write_all(results) {
            Ok(()) => {
                self.len += results.len() as u64;
                Ok(())
            }
            Err(error) => {
                // The first error is the one to tell; what stays is cut off at the next start.
                let _ = self.file.set_len(self.len);
                Err(error)
            }
        }
    }

    /// Waits until the disk has what was appended.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Reads the result at this place.
    pub(crate) fn read(&mut self, at: u64, len: u32, into: &mut Vec<u8>) -> io::Result<()> {
        into.resize(len as usize, 0);
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(into)
    }
}
