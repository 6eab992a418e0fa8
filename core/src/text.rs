//! How durations and rates are written in a policy file and on a command line.

mod decimal;
mod duration;

#[cfg(feature = "serde")]
pub mod serde_duration;

pub(crate) use self::decimal::Decimal;
pub use self::duration::{format_duration, parse_duration};
