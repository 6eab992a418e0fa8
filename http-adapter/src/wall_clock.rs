//! The wall clock: the one place that reads it.

use std::time::{Duration, SystemTime};

/// Time since the Unix epoch; zero if the clock is set before it.
#[expect(clippy::disallowed_methods, reason = "a date in a header is read against the wall clock")]
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
