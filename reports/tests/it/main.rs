//! Integration tests, as one binary.

#![expect(
    clippy::float_arithmetic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "these are tests, also where clippy sees a helper function"
)]

/// A comparison to report on.
mod sample;

/// The page as Chromium shows it; skipped where that is not installed, unless `CI` is set.
mod browser;
/// What readers of light, dark and small pages can tell apart.
mod colours;
/// Comparisons at the edge: one policy, no success, no run, no data, NaN.
mod edges;
/// Storms that end in two ways, and how far from the best a policy is.
mod ends;
/// Every format says the same.
mod formats;
/// The bytes, as a reviewer sees them change.
mod golden;
/// Names and texts from a stranger.
mod hostile;
/// The page: well-formed, self-contained, usable by keyboard and screen reader.
mod page;
/// The charts as PNG files.
#[cfg(feature = "png")]
mod pictures;
/// How a quota was used that clients shared in Redis.
mod redis;
/// Every run as a row: CSV and Parquet; the page of a sweep.
#[cfg(feature = "parquet")]
mod runs;
/// The charts as SVG files.
mod svg;
/// Sweeps, as a grid and as a sample, and their charts.
mod sweeps;
/// Which policy is best.
mod verdict;
