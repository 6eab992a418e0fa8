//! What other policies would have made of demand that was recorded in production.
//!
//! A trace (`docs/TRACE.md`) says when calls were wanted and what became of their
//! attempts. [`Recording`] reads it. The demand is replayed as it was: each call arrives
//! when it arrived and costs what it cost. The server cannot be: it would have answered
//! otherwise to other requests. So [`Recording::derive`] makes a model of it from what it
//! said and did, states every [assumption](Assumption) of it, and holds it against the
//! recorded attempts, which tells how far to trust it ([`Fit`]). `docs/REPLAY.md` describes
//! the model.
//!
//! The result is a [`Scenario`](crate::Scenario) like any other, to be compared, tuned and
//! explained, and to be corrected by hand where the user knows better.
//!
//! ```
//! use forbear_sim::replay::{Recording, Wanted};
//!
//! let trace = r#"{"forbear_trace":1,"started_unix_ms":1787227200000}
//! {"call":1,"attempt":1,"arrived_ns":0,"sent_ns":10,"answered_ns":90000000,"cost":{"requests":1},"observation":{"outcome":"success","code":200},"end":"success","ended_ns":90000000}
//! "#;
//! let recording = Recording::read(trace.as_bytes())?;
//! let replay = recording.derive(&Wanted::new("calls"))?;
//! assert_eq!(replay.recorded.calls, 1);
//! assert!(replay.assumptions.iter().any(|assumption| assumption.text().contains("no limit")));
//! # Ok::<(), forbear_sim::replay::ReplayError>(())
//! ```

mod assumption;
mod classify;
mod demand;
mod derive;
mod error;
mod failures;
mod fit;
mod latency;
mod limits;
mod model;
mod recording;
mod refusals;
mod sample;
mod server_file;
mod summary;
mod toml_text;
mod twin;

pub use self::{
    assumption::Assumption,
    derive::{Replay, Wanted},
    error::ReplayError,
    fit::Fit,
    recording::{Recording, Skipped},
    summary::Recorded,
};
