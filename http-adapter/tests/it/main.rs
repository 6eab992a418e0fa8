//! Everything that goes through the public interface.

/// The published corpus of responses, case by case.
mod corpus;
