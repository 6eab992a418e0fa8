//! The thread that writes results and the journal.
//!
//! In this order: the result, then the record that it is there. A process that is killed in
//! between has a result that nobody knows of, which the next start cuts off, and a job that
//! is sent again: that is the window in which a job is sent more than once, besides the time
//! between a request and its answer. Whatever has come meanwhile is written together, so
//! that a slow disk writes less often and not later.

use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::journal::{Done, Journal, Record, checksum};
use crate::results::{Finished, Sink, Store};
use crate::{BatchError, ErrorKind};

/// As many results may wait to be written.
const WAITING: usize = 256;

/// As many are written together.
const TOGETHER: usize = 256;

/// What the thread is told.
#[derive(Debug)]
pub(crate) enum Message {
    Finished(Finished),
    /// Wait until the disk has what was written.
    Sync,
}

/// Writes what came of jobs.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) journal: Journal,
    pub(crate) store: Store,
    pub(crate) sink: Option<Sink>,
}

/// A writer at work.
#[derive(Debug)]
pub(crate) struct Writing {
    pub(crate) sender: Sender<Message>,
    thread: JoinHandle<Result<(), BatchError>>,
}

impl Writer {
    pub(crate) fn start(self) -> Result<Writing, BatchError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let thread = thread::Builder::new().name("forbear-batch-writer".into());
        let thread = thread.spawn(move || self.run(receiver)).map_err(|error| {
            BatchError::new(ErrorKind::Write, format!("no thread can be started: {error}"))
        })?;
        Ok(Writing { sender, thread })
    }

    fn run(mut self, mut receiver: Receiver<Message>) -> Result<(), BatchError> {
        let mut together = Vec::new();
        let mut synced = self.store.len();
        while let Some(first) = receiver.blocking_recv() {
            let (mut next, mut is_sync) = (Some(first), false);
            while let Some(message) = next {
                match message {
                    Message::Finished(finished) => together.push(finished),
                    Message::Sync => is_sync = true,
                }
                next = if together.len() < TOGETHER { receiver.try_recv().ok() } else { None };
            }
            self.write(&together)?;
            together.clear();
            if is_sync && self.store.len() > synced {
                synced = self.sync()?;
            }
        }
        if self.store.len() > synced {
            self.sync()?;
        }
        if let Some(sink) = &mut self.sink {
            sink.flush().map_err(|error| copied(&error))?;
        }
        Ok(())
    }

    fn write(&mut self, finished: &[Finished]) -> Result<(), BatchError> {
        if finished.is_empty() {
            return Ok(());
        }
        let Self { journal, store, sink } = self;
        let (mut results, mut records) = (Vec::new(), String::new());
        let mut places = Vec::with_capacity(finished.len());
        for one in finished {
            let at = store.len() + results.len() as u64;
            let len = u32::try_from(one.result.len()).unwrap_or(u32::MAX);
            results.extend_from_slice(&one.result);
            places.push((one.line, (at, len)));
            let record = Record::Done(Done {
                job: one.line,
                at,
                len,
                sum: checksum(&one.result),
                ok: one.ok,
                sends: one.sends,
                took_ms: one.took_ms,
                cost: one.cost,
                usage: one.usage,
            });
            records.push_str(&record.line());
        }
        store.append(&results).map_err(|error| unwritten(store.path(), &error))?;
        append(journal, records.as_bytes())?;
        if let Some(sink) = sink {
            for (line, place) in places {
                sink.put(store, line, place).map_err(|error| copied(&error))?;
            }
            sink.flush().map_err(|error| copied(&error))?;
        }
        Ok(())
    }

    /// The results first: the journal says nothing of what the disk does not have.
    fn sync(&mut self) -> Result<u64, BatchError> {
        let Self { journal, store, .. } = self;
        store.sync().map_err(|error| unwritten(store.path(), &error))?;
        append(journal, Record::Synced(store.len()).line().as_bytes())?;
        journal.sync().map_err(|error| unwritten(journal.path(), &error))?;
        Ok(store.len())
    }
}

/// Appends to the journal; what was written of a line for which there is no room is cut off.
fn append(journal: &mut Journal, lines: &[u8]) -> Result<(), BatchError> {
    let appended = journal.len().and_then(|len| {
        journal.append(lines).inspect_err(|_| {
            // The first error is the one to tell; a start cuts it off too.
            let _ = journal.truncate(len);
        })
    });
    appended.map_err(|error| unwritten(journal.path(), &error))
}

fn unwritten(path: &std::path::Path, error: &std::io::Error) -> BatchError {
    BatchError::io(ErrorKind::Write, path, "cannot be written", error)
}

fn copied(error: &std::io::Error) -> BatchError {
    BatchError::new(ErrorKind::Write, format!("the output cannot be written: {error}"))
}

impl Writing {
    /// Waits until all is written.
    pub(crate) fn end(self) -> Result<(), BatchError> {
        let Self { sender, thread } = self;
        drop(sender);
        thread.join().unwrap_or_else(|_| {
            Err(BatchError::new(ErrorKind::Write, "the thread that writes results has panicked"))
        })
    }
}
