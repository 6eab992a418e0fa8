//! Quotas that a fleet shares, leased from Redis.
//!
//! An API limits a key, and the key is used by many processes. Here they take permits
//! from one place, a Redis, in batches ahead of need: a [`SharedQuota`] keeps a lease of
//! permits in this process, and its [`limiter`](SharedQuota::limiter) admits from the
//! lease as any limiter does, without I/O.
//!
//! * The sends of the whole fleet stay within each limit as it is declared, whoever
//!   crashes, stalls or has a wrong clock: a permit that a member holds takes up room
//!   in the quota until it is used, given back, or too old to be used.
//! * A lease follows the demand: one permit where there is one caller, hundreds where
//!   there are thousands, and what is not used goes back.
//! * A wait that the API asks one member for holds all members back.
//! * Without Redis a member does what [`WithoutRedis`] says, and tells the observer.
//!
//! [`open`] connects to a Redis Cluster or to the primary that sentinels name, [`model`] has
//! both sides as state machines, for a simulator.
//!
//! `docs/FLEET.md` states what is guaranteed, with numbers, and what each failure costs.
//!
//! ```no_run
//! use forbear_core::{Dimension, Policy};
//! use forbear_redis::{SharedLimit, SharedQuota};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let quota = SharedQuota::builder("openai")
//!     .limit(SharedLimit::rate("500/min".parse()?).with_burst(20)?)
//!     .limit(SharedLimit::rate("90000/min".parse()?).counting(Dimension::Tokens))
//!     .connect("redis://127.0.0.1/")
//!     .await?;
//! let policy = Policy::builder().limit(quota.limiter()).build()?;
//! # let _ = policy;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

/// The example of the guide, which is a test.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../../docs/FLEET.md")]
mod fleet {}

mod event;
mod ledger;
mod limit;
mod message;
pub mod model;
mod share;
mod without_redis;

#[cfg(feature = "client")]
mod builder;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod feeder;
#[cfg(feature = "client")]
mod keys;
#[cfg(feature = "client")]
mod limiter;
#[cfg(feature = "client")]
pub mod open;
#[cfg(feature = "client")]
mod quota;
#[cfg(feature = "client")]
mod script;
#[cfg(feature = "client")]
mod store;

#[cfg(feature = "serde")]
mod limit_spec;
#[cfg(all(feature = "client", feature = "serde"))]
mod spec;

#[cfg(feature = "serde")]
pub use crate::limit_spec::SharedLimitSpec;
#[cfg(all(feature = "client", feature = "serde"))]
pub use crate::spec::SharedQuotaSpec;
#[cfg(feature = "client")]
pub use crate::{
    builder::SharedQuotaBuilder, error::ConnectError, limiter::SharedLimiter, quota::SharedQuota,
};
pub use crate::{
    event::{Event, Mode, Status},
    limit::SharedLimit,
    without_redis::WithoutRedis,
};

/// What the crate's own tests need of its inside: the script under a clock of theirs, and
/// ledgers without a task.
#[cfg(feature = "client")]
#[doc(hidden)]
pub mod testing {
    pub use crate::keys::Keys;
    pub use crate::ledger::{Ledger, Plan, Reservation, Settings};
    pub use crate::limiter::Pool;
    pub use crate::message::{Reply, Request};
    pub use crate::script::with_clock;
}
