//! Results that this command has printed as JSON, of any size.

use std::fs;
use std::path::Path;

use crate::problem::Problem;
use crate::text_file::reason;

/// Reads `path`.
///
/// # Errors
///
/// If it cannot be read.
pub(crate) fn read(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path)
        .map_err(|error| Problem::new(reason(&error)).in_file(path.display().to_string()))
}
