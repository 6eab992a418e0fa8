//! Integration tests, as one binary.
