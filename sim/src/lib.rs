//! A deterministic simulator of 429 storms.

pub mod results;
