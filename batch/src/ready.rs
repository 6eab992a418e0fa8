//! A batch whose files are open.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use crate::input::Scan;
use crate::journal::{self, Done};
use crate::line_set::LineSet;
use crate::monitor::Monitor;
use crate::results::{self, Sink};
use crate::run::Run;
use crate::send::Sender;
use crate::writer::Writer;
use crate::{Batch, BatchError, ErrorKind, Progress, Summary};

/// A batch whose files are open, and which nobody else can run meanwhile.
#[derive(Debug)]
#[must_use = "call `run`"]
pub struct Ready {
    batch: Batch,
    scan: Scan,
    file: File,
    sender: Sender,
    writer: Writer,
    /// Lines that are to be sent.
    to_do: LineSet,
    /// Jobs that succeeded and that failed before.
    before: [u64; 2],
    /// How many times jobs were sent that failed and are sent again.
    sent_before: BTreeMap<u64, u32>,
    retried: u64,
    lost: u64,
    torn: u64,
    monitor: Arc<Monitor>,
}

/// Looks on while a batch runs.
#[derive(Clone, Debug)]
pub struct Watch(Arc<Monitor>);

impl Watch {
    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.0.progress()
    }
}

impl Ready {
    pub(crate) fn open(batch: &Batch, scan: Scan) -> Result<Self, BatchError> {
        let unreadable =
            |error: &std::io::Error| BatchError::io(ErrorKind::Input, &batch.input, "", error);
        let unwritten = |error: &std::io::Error| {
            BatchError::io(ErrorKind::Write, &batch.out, "cannot be written", error)
        };
        let file = File::open(&batch.input).map_err(|error| unreadable(&error))?;
        let journal_path = batch.journal();
        refuse_same_file(batch, &journal_path)?;
        let sender = Sender::new(batch, &scan)?;
        let header = batch.journal_header(&scan);
        let mut opened = journal::open(&journal_path, &header)?;
        let kept_in = results::kept_in(&batch.out, batch.is_ordered, &journal_path);
        let (mut store, lost) = results::open(&kept_in, &mut opened)?;
        let failed_before = opened.done.iter().filter(|done| !done.ok).count() as u64;
        if batch.retries_failed {
            (store, opened) = results::take_out_failed(store, opened, &header)?;
        }
        let retried = if batch.retries_failed { failed_before } else { 0 };
        let (mut to_do, mut before) = (scan.job_lines.clone(), [0, 0]);
        for done in &opened.done {
            to_do.remove(done.job);
            before[usize::from(!done.ok)] += 1;
        }
        let sink = if kept_in == batch.out {
            None
        } else {
            let mut sink = sink(batch, &scan, opened.is_new)?;
            for Done { job, at, len, .. } in &opened.done {
                sink.put(&mut store, *job, (*at, *len)).map_err(|error| unwritten(&error))?;
            }
            sink.flush().map_err(|error| unwritten(&error))?;
            Some(sink)
        };
        let [ok, failed] = before;
        let monitor = Arc::new(Monitor::new(scan.jobs, ok + failed, failed));
        let torn = opened.torn;
        let sent_before = opened.sent_before;
        let writer = Writer { journal: opened.journal, store, sink };
        let batch = batch.clone();
        Ok(Self {
            batch,
            scan,
            file,
            sender,
            writer,
            to_do,
            before,
            sent_before,
            retried,
            lost,
            torn,
            monitor,
        })
    }

    /// Jobs that are left to do.
    #[must_use]
    pub fn left(&self) -> u64 {
        let [ok, failed] = self.before;
        self.scan.jobs.saturating_sub(ok + failed)
    }

    /// Jobs that an earlier start recorded as failed, and that are sent again: see
    /// [`Batch::retry_failed`].
    #[must_use]
    pub const fn retried(&self) -> u64 {
        self.retried
    }

    /// Results that were lost with the power, before the disk had them; their jobs are sent
    /// again.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Octets at the end of the journal that were cut off: half of a line, as a process
    /// leaves it that is killed while it writes.
    #[must_use]
    pub const fn torn(&self) -> u64 {
        self.torn
    }

    /// Looks on while it runs.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.monitor))
    }

    /// Sends what is left to do, and waits until it is done, or until `stop` is ready: then
    /// nothing more is sent, and what is in flight is waited for.
    ///
    /// # Panics
    ///
    /// Outside of a runtime of Tokio's with its timer and its I/O.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Summary {
        let left = self.left();
        let Self { batch, scan, file, sender, writer, to_do, sent_before, monitor, .. } = self;
        let run = Run { batch, scan, file, sender, to_do, sent_before, monitor, left };
        run.until_done(writer, stop).await
    }
}

/// Refuses files of which one would overwrite the other.
fn refuse_same_file(batch: &Batch, journal: &Path) -> Result<(), BatchError> {
    let place = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let [input, out, journal] = [&batch.input, &batch.out, journal].map(place);
    let twice = if out == input {
        "the results"
    } else if journal == input || journal == out {
        "the journal"
    } else {
        return Ok(());
    };
    let message = format!("is to be {twice} too, must be a file of its own");
    let path = if journal == out { &batch.out } else { &batch.input };
    Err(BatchError::settings(message).in_file(path))
}

/// Opens what results are copied to, from its beginning.
fn sink(batch: &Batch, scan: &Scan, is_new: bool) -> Result<Sink, BatchError> {
    let has_content =
        fs::metadata(&batch.out).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0);
    if is_new && has_content {
        return Err(results::not_of_this_batch(&batch.out, &batch.journal()));
    }
    let out = results::copied_to(&batch.out)?;
    Ok(if batch.is_ordered {
        Sink::in_order(out, scan.lines, scan.job_lines.clone())
    } else {
        Sink::as_they_come(out)
    })
}
