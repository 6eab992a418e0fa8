//! A deterministic simulator of 429 storms.
//!
//! A [`Scenario`] describes clients, the calls that they want to make and a server
//! with limits; a policy is what they call by. The simulator replays the storm with
//! the production [`Engine`](forbear_core::Engine) under a virtual clock, and
//! counts: what the server was sent, what it refused, how long each call took.
//!
//! The same scenario, policy and seed give the same bytes, on every run and in
//! every build: integers decide, every entity draws from a stream of its own, and
//! nothing depends on the order of threads or of a hash map.
//!
//! ```
//! use forbear_sim::{Scenario, Simulation};
//!
//! let scenario = Scenario::named("retry-after-herd")?;
//! for policy in scenario.policies() {
//!     let metrics = Simulation::new(&scenario, policy.policy()).run().result.metrics;
//!     println!("{:12} {:6} sends, {:6} throttled", policy.name(), metrics.sends, metrics.throttled);
//! }
//! # Ok::<(), forbear_sim::ScenarioError>(())
//! ```

pub mod explain;
pub mod replay;
pub mod results;
pub mod sweep;
pub mod truth;
pub mod tune;

mod bound;
mod check;
mod client;
mod compare;
mod fact;
mod fleet;
mod golden;
mod hash;
mod metrics;
mod probe;
mod queue;
mod rng;
mod scenario;
mod scribe;
mod server;
mod simulation;
mod stage;
mod storm;
mod trace;
mod world;

pub use crate::{
    check::{Rule, Violation},
    compare::{Options, Progress, compare},
    golden::golden_hash,
    metrics::{Metric, UnknownMetric},
    queue::EventQueue,
    rng::StreamRng,
    scenario::{Assertion, Broken, NamedPolicy, Scenario, ScenarioError, Shipped},
    simulation::{Run, Simulation},
    stage::{Stage, StagedCall, StagedReply},
    trace::{Finished, Sent},
};
