//! What is done, as a file that survives the process.
//!
//! One line for each job that is over, appended after its result is in the file of results.
//! A line has a checksum, so that a line that was cut off is known for one; the first names
//! the input. The format is described in `docs/BATCH.md` of the repository.

mod open;
mod record;
mod sealed;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs4::FileExt;

pub(crate) use self::{
    open::{Opened, open, read},
    record::{Again, Done, Header, Record},
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
    /// The one that it took the place of, as locked: somebody may have opened that in
    /// between.
    former: Option<File>,
}

impl Journal {
    pub(crate) const fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Another one at `path` that holds `lines`, on the disk, for whoever
    /// [takes](Self::take_place) this one's place.
    pub(crate) fn successor(path: &Path, lines: &[u8]) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create_new(true).open(path)?;
        FileExt::try_lock(&file)?;
        let mut journal = Self { path: path.to_owned(), file, former: None };
        journal.append(lines)?;
        journal.sync()?;
        Ok(journal)
    }

    /// Takes the place of `former`, at once or not at all.
    pub(crate) fn take_place(mut self, former: Self) -> io::Result<Self> {
        fs::rename(&self.path, &former.path)?;
        sync_directory(&former.path)?;
        self.path = former.path;
        self.former = Some(former.file);
        Ok(self)
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

/// Makes a new file's name last, where a directory can be synced.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
