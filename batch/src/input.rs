//! The file of requests: what is in it, before anything is sent.
//!
//! The file is read twice. The first reading names it by a hash, counts its jobs, and finds
//! what is wrong with it, so that a malformed line is told before money is spent. The
//! second hands jobs to the queue as there is room. A body is in memory only while it is
//! read, and again while it is sent; of a job that waits, its place in the file is kept.

mod complaint;
mod job_line;
mod lines;
mod scan;

pub use self::{complaint::Complaint, scan::Scan};
pub(crate) use self::{
    job_line::{Expectations, JobBody, JobLine, JobName, Target, field_name, method_named},
    lines::{Lines, RawLine},
    scan::{InputName, hex, scan},
};

/// Which member of a line of the input is the request's body.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a line is a request or its body")]
pub enum LineForm {
    /// A line describes a request.
    #[default]
    Request,
    /// A line is the body of a request, and all are sent to the same address.
    Body,
}

/// The longest line, in octets: what a request with images may have, and a bound on memory.
pub(crate) const LONGEST_LINE: usize = 64 << 20;
