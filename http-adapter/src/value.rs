//! The values that rate-limit fields carry: numbers, durations, dates, lists.
//!
//! Every parser here takes octets, allocates nothing, and answers `None` for what the
//! grammar does not allow. None of them knows which field it reads.

pub(crate) mod civil;
pub(crate) mod counter;
pub(crate) mod decimal;
pub(crate) mod duration;
pub(crate) mod http_date;
pub(crate) mod reset;
pub(crate) mod retry_after;
pub(crate) mod rfc3339;
pub(crate) mod text;
