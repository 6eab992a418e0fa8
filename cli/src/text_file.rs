//! Reading a text file that a person wrote.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::problem::Problem;

/// The largest file, in bytes. A policy or a scenario has a few thousand; what is
/// larger is another kind of file, and parsing it would take seconds.
const LARGEST: u64 = 1 << 20;

/// Reads `path`, or standard input if it is `-`.
///
/// # Errors
///
/// If it cannot be read, is larger than 1 MiB, or is not UTF-8.
pub(crate) fn read(path: &Path) -> Result<String, Problem> {
    let wrong = |message: String| Problem::new(message).in_file(name(path));
    let bytes = if is_stdin(path) {
        read_some(&mut io::stdin().lock())
    } else if path.is_dir() {
        return Err(wrong("is a directory, must be a file".into()));
    } else {
        File::open(path).and_then(|mut file| read_some(&mut file))
    };
    let bytes = bytes.map_err(|error| wrong(reason(&error)))?;
    if bytes.len() as u64 > LARGEST {
        return Err(wrong("is larger than 1 MiB, so it is no policy or scenario".into()));
    }
    if bytes.starts_with(b"\x1f\x8b") {
        return Err(wrong("is compressed with gzip, must be plain text".into()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        wrong(format!("is not UTF-8 text, see byte {offset}"))
    })
}

/// Whether `path` is the word for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// What messages call `path`.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { "stdin".into() } else { path.display().to_string() }
}

/// Why a file cannot be read or written, in a few words.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "is a directory, must be a file".into(),
        _ => error.to_string(),
    }
}

/// One byte more than is accepted, at most.
fn read_some(source: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
