//! How a trace is to be written.

use std::fs::File;
use std::hash::RandomState;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, mpsc};
use std::thread;

use forbear_core::driver::MonotonicClock;

use super::writer::{self, Progress};
use super::{Recorder, Shared};
use crate::trace::VERSION;
use crate::trace::reader::Header;
use crate::wall_clock;

/// A second of 8000 attempts, and at most 5 MB.
const DEFAULT_CAPACITY: NonZeroUsize = NonZeroUsize::new(8192).unwrap();

/// How a trace is to be written; made by [`Recorder::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use = "it writes nothing until it is told where to"]
pub struct RecorderBuilder {
    capacity: NonZeroUsize,
    hashes_names: bool,
}

impl RecorderBuilder {
    pub(super) const fn new() -> Self {
        Self { capacity: DEFAULT_CAPACITY, hashes_names: true }
    }

    /// How many entries may wait to be written; 8192 unless set.
    pub const fn capacity(mut self, entries: NonZeroUsize) -> Self {
        self.capacity = entries;
        self
    }

    /// Writes the names of scopes as they are, for a trace of hosts that are no secret.
    ///
    /// Unless this is said, a name is written as a hash whose key is drawn for each trace.
    pub const fn naming_scopes(mut self) -> Self {
        self.hashes_names = false;
        self
    }

    /// Writes to a new file at `path`.
    ///
    /// # Errors
    ///
    /// If there is such a file, since a trace is not easily had again; if it cannot be
    /// made, or there is no room for its first line.
    pub fn create(self, path: impl AsRef<Path>) -> io::Result<Recorder> {
        self.write_to(File::create_new(path)?)
    }

    /// Writes to `sink`, in large pieces.
    ///
    /// # Errors
    ///
    /// If the header cannot be written to it, or no thread can be started.
    pub fn write_to(self, mut sink: impl Write + Send + 'static) -> io::Result<Recorder> {
        let clock = MonotonicClock::start();
        let started_unix_ms = u64::try_from(wall_clock::now().as_millis()).unwrap_or(u64::MAX);
        let header = Header { forbear_trace: VERSION, started_unix_ms };
        let mut line = serde_json::to_vec(&header)?;
        line.push(b'\n');
        sink.write_all(&line)?;
        sink.flush()?;
        let progress = Arc::new(Progress::default());
        let (queue, entries) = mpsc::sync_channel(self.capacity.get());
        let told = Arc::clone(&progress);
        let writer = thread::Builder::new()
            .name("forbear-recorder".to_owned())
            .spawn(move || writer::write(sink, &entries, &told))?;
        Ok(Recorder(Arc::new(Shared {
            clock,
            hash: self.hashes_names.then(RandomState::new),
            calls: AtomicU64::new(0),
            progress,
            queue: Some(queue),
            writer: Some(writer),
        })))
    }
}
