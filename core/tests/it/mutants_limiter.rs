/// Those that are forgotten too early.
mod forgetting;
/// Places and charges that are lost, or given twice.
mod holding;
/// A rate, and what can be wrong with one.
mod rate;
/// What counts for too short or too long a time.
mod window;
