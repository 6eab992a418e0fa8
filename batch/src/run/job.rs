//! A job that is queued: its place in the input.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use forbear_core::driver::Verdict;
use forbear_core::{GiveUp, Observation};
use forbear_http::trace::RecordedCall;

use super::Shared;
use crate::input::{JobLine, RawLine};
use crate::{BatchError, ErrorKind};

/// A job that is queued: its place in the input, and its record if there is a recorder.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) line: u64,
    pub(super) offset: u64,
    pub(super) len: usize,
    pub(super) record: Record,
}

/// The record of a call, if there is a recorder.
#[derive(Clone, Debug, Default)]
pub(super) struct Record(Option<Arc<Mutex<RecordedCall>>>);

impl Record {
    pub(super) fn new(call: Option<RecordedCall>) -> Self {
        Self(call.map(|call| Arc::new(Mutex::new(call))))
    }

    pub(super) fn sent(&self) {
        if let Some(mut call) = self.call() {
            call.sent();
        }
    }

    pub(super) fn answered(&self, seen: &Observation, verdict: Verdict) {
        if let Some(mut call) = self.call() {
            call.answered(seen, verdict);
        }
    }

    pub(super) fn ended(&self, why: GiveUp) {
        if let Some(mut call) = self.call() {
            call.ended(why);
        }
    }

    fn call(&self) -> Option<MutexGuard<'_, RecordedCall>> {
        Some(self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shared {
    /// Reads a job where the input has it.
    pub(super) fn read(&self, job: &Job) -> Result<JobLine, BatchError> {
        let text = self
            .text(job)
            .map_err(|error| BatchError::io(ErrorKind::Input, &self.batch.input, "", &error))?;
        let line = RawLine { number: job.line, offset: job.offset, text: Some(&text) };
        JobLine::parse(line, &self.batch.expected).map_err(|complaint| {
            let message = format!("has changed while it was read: {}", complaint.message);
            BatchError::new(ErrorKind::Input, message).at_line(&self.batch.input, job.line)
        })
    }

    fn text(&self, job: &Job) -> io::Result<Vec<u8>> {
        let mut text = vec![0; job.len];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(job.offset))?;
        file.read_exact(&mut text)?;
        Ok(text)
    }
}
