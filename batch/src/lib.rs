//! Files of requests, sent through policies.
//!
//! A [`Batch`] reads requests from a file of JSON lines, sends them as a policy says, and
//! writes what came of each to another. A journal beside the results makes it safe to kill:
//! the same batch, run again, goes on where it was.
//!
//! * **When** a request goes is decided by the queue and the limiters of `forbear-core`: a
//!   scope for each host, lanes by priority, fair shares for tenants, costs in several
//!   dimensions, a 429 that holds back its whole scope.
//! * **What is done** is what the journal says. It is written after the result is, so a job
//!   that it has is there exactly once; a job that it has not may have been sent, and is sent
//!   again with the same `Idempotency-Key`.
//! * **How long it takes** is said beforehand by [`Batch::forecast`], with the same queue and
//!   the same limiters under a virtual clock.
//!
//! The formats of the files are described in `docs/BATCH.md` of the repository.

mod batch;
mod error;
mod forecast;
mod input;
mod journal;
mod key;
mod line_set;
mod monitor;
mod price;
mod queueing;
mod ready;
mod results;
mod run;
mod secret;
mod send;
mod summary;
mod writer;

pub use crate::{
    batch::Batch,
    error::{BatchError, ErrorKind},
    forecast::{Assumptions, Forecast},
    input::{Complaint, LineForm, Scan},
    monitor::Progress,
    price::{Money, Price},
    ready::{Ready, Watch},
    secret::SecretHeader,
    summary::{End, Summary},
};
