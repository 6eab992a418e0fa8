//! What is measured.
//!
//! A run counts in integers ([`Tally`], [`Timeline`]); floats appear only when a
//! run is over and its numbers are reported.

mod metric;
mod summary;
mod tally;
mod tenants;
mod timeline;

pub use self::metric::{Metric, UnknownMetric};
pub(crate) use self::{
    summary::{completion_curve, fairness, metrics, per_second, seconds},
    tally::Tally,
    tenants::Tenants,
    timeline::Timeline,
};
