//! Files that are written whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::problem::Problem;
use crate::text_file::reason;

/// Makes the directory `path`, unless it is there.
///
/// # Errors
///
/// If it is a file, or the directory above is not there or takes nothing.
pub(crate) fn directory(path: &Path) -> Result<(), Problem> {
    let wrong = |message: String| Err(Problem::new(message).in_file(path.display().to_string()));
    match fs::create_dir(path) {
        Err(_) if path.is_dir() => Ok(()),
        Err(_) if path.exists() => wrong("is a file, must be a directory".into()),
        Err(error) => wrong(format!("cannot be made: {}", reason(&error))),
        Ok(()) => Ok(()),
    }
}

/// A file to be written later, whose place was found to take it.
#[derive(Debug)]
pub(crate) struct OutputFile {
    /// As it was named.
    name: String,
    /// Where it is, links followed.
    target: PathBuf,
    /// Whether it is a device or a pipe, which cannot be replaced.
    in_place: bool,
}

impl OutputFile {
    /// Looks whether `path` can be written, before any work is done for it.
    ///
    /// # Errors
    ///
    /// If it is a directory, or its directory is not there or takes no file.
    pub(crate) fn new(path: &Path) -> Result<Self, Problem> {
        let name = path.display().to_string();
        let wrong = |error: &io::Error| {
            Problem::new(format!("cannot be written: {}", reason(error))).in_file(&name)
        };
        // A link stays a link: the file that it names is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let kind = fs::metadata(&target).ok().map(|metadata| metadata.file_type());
        if kind.is_some_and(|kind| kind.is_dir()) {
            return Err(Problem::new("is a directory, must be a file").in_file(&name));
        }
        let file =
            Self { in_place: kind.is_some_and(|kind| !kind.is_file()), name: name.clone(), target };
        if file.in_place {
            OpenOptions::new().write(true).open(&file.target).map_err(|error| wrong(&error))?;
        } else {
            let probe = file.beside();
            File::create_new(&probe).map_err(|error| wrong(&error))?;
            fs::remove_file(&probe).map_err(|error| wrong(&error))?;
        }
        Ok(file)
    }

    /// As it was named on the command line.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether both are one file.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.target == other.target
    }

    /// Writes it: beside its place first, then moved there at once, so that
    /// nobody ever sees a part of it.
    ///
    /// # Errors
    ///
    /// If the disk is full, or the place has changed since it was looked at.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let written = if self.in_place {
            OpenOptions::new()
                .write(true)
                .open(&self.target)
                .and_then(|mut file| file.write_all(bytes))
        } else {
            let beside = self.beside();
            let moved = File::create_new(&beside)
                .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
                .and_then(|()| fs::rename(&beside, &self.target));
            if moved.is_err() {
                // The first error is the one to tell.
                let _ = fs::remove_file(&beside);
            }
            moved
        };
        written.map_err(|error| {
            let message = format!("cannot be written: {}", reason(&error));
            Failure::unexpected(Problem::new(message).in_file(&self.name))
        })
    }

    /// A name in the same directory, so that moving it is atomic.
    fn beside(&self) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(self.target.file_name().unwrap_or_default());
        name.push(format!(".{}.tmp", std::process::id()));
        self.target.with_file_name(name)
    }
}
