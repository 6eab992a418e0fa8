//! HTTP responses as rate signals, and a tower layer that obeys a policy.
//!
//! The half that reads: status, header fields, perhaps a body, and the wall clock at
//! receipt become a [`Reading`]: was the request held back, why, for how long, and which
//! windows does the server report. It does no I/O and reads no clock, and no octets make
//! it panic.
//!
//! The half that sends: [`ForbearLayer`] puts a [`Policy`](forbear_core::Policy) in front
//! of a client.
//!
//! # Where to start
//!
//! * To call an API: `Client` over reqwest, `blocking::Client` for threads, or
//!   [`ForbearLayer`] over any tower service. `docs/CLIENTS.md` has tonic, octocrab,
//!   async-openai and libraries that let nobody below their client.
//! * For an API that many know: [`Preset`], with its limits and its way to say things.
//! * To understand a response: [`Reader`]. For an API that it does not know: [`Dialect`], in
//!   Rust or in TOML, and [`Rule`].
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | adds |
//! | --- | --- |
//! | `reqwest` | `Client`; the layer over reqwest's requests and responses |
//! | `reqwest-middleware` | the layer as a middleware of `reqwest_middleware` |
//! | `ureq` | `blocking::Client` |
//! | `hyper-util` | errors of hyper-util's client are told apart: was there a connection? |
//! | `http2` | what a server of HTTP/2 did not process is told from a broken connection |
//! | `toml` | dialects from a file; the policies of presets |
//! | `record` | attempts written down for replay, and the reader of such lines |
//! | `metrics`, `tracing` | what calls did |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod amount;
mod body;
#[cfg(any(feature = "metrics", feature = "record"))]
mod call_end;
#[cfg(feature = "reqwest")]
mod client;
mod clock;
mod dialect;
mod failure;
mod gather;
mod grpc;
mod head;
mod layer;
mod list;
mod merge;
mod preset;
mod reader;
mod reading;
mod record;
mod rule;
mod scope;
mod shape;
mod sheet;
mod signal;
mod structured;
mod tokens;
mod value;
mod verdict;
mod wait;
mod wall_clock;

#[cfg(feature = "ureq")]
pub mod blocking;
#[cfg(any(feature = "metrics", feature = "tracing"))]
pub mod observe;
#[cfg(feature = "record")]
pub mod trace;

#[cfg(feature = "reqwest")]
pub use crate::client::{Client, RequestBuilder};
#[cfg(feature = "toml")]
pub use crate::dialect::file::DialectError;
pub use crate::{
    amount::Amount,
    dialect::known::{KnownField, known_fields},
    dialect::{CounterRole, Dialect},
    head::{Fields, Head},
    layer::{
        Error, Forbear, ForbearFuture, ForbearLayer, HttpRequest, HttpResponse, Peeked,
        PeekedResponse, ReplayBody, ReplayError, ReplayableBody, SendError, SendOnce,
        is_idempotent, was_not_done,
    },
    preset::{Figure, Preset, UnknownPreset},
    reader::Reader,
    reading::{LimitReading, Reading},
    record::{Record, RecordError},
    rule::Rule,
    tokens::estimated_token_cost,
    value::reset::ResetForm,
};

/// The examples of the README, compiled and run.
#[cfg(all(doctest, feature = "reqwest"))]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The examples of the guide to clients, compiled.
#[cfg(all(doctest, feature = "reqwest-middleware", feature = "ureq"))]
#[doc = include_str!("../../docs/CLIENTS.md")]
struct Clients;
