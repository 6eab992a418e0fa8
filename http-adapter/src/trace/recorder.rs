//! Writing a trace beside the calls, in a thread of its own.

mod builder;
mod writer;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;

use forbear_core::driver::MonotonicClock;
use forbear_core::{Clock, Cost, Observation, Scope, Timestamp};

use self::writer::Progress;
use super::{RecordedCall, TraceEntry};

pub use self::builder::RecorderBuilder;

/// Writes a trace, without ever holding up or failing a call.
///
/// Entries are handed to a thread over a queue of bounded length. What finds it full,
/// since the disk is slower than the calls, is left out and counted. After an error of the
/// disk nothing more is written, and all that follows is counted as lost;
/// [`status`](Self::status) tells.
///
/// The thread writes out whatever it has as soon as it has caught up. Clones write the
/// same trace; when the last one is dropped, with the layers and calls that have one, it
/// waits until the queue is written.
///
/// # Examples
///
/// ```
/// use forbear_core::Policy;
/// use forbear_http::ForbearLayer;
/// use forbear_http::trace::Recorder;
///
/// # let folder = std::env::temp_dir().join(format!("forbear-recorder-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("calls.ndjson");
/// # let _ = std::fs::remove_file(&path);
/// let recorder = Recorder::builder().create(&path)?;
/// let layer = ForbearLayer::new(Policy::recommended()).recording(recorder.clone());
/// // Send requests.
/// assert!(recorder.status().error.is_none());
/// # drop((layer, recorder));
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Shared>);

/// What became of the entries of a trace so far.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RecorderStatus<'a> {
    /// Entries that were written.
    pub written: u64,
    /// Entries that were left out: the queue was full, or there was an error before.
    pub lost: u64,
    /// The error that ended the trace.
    pub error: Option<&'a io::Error>,
}

struct Shared {
    clock: MonotonicClock,
    /// The key of the hash of names; `None` where they are written as they are.
    hash: Option<RandomState>,
    calls: AtomicU64,
    progress: Arc<Progress>,
    // Boxed, so that a long queue is not much memory while it is empty.
    queue: Option<SyncSender<Box<TraceEntry>>>,
    writer: Option<JoinHandle<()>>,
}

impl Recorder {
    /// A recorder yet to be told where to write; it hashes names and holds 8192 entries.
    pub fn builder() -> RecorderBuilder {
        RecorderBuilder::new()
    }

    /// Begins a call, for a loop of one's own; the layer does so by itself.
    ///
    /// `scope` names whose limits it counts against.
    #[must_use]
    pub fn call(&self, scope: Option<&str>, cost: Cost) -> RecordedCall {
        let number = 1 + self.0.calls.fetch_add(1, Ordering::Relaxed);
        let scope = scope.map(|name| self.0.named(name));
        RecordedCall::new(self.clone(), number, scope, cost)
    }

    /// What became of the entries so far.
    #[must_use]
    pub fn status(&self) -> RecorderStatus<'_> {
        self.0.progress.status()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// `seen` without the server's own names, if they are not to be written.
    pub(super) fn without_names(&self, seen: &Observation) -> Observation {
        let scope = seen.scope.map(|scope| Scope::new(&self.0.named(scope.as_str())));
        Observation { scope, ..*seen }
    }

    pub(super) fn write(&self, entry: TraceEntry) {
        let Some(queue) = &self.0.queue else { return };
        if queue.try_send(Box::new(entry)).is_err() {
            self.0.progress.lose(1);
        }
    }
}

impl Shared {
    fn named(&self, name: &str) -> String {
        match &self.hash {
            Some(key) => format!("{:016x}", key.hash_one(name)),
            None => name.to_owned(),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Without a sender the thread ends once the queue is empty.
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // It panics only if the user's writer did, and then there is no more to write.
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.progress.status();
        f.debug_struct("Recorder").field("status", &status).finish_non_exhaustive()
    }
}
