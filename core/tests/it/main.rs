//! Integration tests, as one binary.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::pedantic,
    clippy::result_large_err,
    clippy::unwrap_used,
    reason = "a test may panic, and reads the clock that it paused itself"
)]

/// Calls that succeed when they are first polled, and what must not take their way.
mod at_once;
/// Atomic rates against the exact one, and under threads.
mod atomic;
/// Limiters with news from elsewhere, and who waits for them.
mod attached;
/// Attempts that take too long.
mod attempt_timeout;
/// Every strategy as a policy file writes it.
mod backoff_file;
/// Operations that borrow, errors in boxes, closures: what calls are written with.
mod borrowing;
/// Budgets, and what is given back to them.
mod budgets;
/// A call that goes away, at every point where it can.
mod cancelling;
/// Every number at its edges: what is refused, and that the rest saturates.
mod edges;
/// Decisions of the engine, step by step.
mod engine;
/// Sends beside an outstanding one: what forbids them, and who pays.
mod hedging;
/// Every order in which calls that share a policy can take their steps.
mod interleavings;
/// The laws of delays, on every strategy.
mod laws_backoff;
/// The laws of stop conditions and of signals, and faults that they find.
mod laws_stop;
/// What each limiter promises beyond the laws: its steady state, its edges.
mod limiter;
/// The laws of `Limiter`, on every limiter.
mod limiter_laws;
/// Calls that wait in line, in tasks and in threads.
mod line;
/// Faults planted in strategies, each found by a law.
mod mutants_backoff;
/// The laws of budgets, and faults that they find.
mod mutants_budget;
/// Limiters with a planted fault, each of which a law finds.
mod mutants_limiter;
/// What is told of a call: history, observers, statistics; and its own options.
mod observing;
/// Permits of a policy's limiters, for who sends once.
mod permits;
/// The policy file: what it says and what it refuses.
mod policy_file;
/// Predicates over results, and calls that go by them.
mod predicates;
/// Queues of jobs: order, shares, pace, and a model.
mod queue;
/// Vectors from the test-suites of other libraries.
mod retry_vectors;
/// What a call and a future take up.
mod size;
/// Stores of jobs: their laws, faults that these find, and claiming within a limiter.
mod store;
/// What tests share.
mod support;
