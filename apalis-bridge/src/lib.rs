//! Paces the workers of [apalis](https://docs.rs/apalis/1) by a forbear
//! [`Policy`](forbear_core::Policy).
//!
//! apalis keeps jobs in a database and runs them; forbear decides when one may be sent and
//! what an answer means. Two parts join them:
//!
//! * [`Paced`] wraps any backend of apalis. It asks the policy's limiters before it asks
//!   the backend, so a task is claimed only when it may be sent at once, and the others
//!   stay in the database for whichever worker of the fleet is free.
//! * [`PaceLayer`] judges what came of a task by the same policy. A retry is handed back
//!   to the database with the time at which it may run, so that no slot of the worker
//!   sleeps; a task that is not to be tried again is killed.
//!
//! `SQLite` takes what is handed back by its pool, with the feature `sqlite` (Rust 1.94), and
//! Redis by `RedisTasks`, with the feature `redis` (Rust 1.89); both are tested with real
//! databases. Any other database of apalis needs a few lines, see [`HandBack`].
//!
//! A server's `Retry-After` that one task ran into holds back all tasks of the worker, and
//! of everything else that shares the policy.
//!
//! ```text
//!   database <--claim-- Paced <--permit-- Policy (limiters, cooldown, budget)
//!      ^                  |                  ^
//!      | run_at           v                  | what was seen
//!      +------------- PaceLayer <--- the task's own function
//! ```
//!
//! # Examples
//!
//! `examples/offline.rs` runs a worker on `SQLite` in memory, and `examples/fleet.rs` two on
//! Redis; in short:
//!
#![cfg_attr(feature = "sqlite", doc = "```no_run")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use apalis::prelude::*;
//! use apalis_sqlite::{Config, SqlitePool, SqliteStorage};
//! use forbear_apalis::{PaceLayer, Paced, Permit};
//! use forbear_core::{Observation, Policy};
//!
//! async fn send(request: String, permit: Permit) -> Result<(), BoxDynError> {
//!     // Send it, and say what came back.
//!     permit.saw(Observation::SUCCESS);
//!     Ok(())
//! }
//!
//! # async fn run() -> Result<(), BoxDynError> {
//! let policy = Policy::recommended();
//! let pool = SqlitePool::connect("sqlite:jobs.db").await?;
//! SqliteStorage::setup(&pool).await?;
//! // One at a time, or the rest of a batch would be claimed and wait.
//! let config = Config::default().queue("requests").batch_size(1);
//! let storage = SqliteStorage::<String>::new(&pool).with_config(config);
//! let worker = WorkerBuilder::new("worker-1")
//!     .backend(Paced::new(storage, &policy))
//!     .layer(PaceLayer::new(pool))
//!     .build(send);
//! worker.run().await?;
//! # Ok(())
//! # }
//! ```

mod hand_back;
mod layer;
mod paced;
mod permit;
mod wrapping;

#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "redis")]
pub use crate::redis::{RedisTasks, Rescheduling};

pub use crate::{
    hand_back::HandBack,
    layer::{PaceLayer, PaceService},
    paced::Paced,
    permit::Permit,
};
