//! What a start of a batch has come to.

use crate::{BatchError, Complaint, Progress};

/// What a start of a batch has come to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Summary {
    /// The last counts.
    pub progress: Progress,
    /// Jobs that are not done, and are sent by the next start.
    pub left: u64,
    /// Lines of the input that are no job.
    pub malformed: u64,
    /// Jobs that the policy can never admit, at most 1000 of them with the reason. They were
    /// not sent, and are tried again by the next start.
    pub refused: Vec<Complaint>,
    /// Answers that came and could not be recorded; their jobs are sent again by the next
    /// start.
    pub unrecorded: u64,
    /// Why it ended.
    pub end: End,
}

/// Why a start of a batch ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum End {
    /// Everything is done that can be.
    Complete,
    /// It was asked to stop.
    Interrupted,
    /// Going on made no sense, or was impossible.
    Stopped(BatchError),
}

impl Summary {
    /// Whether every line of the input is a job that succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self.end, End::Complete)
            && self.progress.failed == 0
            && self.malformed == 0
            && self.left == 0
    }
}
