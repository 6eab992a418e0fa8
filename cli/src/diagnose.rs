//! Where in a file an error is, and what would be right there.
//!
//! Serde reads a table with `kind = ".."` into memory before it knows what the
//! table is, so an error inside has the place of the whole table. The message
//! still names the key or the value: it is looked up in the table, with the
//! spans that the TOML parser gives.

mod complaint;
mod locate;
mod nearest;

use std::fmt::Display;
use std::ops::Range;

use toml::de::Error;

use self::complaint::Complaint;
pub(crate) use self::nearest::nearest;
use crate::problem::Problem;

/// What is wrong with `source`, the text of `file`, that gave `error`.
pub(crate) fn toml_error(file: &str, source: &str, error: &Error) -> Problem {
    complaint(file, source, error.message(), error.span())
}

/// What is wrong with `source`, the text of `file`, where a number is impossible:
/// "burst is 0, must be at least 1".
pub(crate) fn impossible(file: &str, source: &str, error: &dyn Display) -> Problem {
    complaint(file, source, &error.to_string(), None)
}

/// What is wrong with a value that is in no file: "a.b=5: unknown field `b`, ..".
pub(crate) fn spoken(text: &str) -> Problem {
    let (place, rest) = text.split_once(": ").unwrap_or(("", text));
    let (place, complaint) = match Complaint::parse(rest) {
        Complaint::Other(_) => (None, Complaint::parse(text)),
        complaint => (Some(place).filter(|place| !place.is_empty()), complaint),
    };
    let message = complaint.message(None);
    let problem =
        Problem::new(place.map_or(message.clone(), |place| format!("{place}: {message}")));
    match complaint.help() {
        Some(help) => problem.help(help),
        None => problem,
    }
}

fn complaint(file: &str, source: &str, text: &str, span: Option<Range<usize>>) -> Problem {
    let complaint = Complaint::parse(text);
    let found = locate::locate(source, span, &complaint);
    let key = found.as_ref().and_then(|found| found.key.as_deref());
    let problem = Problem::new(complaint.message(key));
    let problem = match &found {
        Some(found) => problem.at(file, source, found.span.clone()),
        None => problem.in_file(file),
    };
    match complaint.help() {
        Some(help) => problem.help(help),
        None => problem,
    }
}
