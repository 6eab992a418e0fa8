//! The policy file, as data.
//!
//! [`PolicySpec`] is what a TOML (or JSON) file deserializes to; building it
//! gives a [`Policy`](crate::Policy). A policy deserializes through it too:
//!
//! ```
//! use forbear_core::Policy;
//!
//! let policy: Policy = toml::from_str(r#"
//!     [retry]
//!     max_attempts = 6
//!     backoff      = { kind = "exponential", base = "500ms", max = "60s", jitter = "full" }
//!
//!     [[limit]]
//!     kind  = "gcra"
//!     rate  = "500/min"
//!     burst = 20
//! "#)?;
//! # let _ = policy;
//! # Ok::<(), toml::de::Error>(())
//! ```

mod backoff;
mod budget;
mod hedge;
mod jitter;
mod limit;
mod policy;
mod queue;
mod retry;
mod synonyms;

#[cfg(feature = "schema")]
mod schema;

pub use self::{
    backoff::{BackoffSpec, Cut, StepSpec},
    budget::BudgetSpec,
    hedge::HedgeSpec,
    jitter::{JitterSpec, Sides},
    limit::{LimitSpec, WindowStart},
    policy::PolicySpec,
    queue::{Fairness, LanesSpec, QueueSpec},
    retry::{Bound, DurationText, HintSpec, RetrySpec},
};
