//! What calls did, attempt by attempt, as lines of JSON: written in production, read
//! by whatever replays them.
//!
//! A trace says when each request arrived, when its attempts were sent and answered, and
//! what the answers meant to a policy: enough to ask what another policy would have done.
//! It holds no address, no header field and no body, since an [`Observation`] has no room
//! for them; the names of scopes are hashed unless asked for. The format is described in
//! `docs/TRACE.md` of the repository.
//!
//! [`Observation`]: forbear_core::Observation
//!
//! # Examples
//!
//! ```
//! use forbear_core::Outcome;
//! use forbear_http::trace::TraceReader;
//!
//! let text = r#"{"forbear_trace":1,"started_unix_ms":1787227200000}
//! {"call":1,"attempt":1,"arrived_ns":0,"sent_ns":10,"answered_ns":90,"cost":{"requests":1},"observation":{"outcome":"success","code":200},"end":"success","ended_ns":90}
//! "#;
//! let trace = TraceReader::new(text.as_bytes())?;
//! for entry in trace {
//!     let attempt = entry?.attempt.expect("the only line is an attempt");
//!     assert_eq!(attempt.observation.outcome, Outcome::Success);
//! }
//! # Ok::<(), forbear_http::trace::TraceError>(())
//! ```

mod call;
mod entry;
mod error;
mod line;
mod reader;
mod recorder;
mod write;

pub use self::{
    call::RecordedCall,
    entry::{TraceAttempt, TraceEnd, TraceEntry},
    error::TraceError,
    reader::TraceReader,
    recorder::{Recorder, RecorderBuilder, RecorderStatus},
    write::write_trace,
};

pub use crate::call_end::CallEnd;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u32 = 1;
