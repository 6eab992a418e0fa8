//! Writing a trace that is complete already.

use std::io::{self, Write};

use super::reader::Header;
use super::{TraceEntry, VERSION};

/// Writes a trace of `entries`, which began at `started_unix_ms`, the milliseconds since
/// 1970.
///
/// For traces that were not recorded: of a simulation, or from another format. What a
/// program records while it runs is written by a [`Recorder`](super::Recorder).
///
/// # Errors
///
/// If `sink` takes no more.
///
/// # Examples
///
/// ```
/// use forbear_http::trace::{TraceEntry, TraceReader, write_trace};
///
/// let line = r#"{"call":2,"arrived_ns":7,"cost":{"requests":1},"end":"budget","ended_ns":9}"#;
/// let entry: TraceEntry = serde_json::from_str(line).unwrap();
/// let mut text = Vec::new();
/// write_trace(&mut text, 1_787_227_200_000, [&entry])?;
/// let read = TraceReader::new(&text[..]).unwrap().next().unwrap().unwrap();
/// assert_eq!(read, entry);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_trace<'a>(
    mut sink: impl Write,
    started_unix_ms: u64,
    entries: impl IntoIterator<Item = &'a TraceEntry>,
) -> io::Result<()> {
    serde_json::to_writer(&mut sink, &Header { forbear_trace: VERSION, started_unix_ms })?;
    sink.write_all(b"\n")?;
    for entry in entries {
        serde_json::to_writer(&mut sink, entry)?;
        sink.write_all(b"\n")?;
    }
    sink.flush()
}
