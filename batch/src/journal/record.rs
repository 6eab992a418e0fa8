//! The records of a journal.

use forbear_core::Cost;
use serde::{Deserialize, Serialize};

use super::sealed;
use crate::input::InputName;

/// The first line: which batch this is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Header {
    /// The version of the format.
    pub(crate) forbear_batch: u32,
    pub(crate) input: InputName,
    /// What keeps two batches of the same input apart.
    pub(crate) name: String,
}

/// Any other line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// A job is over.
    Done(Done),
    /// So many octets of the results are on the disk, and so is the journal up to here.
    Synced(u64),
    /// The results were cut to this length: of what was recorded before, that which lies
    /// beyond is void.
    Cut(u64),
    /// A job that failed is to be sent again.
    Again(Again),
}

/// A job that is over.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Done {
    /// The line of the input.
    pub(crate) job: u64,
    /// Where its result begins in the file of results.
    pub(crate) at: u64,
    /// How long that is, with the end of its line.
    pub(crate) len: u32,
    /// The checksum of the result.
    pub(crate) sum: String,
    /// Whether it succeeded.
    pub(crate) ok: bool,
    /// How many times it was sent.
    pub(crate) sends: u32,
    /// How long the last attempt took, in milliseconds.
    pub(crate) took_ms: u64,
    /// What it was estimated to cost.
    pub(crate) cost: Cost,
    /// What the server says it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<Cost>,
}

/// A job that failed, and is sent again.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Again {
    /// The line of the input.
    pub(crate) job: u64,
    /// How many times it was sent before.
    pub(crate) sends: u32,
}

impl Header {
    pub(crate) fn line(&self) -> String {
        line(self)
    }
}

impl Record {
    pub(crate) fn line(&self) -> String {
        line(self)
    }
}

impl Done {
    /// Where its result ends.
    pub(crate) fn end(&self) -> u64 {
        self.at.saturating_add(u64::from(self.len))
    }
}

fn line(record: &impl Serialize) -> String {
    // Numbers and text cannot fail to be written.
    sealed::seal(&serde_json::to_string(record).unwrap_or_default())
}
