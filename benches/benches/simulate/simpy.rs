//! The crowd in `SimPy`, in a process of its own that takes its own time.

use std::process::Command;
use std::time::Duration;

use crate::crowd::Played;

const PROGRAM: &str = include_str!("crowd.py");

/// What came of it and how long it took, Python's start left out; `None` where
/// `python3` has no `SimPy`.
pub(crate) fn play(clients: u32) -> Option<(Played, Duration)> {
    let output =
        Command::new("python3").args(["-c", PROGRAM, &clients.to_string()]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.split_whitespace();
    let (sends, events) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let took = Duration::from_secs_f64(words.next()?.parse().ok()?);
    Some((Played { events, sends, served: 0 }, took))
}
