//! Rate-limit and retry policies as pure state machines.
//!
//! Nothing in this crate reads a clock, sleeps, spawns, logs or draws
//! randomness on its own, except in a *driver*. Time comes in as a
//! [`Timestamp`], randomness as an [`Entropy`], what the server said as a
//! [`RateSignal`]; what to do next goes out as an [`Action`]. The drivers in
//! [`driver`] turn actions into waits and sends, blocking or on Tokio; a
//! simulator is one more driver.
//!
//! | question | trait | families |
//! | --- | --- | --- |
//! | may this request go now? | [`Limiter`] | [`limiter`] |
//! | how long before a retry? | [`BackoffStrategy`] | [`backoff`] |
//! | is it time to give up? | [`StopCondition`] | [`stop`] |
//! | are retries too large a share? | [`Budget`](budget::Budget) | [`budget`] |
//! | is this result worth a retry? | [`Predicate`](predicate::Predicate) | [`predicate`] |
//! | what did the server say? | [`RateSignal`] | [`Observation`] |
//!
//! A [`Policy`] puts them together:
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use std::io;
//!
//! use forbear_core::Policy;
//!
//! let policy = Policy::recommended();
//! let answer = policy.retry(|| Ok::<_, io::Error>("answer")).blocking();
//! assert_eq!(answer.unwrap(), "answer");
//! # }
//! ```

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(target_has_atomic = "64")]
pub mod atomic;
pub mod backoff;
pub mod budget;
pub mod limiter;
pub mod predicate;
pub mod queue;
pub mod stop;
pub mod store;
pub mod text;

#[cfg(feature = "std")]
pub mod driver;
#[cfg(feature = "serde")]
pub mod spec;
#[cfg(feature = "testkit")]
pub mod testkit;

/// The examples of the guide, which are tests.
#[cfg(all(doctest, feature = "testkit"))]
#[doc = include_str!("../../docs/CUSTOM.md")]
mod custom {}

/// The example of the page about `learned`, which is a test.
#[cfg(doctest)]
#[doc = include_str!("../../docs/LEARNED.md")]
mod learned_page {}

mod cost;
mod decision;
mod engine;
mod entropy;
mod hedging;
mod invalid_config;
mod policy;
mod rate;
mod signal;
mod time;

pub use crate::{
    backoff::{BackoffStrategy, Retry},
    budget::RetryBudget,
    cost::{Cost, Dimension},
    decision::{Decision, Refusal},
    engine::{
        Action, Beyond, Call, Engine, GiveUp, HasRetryRules, Hedge, HintRule, Progress, RetryRules,
        WaitReason,
    },
    entropy::{Entropy, SplitMix64},
    hedging::Hedging,
    invalid_config::InvalidConfig,
    limiter::{Completion, Limiter},
    policy::{BorrowedEngine, Policy, PolicyBuilder},
    rate::Rate,
    signal::{Observation, Outcome, Quantity, Quota, Quotas, RateSignal, Scope, Throttle},
    stop::{StopCondition, StopReason},
    time::{Clock, Timestamp},
};
