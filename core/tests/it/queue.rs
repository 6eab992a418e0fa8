/// Workers and callers that share a queue, in tasks and in threads.
mod driver;
/// The bound on what tenants get, and shares by weight.
mod fairness;
/// A random life against a naive account of what may happen.
mod model;
/// Order, places, overflow, pauses and reports, case by case.
mod order;
/// The rate that is reached where timers are late.
mod pacing;
