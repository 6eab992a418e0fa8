//! The thread that writes.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use super::RecorderStatus;
use crate::trace::TraceEntry;
use crate::trace::reader::Lost;

/// About how much is written at once, if there is that much.
const BATCH: usize = 64 * 1024;

/// What the thread tells of itself.
#[derive(Debug, Default)]
pub(super) struct Progress {
    written: AtomicU64,
    lost: AtomicU64,
    error: OnceLock<io::Error>,
}

impl Progress {
    pub(super) fn lose(&self, entries: u64) {
        self.lost.fetch_add(entries, Ordering::Relaxed);
    }

    pub(super) fn status(&self) -> RecorderStatus<'_> {
        RecorderStatus {
            written: self.written.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            error: self.error.get(),
        }
    }
}

/// Writes `entries` to `sink` until there is nobody left who sends any.
pub(super) fn write(
    mut sink: impl Write,
    entries: &Receiver<Box<TraceEntry>>,
    progress: &Progress,
) {
    let (mut batch, mut lost_before) = (Vec::new(), 0);
    while let Ok(first) = entries.recv() {
        let (mut next, mut count) = (Some(first), 0);
        while let Some(entry) = next {
            count += 1;
            push_line(&mut batch, &entry);
            // Short of more, or full: time to write.
            next = if batch.len() < BATCH { entries.try_recv().ok() } else { None };
        }
        let lost = progress.lost.load(Ordering::Relaxed);
        if lost > lost_before {
            push_line(&mut batch, &Lost { lost: lost - lost_before });
            lost_before = lost;
        }
        write_batch(&mut sink, &batch, count, progress);
        batch.clear();
    }
    let lost = progress.lost.load(Ordering::Relaxed);
    if lost > lost_before {
        push_line(&mut batch, &Lost { lost: lost - lost_before });
        write_batch(&mut sink, &batch, 0, progress);
    }
}

fn push_line(batch: &mut Vec<u8>, line: &impl serde::Serialize) {
    // Neither a buffer in memory nor an entry's own types can fail to be written.
    let _ = serde_json::to_writer(&mut *batch, line);
    batch.push(b'\n');
}

/// Writes nothing after an error: what follows half a line could not be read.
fn write_batch(sink: &mut impl Write, batch: &[u8], entries: u64, progress: &Progress) {
    if progress.error.get().is_none() {
        match sink.write_all(batch).and_then(|()| sink.flush()) {
            Ok(()) => {
                progress.written.fetch_add(entries, Ordering::Relaxed);
                return;
            }
            // Set by this thread alone, and once.
            Err(error) => drop(progress.error.set(error)),
        }
    }
    progress.lose(entries);
}
