//! Fields in which one value carries a whole window or several.
//!
//! Each function reads one value into the sheet and says whether anything in it was
//! usable. What cannot be read is skipped: its neighbours count.

pub(crate) mod paired;
pub(crate) mod ratio;
pub(crate) mod sentry;
pub(crate) mod tagged;
pub(crate) mod usage;
