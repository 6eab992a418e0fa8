//! Everything that goes through the public interface.
#![allow(
    missing_docs,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::pedantic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a test may panic, wait and print what it measured"
)]

/// Sends that take too long.
mod attempt_timeout;
/// Clients that block, with the layer around them.
mod blocking;
/// The ready client for threads, over loopback.
mod blocking_client;
/// What is read of bodies, and what is not.
mod body;
/// Responses that others recorded, replayed.
mod captured;
/// The ready client, over loopback.
mod client;
/// tonic and octocrab with the layer below them.
mod clients;
/// The server's clock: `Date`, `Age` and the local one.
mod clock;
/// The published corpus of responses and the variants of its rules, case by case.
mod corpus;
/// What requests cost: estimated, then settled.
mod costs;
/// Limits and remainders: numbers, lists, policies, sentinels.
mod counters;
/// Vendors that a user adds in TOML.
mod dialect_file;
/// Each vendor's way of saying it.
mod dialects;
/// Callers that share requests, and what it came to.
mod drain;
/// One window told by several families of fields.
mod families;
/// No answer brings the next send before its wait.
mod floor;
/// Callers that go away, at each point of a request.
mod going_away;
/// A second request when the answer to the first is late.
mod hedging;
/// Octets that nobody should send.
mod hostile;
/// What HTTP/2 says of a request that was not processed.
#[cfg(all(feature = "http2", feature = "hyper-util"))]
mod http2;
/// How late the machine is.
mod lateness;
/// The layer: what is sent again, what is not, and what comes back.
mod layer;
/// Rates that are learned from real servers, none configured.
mod learning;
/// Layers inside of layers, and what a server is told of an attempt.
mod nesting;
/// Drains through a real server that limits rates.
mod nginx;
/// Metrics and events: their names, labels and values.
mod observe;
/// Any octets as a response; shared with the fuzz target.
mod octets;
/// Servers that speak HTTP in a way that few do.
mod odd_servers;
/// Bodies that the layer reads ahead, and hands on whole.
mod peeked;
/// Presets of providers: their policies, their numbers, their refusals.
mod preset;
/// Records: lines of JSON and the output of `curl -si`.
mod record;
/// Traces as they are written: what is in them, and what a slow disk does.
mod recorder;
/// The grammar of resets, and the sizes that tell their meaning.
mod reset;
/// The grammar of `Retry-After` and of the three forms of a date.
mod retry_after;
/// Vectors from the test-suites of other libraries.
mod retry_vectors;
/// Verdicts of the user's own.
mod rule;
/// Which requests share a state.
mod scopes;
/// Errors of the transport: was the request sent?
mod send_error;
/// Real servers, started on loopback.
mod server;
/// A reading as the engine sees it.
mod signal;
/// `RateLimit` and `RateLimit-Policy` as structured fields.
mod structured;
/// The format of traces, and the errors of one that is broken.
mod trace;
/// Throttled or not, retryable or not, and whose bucket.
mod verdict;
/// Which explicit wait is believed.
mod waits;

mod support;
