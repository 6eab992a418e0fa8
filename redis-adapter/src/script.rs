//! The one script, which is the whole of what Redis does.

/// Decides by the server's clock.
const CLOCK: &str = include_str!("script/clock.lua");
/// The rest.
const LEASE: &str = include_str!("script/lease.lua");

/// The script as it runs.
pub(crate) fn source() -> String {
    with_clock(CLOCK)
}

/// The same under another clock: a piece of Lua that sets `raw` to microseconds.
#[must_use]
pub fn with_clock(clock: &str) -> String {
    format!("{clock}\n{LEASE}")
}
